"""Example dialogues: who says what in them.

A line that begins with a name opens a turn, other lines go on with it. What stands before the
first name is narration, and nobody's words.
"""

from __future__ import annotations

import re

Turns = tuple[tuple[str, str], ...]
"""(who, words): "user", "char", or "" for narration."""


def turns(text: str, user: str, name: str) -> Turns:
    """The turns of one example.

    Args:
        text: The example, names put in or not; without `<START>`.
        user: The owner's name.
        name: The character's name.
    """
    found: list[tuple[str, list[str]]] = [("", [])]
    labels = _labels(user, name)
    for line in text.replace("\r\n", "\n").split("\n"):
        match = labels.match(line)
        if match is None:
            found[-1][1].append(line)
        else:
            found.append(("user" if match["user"] else "char", [line[match.end() :]]))
    joined = ((who, "\n".join(lines).strip()) for who, lines in found)
    return tuple((who, words) for who, words in joined if who or words)


def _labels(user: str, name: str) -> re.Pattern[str]:
    users = "|".join(map(re.escape, filter(None, ("{{user}}", "<user>", user))))
    chars = "|".join(map(re.escape, filter(None, ("{{char}}", "<bot>", "<char>", name))))
    return re.compile(rf"\s*(?:(?P<user>{users})|(?P<char>{chars}))\s*:\s?", re.IGNORECASE)
