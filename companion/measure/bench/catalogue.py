"""Which group measures which row. Only the groups that are asked for are imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from companion.errors import MissingInput

if TYPE_CHECKING:
    from companion.measure.bench.row import Group

GROUPS = {
    "clauses": ("P13",),
    "context": ("P6", "P6m", "P6b", "P7", "P7g", "P25"),
    "model": ("P8", "P24", "P24ms"),
    "frames": ("P4", "P4l", "P4g", "P4f"),
    "turn": ("P1", "P1s", "P2", "P2p", "P29", "P29s", "P30", "P30h"),
    "load": ("P9", "P9t", "P10"),
    "recall": ("P16", "P16m", "P17", "P18"),
    "size": ("P26", "P28"),
    "soak": ("P22",),
    "sound": ("P22s", "P23"),
    "start": ("P19", "P19c", "P19e", "P20"),
    "tail": ("P5",),
    "tax": ("P3",),
    "endurance": ("P27", "P27i"),
    "voice": ("P11", "P12", "P14", "P14s", "P15"),
    "warm": ("P21",),
}
"""Rows by the module of this package that measures them, the counted ones first."""


def group(name: str) -> Group:
    """A group by its name, or by one of its rows.

    Raises:
        MissingInput: There is no such group or row.
    """
    wanted = name.strip().lower()
    for module, rows in GROUPS.items():
        if wanted == module or wanted in {row.lower() for row in rows}:
            found: Group = import_module(f"companion.measure.bench.{module}").GROUP
            return found
    known = ", ".join([*GROUPS, *(row for rows in GROUPS.values() for row in rows)])
    raise MissingInput(f"There is no benchmark {name}.", f"There are: {known}.")


def default_groups() -> list[str]:
    """The groups of a full run, in order."""
    return [name for name in GROUPS if group(name).default]
