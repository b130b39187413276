"""What training must never show: lines, patterns and values of the probes, lines of the demo."""

from __future__ import annotations

import json
import re
from pathlib import Path

from training.llm import exam
from training.llm.probes import Probe, load, words

DEMO = Path(__file__).resolve().parents[2] / "models" / "offline" / "demo" / "script.json"
DEMO_VALUES = ("biscuit", "oxford", "sam")


_GAP = r"[^ ]+(?: [^ ]+){0,2}"


class Forbidden:
    """Lines that must never be written: exact ones, and patterns with a gap for the value."""

    def __init__(self, lines: list[str], patterns: list[str]) -> None:
        self._lines = {plain(line) for line in lines}
        self._patterns = [re.compile(p) for p in patterns]

    def line(self, text: str) -> bool:
        """Whether this line is a forbidden one, contractions and punctuation apart."""
        bare = plain(text)
        return bare in self._lines or any(p.fullmatch(bare) for p in self._patterns)


def plain(text: str) -> str:
    """Lower case, without punctuation and the usual contractions."""
    text = " ".join(words(text))
    for short, full in (
        ("what's", "what is"),
        ("i'm", "i am"),
        ("where's", "where is"),
        ("who's", "who is"),
    ):
        text = re.sub(rf"\b{short}\b", full, text)
    return text


Probes = tuple[Probe, ...]


def both() -> Probes:
    """The first forty probes and the two hundred."""
    return (*load(), *exam.load())


def banned_words(probes: Probes | None = None) -> frozenset[str]:
    """Values and names of the probes and of the demo, word by word, lower case."""
    chosen = both() if probes is None else probes
    found = {w for p in chosen for value in p.values for w in words(value)}
    found |= {w for p in chosen for name in (p.persona.name, p.persona.user) for w in words(name)}
    return frozenset(found.union(DEMO_VALUES))


def demo_lines() -> list[str]:
    """What the owner says in the demo."""
    raw = json.loads(DEMO.read_text("utf-8"))
    return [turn["text"] for run in raw["runs"] for turn in run]


def probe_lines(probes: Probes) -> list[str]:
    """Everything the owner or a note says in the probes."""
    lines = [p.question for p in probes]
    lines += [n.text for p in probes for n in p.notes]
    lines += [t for p in probes for turn in p.history for t in (turn.user, turn.reply)]
    return lines


def patterns(probes: Probes) -> list[str]:
    """The notes and turns with a value in them, with a gap for it, as regular expressions."""
    found = []
    for probe in probes:
        values = () if probe.kind == "small" else (*probe.expect, *probe.reject)
        gaps = sorted({" ".join(words(v)) for v in values}, key=len, reverse=True)
        told = [n.text for n in probe.notes] + [turn.user for turn in probe.history]
        for text in map(plain, told):
            pattern = re.escape(text)
            for gap in gaps:
                if re.search(rf"\b{re.escape(gap)}\b", text):
                    pattern = pattern.replace(re.escape(gap), _GAP)
            if pattern != re.escape(text):
                found.append(pattern)
    return found


def forbidden() -> Forbidden:
    """All of it, for the scene maker."""
    probes = both()
    return Forbidden(probe_lines(probes) + demo_lines(), patterns(probes))
