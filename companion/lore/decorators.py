"""Decorators: the lines `@@name value` at the head of an entry's content, and what they ask for.

Knows no entry, no conversation and no prompt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 1_000_000
"""No count of messages is larger."""

ROLES = ("assistant", "system", "user")
PLACES = {
    "after_desc": "after_desc",
    "before_desc": "before_desc",
    "personality": "personality",
    "scenario": "scenario",
}
_LINE = re.compile(r"(@{2,3})([A-Za-z_]+)(?:[ \t]+(.*))?")
_ALIASES = {"activate_after": "activate_only_after", "activate_every": "activate_only_every"}
"""Names that the specification's own examples use and its list does not have."""


@dataclass(frozen=True, slots=True)
class Decorators:
    """What the decorators of one entry say; the defaults are those of an entry without any.

    Attributes:
        after: Not before this many messages of the character.
        every: Only when their number is a multiple of this.
        keep: Once matched, always matched.
        once: Once matched, never again.
        depth: Messages up from the newest.
        reverse_depth: Messages down from the oldest.
        role: Whose words the entry is told as.
        scan_depth: How many messages are looked at.
        greeting: Number of the greeting that opened the conversation.
        place: Where the entry is told.
        spare: It goes first when there is no room.
        additional: Further lists of keys; of each, one must be there.
        exclude: Keys of which none may be there.
        user_icon: Name of the owner's picture that must be shown.
        activate: Matched in any case.
        never: Not matched in any case.
        quiet: Names of the settings' prompts that this entry would replace.
    """

    after: int | None = None
    every: int | None = None
    keep: bool = False
    once: bool = False
    depth: int | None = None
    reverse_depth: int | None = None
    role: str | None = None
    scan_depth: int | None = None
    greeting: int | None = None
    place: str | None = None
    spare: bool = False
    additional: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[str, ...] = ()
    user_icon: str | None = None
    activate: bool = False
    never: bool = False
    quiet: str | None = None


def split(content: str) -> tuple[Decorators, str, tuple[str, ...]]:
    """Take the decorators off the head of a content.

    Returns:
        What they say, the content without them, and a note on each that was ignored.
    """
    found: dict[str, Any] = {}
    notes: list[str] = []
    lines = content.replace("\r\n", "\n").split("\n")
    fall_back = False  # the decorator above was not understood, so `@@@` counts
    for at, line in enumerate(lines):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            if line.strip():
                return Decorators(**found), "\n".join(lines[at:]), tuple(notes)
            continue
        if match[1] == "@@@" and not fall_back:
            continue
        fall_back = not _take(found, match[2], (match[3] or "").strip())
        if fall_back:
            notes.append(f"{line.strip()[:80]} was not understood and ignored.")
    return Decorators(**found), "", tuple(notes)


def _take(found: dict[str, Any], name: str, value: str) -> bool:
    """Add what a decorator says; False where its name or value is not known."""
    name = _ALIASES.get(name, name)
    if name in _IGNORED:
        return True
    if name in _FLAGS:
        found[_FLAGS[name]] = True
        return True
    attribute, reader = _VALUES.get(name, ("", None))
    read = reader(value) if reader else None
    if read is None:
        return False
    if attribute == "additional":
        found[attribute] = (*found.get(attribute, ()), read)
    else:
        found.setdefault(attribute, read)
    return True


def _number(value: str) -> int | None:
    """A whole number of zero or more; a negative depth means the same as 0."""
    if not re.fullmatch(r"-?[0-9]{1,9}", value):
        return None
    return max(0, min(int(value), MOST))


def _natural(value: str) -> int | None:
    """A whole number; one below zero is no scan depth, and least of all 0."""
    return None if value.startswith("-") else _number(value)


def _positive(value: str) -> int | None:
    return _number(value) or None


def _keys(value: str) -> tuple[str, ...] | None:
    return tuple(key for key in (part.strip() for part in value.split(",")) if key) or None


def _role(value: str) -> str | None:
    return value.lower() if value.lower() in ROLES else None


def _place(value: str) -> str | None:
    return PLACES.get(value.lower())


def _quiet(value: str) -> str | None:
    return value if value in {"post_history_instructions", "system_prompt"} else None


_FLAGS = {
    "keep_activate_after_match": "keep",
    "dont_activate_after_match": "once",
    "ignore_on_max_context": "spare",
    "dont_activate": "never",
    "activate": "activate",
}
_IGNORED = {"instruct_depth", "reverse_instruct_depth", "instruct_scan_depth"}
"""Understood, and meant for programs that do not chat."""

_VALUES: dict[str, tuple[str, Callable[[str], object]]] = {
    "activate_only_after": ("after", _number),
    "activate_only_every": ("every", _positive),
    "depth": ("depth", _number),
    "reverse_depth": ("reverse_depth", _number),
    "role": ("role", _role),
    "scan_depth": ("scan_depth", _natural),
    "is_greeting": ("greeting", _natural),
    "position": ("place", _place),
    "additional_keys": ("additional", _keys),
    "exclude_keys": ("exclude", _keys),
    "is_user_icon": ("user_icon", lambda value: value or None),
    "disable_ui_prompt": ("quiet", _quiet),
}
