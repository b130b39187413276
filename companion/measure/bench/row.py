"""One row of the table: what is measured, what is wanted, what came out.

A group measures several rows in one go, where they need the same engines or the same turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from companion.measure.bench.compare import PAIRS, Ratio
from companion.measure.shapes import Shapes, make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from companion.config import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """What is measured, and what is wanted.

    Attributes:
        id: Its number in the table, "P1".
        what: What is measured, in a few words.
        target: The largest figure that is wanted.
        unit: What the figure is in; "" for a ratio.
        counted: Whether it is counted and not timed: then it is the same at any load.
    """

    id: str
    what: str
    target: float
    unit: str = ""
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """What came out.

    Attributes:
        ours: Our figure.
        ci: Its 90 % interval; None where it was counted.
        cpu: The same ratio in processor seconds.
        naive: The figure of a script with the libraries' defaults.
        why: What to know about it: how it was measured, or why it falls short.
        more: Figures behind it, by name.
    """

    ours: float
    ci: tuple[float, float] | None = None
    cpu: float | None = None
    naive: float | None = None
    why: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def of(ratio: Ratio, **others: Any) -> Figure:  # noqa: ANN401 - the fields of a figure
    """A ratio as a figure."""
    seconds = {"seconds": ratio.first, "floor_seconds": ratio.second, "pairs": ratio.pairs}
    more = seconds | others.pop("more", {})
    return Figure(ratio.middle, ratio.interval, ratio.cpu or None, more=more, **others)


@dataclass(slots=True)
class Bench:
    """What a measurement may use.

    Attributes:
        settings: The workspace's, as they are: threads and limits are measured as shipped.
        home: A folder that is thrown away afterwards.
        pairs: How many pairs are measured.
        scale: Of what is usual, how much is said, remembered and waited for; tests want little.
        progress: Told what is being done.
    """

    settings: Settings
    home: Path
    pairs: int = PAIRS
    scale: float = 1.0
    progress: Callable[[str], None] = lambda _: None
    _shapes: Shapes | None = None

    def some(self, usual: int) -> int:
        """So many of something, at this scale; one at the least."""
        return max(1, round(self.scale * usual))

    @property
    def shapes(self) -> Shapes:
        """Models of random weights; made at the first use."""
        if self._shapes is None:
            self._shapes = make(progress=self.progress)
        return self._shapes


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are measured together.

    Attributes:
        name: What it is called on the command line, beside its rows' numbers.
        rows: The rows.
        run: Measures them; gives the figures by row.
        default: Whether it is part of a full run.
    """

    name: str
    rows: tuple[Row, ...]
    run: Callable[[Bench], dict[str, Figure]]
    default: bool = True


def judged(row: Row, figure: Figure) -> str:
    """Whether the target is met: "yes", "no", or "unclear" where chance decides."""
    if figure.ours <= row.target:
        return "yes"
    return "unclear" if figure.ci and figure.ci[0] <= row.target else "no"


def told(row: Row, figure: Figure, command: str) -> dict[str, Any]:
    """A row as the JSON has it."""
    return {
        "id": row.id,
        "what": row.what,
        "unit": row.unit,
        "counted": row.counted,
        "ours": figure.ours,
        "ci": list(figure.ci) if figure.ci else None,
        "cpu": figure.cpu,
        "naive": figure.naive,
        "peers": {},
        "target": row.target,
        "met": judged(row, figure) == "yes",
        "judged": judged(row, figure),
        "why": figure.why,
        "more": figure.more,
        "command": command,
    }
