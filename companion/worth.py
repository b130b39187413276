"""What a head start cost, what it was worth, and when it is left alone.

Knows clocks and processors, and nothing of sound or words.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

When = Literal["auto", "on", "off"]

Hit = Literal["all", "part", ""]
"""Of a recording, all was transcribed at the release, a part, or nothing that could be used."""

PAYS = 0.5
"""Seconds of waiting saved for each processor second spent in vain, below which it is left."""

LITTLE = 0.05
"""Processor seconds a press whose waste nobody notices."""

NEXT = 0.1
"""Seconds between two pieces of work for the same stage that count as one."""

TRIES = 12
"""Presses that are looked back upon, and that pass until it is tried again."""


@dataclass(slots=True)
class Cost:
    """Seconds that passed, and processor seconds."""

    wall: float = 0.0
    cpu: float = 0.0

    def add(self, other: Cost) -> None:
        """Count more."""
        self.wall += other.wall
        self.cpu += other.cpu


@dataclass(slots=True)
class Meter:
    """Measures work that is done while the key is held.

    Attributes:
        total: All of it.
        spans: (stage, begin, end) of what was done for a stage, by the clock.
    """

    total: Cost = field(default_factory=Cost)
    spans: list[tuple[str, float, float]] = field(default_factory=list)

    @contextmanager
    def work(self, stage: str = "") -> Iterator[Cost]:
        """What is done inside of the `with` block; its cost is known at the end."""
        cost = Cost()
        began, used = time.monotonic(), time.process_time()
        try:
            yield cost
        finally:
            ended = time.monotonic()
            cost.add(Cost(ended - began, time.process_time() - used))
            self.total.add(cost)
            if stage:
                self._note(stage, began, ended)

    def _note(self, stage: str, began: float, ended: float) -> None:
        """A stage worked; where it goes on, its span becomes longer."""
        last = self.spans[-1] if self.spans else ("", 0.0, 0.0)
        if last[0] == stage and began - last[2] < NEXT:
            began = self.spans.pop()[1]
        self.spans.append((stage, began, ended))


@dataclass(frozen=True, slots=True)
class Gain:
    """What the head start of one press was worth.

    Attributes:
        hit: What of the recording was transcribed.
        saved: Seconds of work that was over at the release and needed not be done again.
        cpu: Processor seconds that were spent while the key was held.
        wasted: Those of them that were of no use.
    """

    hit: Hit = ""
    saved: float = 0.0
    cpu: float = 0.0
    wasted: float = 0.0

    @property
    def record(self) -> dict[str, Any]:
        """For the figures of the turn."""
        seconds = {"saved_s": self.saved, "cpu_s": self.cpu, "wasted_s": self.wasted}
        return {"hit": self.hit, **{name: round(value, 4) for name, value in seconds.items()}}


class Worth:
    """Whether a head start pays here.

    Args:
        when: "on", "off", or "auto": where there are two processors, and as long as it saves
            enough for what it wastes.
        cores: How many processors this process may use; None asks the system.
    """

    def __init__(self, when: When = "auto", cores: int | None = None) -> None:
        self._when = when
        self._cores = cores or len(os.sched_getaffinity(0))
        self._gains: list[Gain] = []
        self._rest = 0

    @property
    def pays(self) -> bool:
        """Whether the next press is given one."""
        return self._when == "on" or (self._when == "auto" and self._cores > 1 and not self._rest)

    def learn(self, gain: Gain) -> None:
        """Look back: where it saved too little for what it wasted, it rests for some presses."""
        if self._rest:
            self._rest -= 1
            return
        self._gains.append(gain)
        if len(self._gains) < TRIES:
            return
        saved = sum(one.saved for one in self._gains)
        wasted = sum(one.wasted for one in self._gains)
        if wasted > TRIES * LITTLE and saved < PAYS * wasted:
            self._rest = TRIES
        self._gains = []
