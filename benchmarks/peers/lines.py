"""How the side-by-side talks with each side: one JSON object a line, over the side's own pipes.

A side first says {"ready": true, "version", "settings"}; then it gets {"audio", "endpoint"} for
each turn and answers {"first_sound_s", "heard", "reply", "seconds"}. Whatever a library prints
goes to standard error, so that it cannot break a line.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

JSON = dict[str, Any]


class Lines:
    """The two pipes of a side."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def settings(self) -> JSON:
        """What the side-by-side wants of this side: the first line."""
        first = self.next()
        if first is None:
            raise SystemExit("No settings came.")
        return first

    def next(self) -> JSON | None:
        """The next turn; None at the end."""
        line = sys.stdin.readline()
        return json.loads(line) if line.strip() else None

    def say(self, answer: JSON) -> None:
        """Answer."""
        print(json.dumps(answer), file=self._out, flush=True)
