"""Every failure a user can meet, each with what happened and what to do about it.

    CompanionError             .hint says what to do; .code is the exit code of the command line
    ├── UsageError        2    an argument that cannot be understood
    ├── BadData          65    a file that is not what it should be
    │   └── CardError          a character card, with the field that is wrong
    ├── MissingInput     66    something named that is not there
    │   └── ModelMissing       a model, voice or Whisper folder that is not there
    ├── DeviceError      69    no microphone or loudspeaker, or it was lost
    ├── EngineError      70    an engine failed; .stage says which
    ├── CannotCreate     73    an output file or folder cannot be made
    ├── StoreError       74    the memory store cannot be read or written
    │   ├── StoreBusy    75    another process holds it
    │   └── StoreDamaged 76    damaged
    │       └── StoreNewer     not damaged, but written by a newer version
    ├── Forbidden        77    file permissions
    ├── ConfigError      78    config.toml or an environment variable
    └── Offline          69    the network would be needed, and must not be used

This module knows nothing of the rest of the project. Exit codes follow sysexits.h.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CardReason: TypeAlias = Literal[
    "AMBIGUOUS",  # two files for one id
    "BAD_FIELD",  # a field is missing or of the wrong kind
    "BAD_PNG",
    "BAD_ZIP",
    "FOREIGN_FORMAT",  # something else: a lorebook, a picture of another kind, a settings file
    "NOT_JSON",
    "NOT_YAML",
    "NO_CARD_DATA",  # a picture or an archive without a card
    "NO_NAME",
    "TOO_DEEP",
    "TOO_LARGE",
    "UNREADABLE",  # the disk says no
    "UNSAFE_PATH",  # an archive that points outside itself
]
"""Why a card was refused."""


@contextlib.contextmanager
def undoing(undo: Callable[[], object]) -> Iterator[None]:
    """Call `undo` if what is inside fails, however that is; the failure goes on."""
    with contextlib.ExitStack() as stack:
        stack.callback(undo)
        yield
        stack.pop_all()


@contextlib.contextmanager
def readable(place: Path) -> Iterator[None]:
    """Say it in our words where a file or folder may not be looked into.

    Raises:
        Forbidden: It is so, of the place or of what is in it.
    """
    try:
        yield
    except PermissionError as error:
        raise Forbidden(f"{place} may not be read.", f"Try: chmod -R u+rX '{place}'") from error


def install(*packages: str) -> str:
    """The command that installs packages where this program runs."""
    return f"{sys.executable} -m pip install {' '.join(packages)}"


class CompanionError(Exception):
    """Something the user can understand and act upon.

    Args:
        what: What happened, with the value and the place, as one sentence.
        hint: What to do about it, as one sentence; may be empty.
    """

    code = 70

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint

    def __str__(self) -> str:
        what = super().__str__()
        return f"{what} {self.hint}" if self.hint else what


class UsageError(CompanionError):
    """An argument that cannot be understood."""

    code = 2


class BadData(CompanionError):
    """A file that is not what it should be."""

    code = 65


class CardError(BadData):
    """A character card that cannot be used; the message names file and field.

    Args:
        what: What happened, with the value and the place.
        hint: What to do about it.
        reason: The same in one word, for programs.
        place: JSON pointer of the value that is wrong; empty for the file as a whole.
    """

    def __init__(
        self, what: str, hint: str = "", reason: CardReason = "BAD_FIELD", place: str = ""
    ) -> None:
        super().__init__(what, hint)
        self.reason = reason
        self.place = place


class MissingInput(CompanionError):
    """Something was named that is not there."""

    code = 66


class ModelMissing(MissingInput):
    """A model, voice or Whisper folder is not there."""


class DeviceError(CompanionError):
    """No microphone or loudspeaker, or it was lost while in use."""

    code = 69


class Offline(CompanionError):
    """The network would be needed, and it must not or cannot be used."""

    code = 69


class EngineError(CompanionError):
    """An engine failed.

    Args:
        stage: The stage of the turn: "stt", "memory", "llm" or "voice".
        what: What happened.
        hint: What to do about it.
    """

    code = 70

    def __init__(self, stage: str, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.stage = stage


class CannotCreate(CompanionError):
    """An output file or folder cannot be made."""

    code = 73


class StoreError(CompanionError):
    """The memory store cannot be read or written."""

    code = 74


class StoreBusy(StoreError):
    """Another process holds the memory store."""

    code = 75


class StoreDamaged(StoreError):
    """The memory store is damaged, or was written by a newer version."""

    code = 76


class StoreNewer(StoreDamaged):
    """The memory store was written by a newer version of this program."""


class Forbidden(CompanionError):
    """File permissions stand in the way."""

    code = 77


class ConfigError(CompanionError):
    """config.toml, or an environment variable, holds something that cannot be used."""

    code = 78
