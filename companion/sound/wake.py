"""Waits for a wake word, with the small models of pymicro-wakeword.

Nothing but the word is understood here, and nothing is kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.errors import ConfigError, DeviceError, install

if TYPE_CHECKING:
    from companion.values import Samples

_FULL_SCALE = 32767


class Wake:
    """One wake word.

    Args:
        word: "okay_nabu", "hey_jarvis", "hey_mycroft", "alexa", or the path of a JSON file.

    Raises:
        DeviceError: The package is not installed.
        ConfigError: There is no such word, or its model cannot be used.

    Attributes:
        phrase: What to say.
    """

    def __init__(self, word: str) -> None:
        try:
            import pymicro_wakeword
        except ImportError as error:
            raise DeviceError(
                "The wake word needs pymicro-wakeword, and it is not installed.",
                f'Install it: {install("pymicro-wakeword")}   (or set [free] begin = "voice").',
            ) from error
        self._library = pymicro_wakeword
        self._model = self._opened(word)
        self._features: Any = pymicro_wakeword.MicroWakeWordFeatures()
        self.phrase = str(self._model.wake_word)

    def _opened(self, word: str) -> Any:  # noqa: ANN401 - what the library has
        known = [model.value for model in self._library.Model]
        if word in known:
            return self._library.MicroWakeWord.from_builtin(self._library.Model(word))
        path = Path(word).expanduser()
        if not path.is_file():
            raise ConfigError(
                f"There is no wake word {word!r}.",
                f"[free] word in config.toml: {', '.join(known)}, or the path of a model's JSON.",
            )
        try:
            return self._library.MicroWakeWord.from_config(path)
        except (OSError, KeyError, TypeError, ValueError, json.JSONDecodeError) as error:
            raise ConfigError(f"{path} is no wake word: {error!r}.") from error

    def heard(self, samples: Samples) -> bool:
        """Whether the word was said in what came since the last time; it then begins anew.

        Args:
            samples: Mono at `SPEECH_RATE`.
        """
        sound = (_FULL_SCALE * np.clip(np.nan_to_num(samples), -1, 1)).astype("<i2").tobytes()
        for features in self._features.process_streaming(sound):
            if self._model.process_streaming(features):
                self._model.reset()
                self._features.reset()
                return True
        return False
