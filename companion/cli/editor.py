"""The owner's own editor: which it is, and a file opened in it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from companion.errors import CannotCreate, MissingInput, UsageError

FALLBACKS = ("sensible-editor", "editor", "nano", "vim", "vi")
"""What is tried where neither $VISUAL nor $EDITOR says what to use."""

_JUMP = {"vi", "vim", "nvim", "vim.basic", "vim.tiny", "nano", "emacs", "micro", "kak"}
"""Editors that begin at a line when told `+LINE`."""


def open_in_editor(file: Path, line: int = 0) -> None:
    """Open a file and wait until the editor is closed.

    Args:
        file: What to edit.
        line: Where to begin, counted from 1; 0 wherever the editor likes.

    Raises:
        MissingInput: The editor is not there.
        UsageError: There is no editor to be had.
        CannotCreate: The editor says that it failed.
    """
    command = editor_command()
    jump = [f"+{line}"] if line and Path(command[0]).name in _JUMP else []
    try:
        code = subprocess.run([*command, *jump, str(file)], check=False).returncode
    except OSError as error:
        raise MissingInput(
            f"The editor '{command[0]}' cannot be started: {error.strerror}.",
            "Set EDITOR to another one, for example: EDITOR=nano",
        ) from error
    if code:
        raise CannotCreate(f"The editor {shlex.join(command)} ended with code {code}.")


def editor_command() -> list[str]:
    """The editor's command and its own options.

    Raises:
        UsageError: None is set, and none is found or could be shown here.
    """
    for name in ("VISUAL", "EDITOR"):
        wanted = os.environ.get(name, "").strip()
        if wanted:
            return _split(name, wanted)
    found = next((path for path in map(shutil.which, FALLBACKS) if path), None)
    if found is None or not sys.stdin.isatty():
        raise UsageError("There is no editor to open.", "Set EDITOR, for example: EDITOR=nano")
    return [found]


def _split(name: str, wanted: str) -> list[str]:
    try:
        return shlex.split(wanted)
    except ValueError as error:
        raise UsageError(f"${name} cannot be understood: {wanted} ({error}).") from error
