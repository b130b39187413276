"""What the loudspeaker plays, taken out of what the microphone hears: WebRTC's echo canceller.

It is told each block as it is written to the loudspeaker. Knows no words and no device.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from companion.errors import DeviceError, install
from companion.sound.resample import Resampler
from companion.values import SPEECH_RATE

if TYPE_CHECKING:
    from companion.sound.playback import Outlet
    from companion.values import Samples

_FRAME = SPEECH_RATE // 100
_NOTHING = np.zeros(0, np.float32)


class Echo:
    """Takes the loudspeaker's sound out of the microphone's.

    Raises:
        DeviceError: The package is not installed.
    """

    def __init__(self) -> None:
        try:
            from pywebrtc_audio import EchoCanceller
        except ImportError as error:
            raise DeviceError(
                "Interrupting by voice needs pywebrtc-audio, and it is not installed.",
                f"Install it: {install('pywebrtc-audio')}   (or set [free] interrupt = false).",
            ) from error
        self._canceller = EchoCanceller(SPEECH_RATE, 1)
        self._lock = threading.Lock()
        self._played = _NOTHING
        self._rest = _NOTHING
        self._anew = False
        self.playing = False

    def overhear(self, out: Outlet) -> Loud:
        """The same loudspeaker; what is written to it is noted."""
        return Loud(out, self)

    def play(self, samples: Samples) -> None:
        """This is written to the loudspeaker now, behind what was written before."""
        with self._lock:
            self._played = np.concatenate([self._played, samples])
            self.playing = True

    def end(self) -> None:
        """Nothing is played any more.

        The next reply begins anew, as every one did in the tests.
        """
        with self._lock:
            self._played = _NOTHING
            self._anew = True
            self.playing = False

    def clean(self, samples: Samples) -> Samples:
        """What the microphone heard, without the loudspeaker; in whole hundredths of a second.

        The loudspeaker plays as fast as the microphone hears. So what was written and not yet
        taken here is what it still has in its queue, and both stay side by side.
        """
        near = np.concatenate([self._rest, samples])
        whole = len(near) // _FRAME * _FRAME
        self._rest = near[whole:]
        with self._lock:
            anew, self._anew = self._anew, False
            far, self._played = self._played[:whole], self._played[whole:]
        if anew:
            self._canceller.reset()
        far = np.pad(far, (0, whole - len(far)))
        frames = [
            self._canceller.process(near[at : at + _FRAME], far[at : at + _FRAME])
            for at in range(0, whole, _FRAME)
        ]
        return np.concatenate(frames) if frames else _NOTHING


class Loud:
    """A loudspeaker whose sound an `Echo` is told.

    Args:
        out: The loudspeaker.
        echo: Who is told.
    """

    def __init__(self, out: Outlet, echo: Echo) -> None:
        self._out, self._echo = out, echo
        echo.end()  # of a reply whose loudspeaker was lost
        self._resampler = Resampler(out.rate, SPEECH_RATE)
        self.rate = out.rate

    def write(self, block: Samples) -> None:
        """Play `block` after what came before."""
        self._echo.play(self._resampler.feed(block))
        self._out.write(block)

    def cut(self, fade: Samples) -> int:
        """Fall silent now."""
        unheard = self._out.cut(fade)
        self._echo.end()
        return unheard

    def finish(self) -> None:
        """Wait until all was heard."""
        self._out.finish()
        self._echo.end()
