"""A small lorebook and a conversation for tests."""

from __future__ import annotations

from companion.lore import Lorebook, Message, Setting, Told, parse_book


def entry(content: str = "told", **raw: object) -> dict[str, object]:
    return {"keys": ["tower"], "content": content, "insertion_order": 100, **raw}


def words(text: str) -> int:
    return len(text.split())


def book(
    *entries: dict[str, object], setting: Setting | None = None, seed: str = "s", **raw: object
) -> Lorebook:
    sillytavern = raw.pop("sillytavern", False) is True
    read, _ = parse_book({"entries": list(entries), **raw}, sillytavern=sillytavern)
    return Lorebook(read, words, seed, setting)


def talk(*texts: str) -> list[Message]:
    """A conversation: the character's greeting first, the owner's words last where it is even."""
    roles = ("assistant", "user")
    return [Message(roles[n % 2], ("Mira", "Sam")[n % 2], text) for n, text in enumerate(texts)]


def told(lore: Lorebook, *texts: str, turn: int = 1) -> list[str]:
    return [one.text for one in whole(lore, *texts, turn=turn).entries]


def whole(lore: Lorebook, *texts: str, turn: int = 1) -> Told:
    return lore.told(talk(*texts), turn, {}, everyone=True)


def why(lore: Lorebook, *texts: str, turn: int = 1) -> dict[str, str]:
    return {one.name: one.reason for one in whole(lore, *texts, turn=turn).why}
