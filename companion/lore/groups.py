"""Inclusion groups: of the entries of one group that matched, one is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.lore.chance import pick, roll

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.lore.book import Entry


@dataclass(frozen=True, slots=True)
class Contender:
    """An entry that matched.

    Attributes:
        entry: The entry.
        sticky: Whether it is there because it stays.
        score: How many of its keys were said.
    """

    entry: Entry
    sticky: bool = False
    score: int = 0


def losers(
    contenders: Sequence[Contender], taken: frozenset[str], seed: tuple[object, ...]
) -> dict[str, str]:
    """Who is left out, by id, each with the group that decided it.

    Args:
        contenders: Entries that matched, in the order of the file.
        taken: Groups of which an entry is told already.
        seed: What chance depends on.
    """
    out: dict[str, str] = {}
    names = dict.fromkeys(name for one in contenders for name in one.entry.group.names)
    for name in names:
        members = [
            one for one in contenders if name in one.entry.group.names and one.entry.uid not in out
        ]
        kept = [] if name in taken else _kept(members, (*seed, "group", name))
        out |= {one.entry.uid: name for one in members if one not in kept}
    return out


def _kept(members: list[Contender], seed: tuple[object, ...]) -> list[Contender]:
    """Who stays: all that are sticky, else the best scored, else by order or by weight."""
    if sticky := [one for one in members if one.sticky]:
        return sticky
    best = max((one.score for one in members), default=0)
    members = [one for one in members if one.score == best or not one.entry.group.scoring]
    if not members:
        return []
    if first := [one for one in members if one.entry.group.override]:
        return [max(first, key=lambda one: one.entry.order)]
    return [pick(members, [one.entry.group.weight for one in members], roll(*seed))]
