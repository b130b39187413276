"""What a scene has to show: words that only a memory, a lorebook or a correction can have brought.

Pure: turns of the demo in, words out.
"""

from __future__ import annotations

from typing import Any

from companion.measure.wer import words


def check_memory(turns: list[dict[str, Any]], card_text: str) -> list[str]:
    """Words of a later run's answer that only a memory can have brought.

    They stand in `recalled` and in neither the card, the history of that run nor the question.
    """
    found: list[str] = []
    history: dict[int, set[str]] = {}
    card = _content(card_text)
    for turn in turns:
        known = history.setdefault(turn["run"], set())
        asked = _content(turn["heard"]) | _content(turn["spoken"])
        recalled = set().union(*(_content(note["text"]) for note in turn["recalled"]), set())
        if turn["run"] > 1:
            found += sorted((_content(turn["reply"]) & recalled) - known - asked - card)
        known |= asked | _content(turn["reply"])
    return found


def check_lore(turns: list[dict[str, Any]], card_text: str) -> list[str]:
    """Words of an answer that only the lorebook can have brought.

    They stand in an entry that was told with this turn, and in neither the card's own part of the
    prompt, nor what was said before or asked now.
    """
    found: list[str] = []
    known = _content(card_text)
    for turn in turns:
        known |= _content(turn["heard"]) | _content(turn["spoken"])
        told = set().union(*(_content(entry["text"]) for entry in turn["lore"]), set())
        found += sorted((_content(turn["reply"]) & told) - known)
        known |= _content(turn["reply"])
    return found


def check_corrected(turns: list[dict[str, Any]]) -> list[str]:
    """Words that put something right and that a later answer held without being told again."""
    found: set[str] = set()
    right: set[str] = set()
    for turn in turns:
        asked = _content(turn["heard"]) | _content(turn["spoken"])
        found |= (_content(turn["reply"]) & right) - asked
        right |= _content(turn["corrects"])
    return sorted(found)


def _content(text: str) -> set[str]:
    """Words that carry meaning, as compared by the check."""
    return {w for w in words(text) if len(w) > 3}  # noqa: PLR2004 - "and", "the", "you"
