"""P22 in full: ten minutes of talk, and how often sound ran dry. Not part of a full run."""

from __future__ import annotations

from companion.measure.bench.row import Group, Row
from companion.measure.bench.sound import soak

GROUP = Group(
    "soak",
    (Row("P22", "times sound ran dry in ten minutes of talk", 0.0, counted=True),),
    soak,
    default=False,
)
