"""What training must never show: lines, patterns and values of the probes, lines of the demo."""

from __future__ import annotations

import json
import re
from pathlib import Path

from training.llm.probes import Probe, load, words

DEMO = Path(__file__).resolve().parents[2] / "models" / "offline" / "demo" / "script.json"
DEMO_VALUES = ("biscuit", "oxford", "sam")


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


def banned_words(probes: tuple[Probe, ...] | None = None) -> frozenset[str]:
    """Values and names of the probes and of the demo, word by word, lower case."""
    chosen = load() if probes is None else probes
    found = {w for p in chosen for value in p.values for w in words(value)}
    found |= {w for p in chosen for name in (p.persona.name, p.persona.user) for w in words(name)}
    return frozenset(found.union(DEMO_VALUES))


def demo_lines() -> list[str]:
    """What the owner says in the demo."""
    raw = json.loads(DEMO.read_text("utf-8"))
    return [turn["text"] for run in raw["runs"] for turn in run]


def probe_lines(probes: tuple[Probe, ...]) -> list[str]:
    """Everything the owner or a note says in the probes."""
    lines = [p.question for p in probes]
    lines += [n.text for p in probes for n in p.notes]
    lines += [t for p in probes for turn in p.history for t in (turn.user, turn.reply)]
    return lines


def patterns(probes: tuple[Probe, ...]) -> list[str]:
    """The notes with the answer, with a gap for the value, as regular expressions."""
    found = []
    for probe in probes:
        for note in probe.notes:
            for value in probe.expect if probe.kind == "fact" else ():
                gap = " ".join(words(value))
                pattern = re.escape(plain(note.text))
                if re.search(rf"\b{re.escape(gap)}\b", plain(note.text)):
                    found.append(pattern.replace(re.escape(gap), r"[^ ]+(?: [^ ]+){0,2}"))
    return found


def forbidden() -> Forbidden:
    """All of it, for the scene maker."""
    probes = load()
    return Forbidden(probe_lines(probes) + demo_lines(), patterns(probes))
