"""What every verb of the command line needs: settings, output, exit codes.

Knows no engine, so that `--help` is quick.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from companion.errors import CompanionError, Offline

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

    def refuse_other_machines(self, settings: Settings) -> None:
        """Stop before the memory asks a server elsewhere, if nothing may touch the network.

        Raises:
            Offline: `--offline` was given, and the search index is on another machine.
        """
        memory = settings.memory
        if not (self.offline and memory.enabled and memory.index and memory.embedder != "none"):
            return
        from companion.memory.dense.chroma import is_here

        if not is_here(memory.index):
            raise Offline(
                f'Offline mode: [memory] index = "{memory.index}" is on another machine.',
                'Run without --offline; or set index = "", and it is kept in the folder.',
            )


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
    print(f"companion: {_harmless(what)}", file=sys.stderr)
    if error.hint:
        print(f"  {_harmless(error.hint)}", file=sys.stderr)


def _harmless(text: str) -> str:
    """Text without what steers a terminal: an error may quote a stranger's file."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
