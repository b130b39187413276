"""What every verb of the command line needs: settings, output, exit codes.

Knows no engine, so that `--help` is quick.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from companion.errors import CompanionError

if TYPE_CHECKING:
    from pathlib import Path

    from companion.config import Settings

SCHEMA = 1
"""Version of every `--json` output; it rises when a field changes its meaning."""


@dataclass(slots=True)
class Shell:
    """The options before the verb, and what was chosen by them."""

    config: Path | None = None
    offline: bool = False
    debug: bool = False
    quiet: bool = False
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)

    def settings(self) -> Settings:
        """The settings of this workspace."""
        from companion import config

        return config.load(self.config, overrides=self.overrides)

    def say(self, text: str = "") -> None:
        """Chatter and progress: to stderr, unless --quiet."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)


SHELL = Shell()
"""One for the process: filled in by the options before the verb."""


def show(text: str = "") -> None:
    """A result: to stdout."""
    print(text, flush=True)


def show_json(values: dict[str, Any]) -> None:
    """A result as one JSON object with its schema version."""
    print(json.dumps({"schema": SCHEMA, **values}, ensure_ascii=False, indent=1), flush=True)


def report(error: CompanionError) -> None:
    """A failure in one or two lines, on stderr."""
    what = Exception.__str__(error)
    print(f"companion: {what}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
