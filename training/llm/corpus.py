"""Open dialogues between people, filtered: Synthetic-Persona-Chat (CC BY 4.0).

Dialogues with a placeholder that no name can fill, with ugly words, about films, or with a value
or question of a probe are left out. Knows nothing of tokens.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from training.llm.probes import words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_UGLY = re.compile(
    r"\b(kill\w*|sex\w*|drug\w*|guns?|damn|hell|shit\w*|fuck\w*|suicid\w*|rap(e|ed|ist)|porn\w*|nazi\w*|"
    r"bitch\w*|ass|idiot\w*|stupid|whore|slut|murder\w*|weed|cocaine|strip\w*|vodka|drunk|gay|slave\w*|"
    r"language model|movies?|films?|actors?|actress\w*|netflix|marvel|star wars|disney)\b",
    re.IGNORECASE,
)
_FIRST = re.compile(r"\[(?:user ?1|person ?1)(?:'s)? ?name\]", re.IGNORECASE)
_SECOND = re.compile(r"\[(?:user ?2|person ?2)(?:'s)? ?name\]", re.IGNORECASE)
_LINE = re.compile(r"^\s*User ([12]): ?(.*)$")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Two people's personas (first person) and their lines in turn; names stand as {1} and {2}."""

    personas: tuple[tuple[str, ...], tuple[str, ...]]
    lines: tuple[tuple[int, str], ...]


def _clean(text: str) -> str:
    text = _SECOND.sub("{2}", _FIRST.sub("{1}", text))
    return re.sub(r"\s+", " ", text).strip()


def _lines(text: str) -> tuple[tuple[int, str], ...]:
    """Lines in turn, up to the first that cannot be used."""
    found: list[tuple[int, str]] = []
    for raw in text.split("\n"):
        match = _LINE.match(raw)
        if not match:
            continue
        who, line = int(match[1]), _clean(match[2])
        bare = line.replace("{1}", "").replace("{2}", "")
        unusable = re.search(r"[\[\]{}<>]", bare) or _UGLY.search(line)
        if not line or unusable or (found and found[-1][0] == who):
            break
        found.append((who, line))
    return tuple(found)


def read(folder: Path, banned: frozenset[str], forbidden: Callable[[str], bool]) -> list[Dialogue]:
    """All usable dialogues of the validation and test parts, each up to its first bad line."""
    dialogues = []
    for part in ("valid", "test"):
        path = folder / "synthetic_persona_chat" / f"Synthetic-Persona-Chat_{part}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                personas = tuple(
                    tuple(
                        _clean(s)
                        for s in row[f"user {n} personas"].split("\n")
                        if s.strip() and not forbidden(s)
                    )
                    for n in (1, 2)
                )
                text = row["Best Generated Conversation"]
                if _UGLY.search(str(personas)) or banned.intersection(words(f"{text} {personas}")):
                    continue
                lines = tuple(takewhile(lambda line: not forbidden(line[1]), _lines(text)))
                if len(lines) >= 4:
                    dialogues.append(Dialogue((personas[0], personas[1]), lines))
    return dialogues


def rare_words(dialogues: list[Dialogue]) -> list[str]:
    """Words that stand in at most four dialogues."""
    counts: Counter[str] = Counter()
    for dialogue in dialogues:
        counts.update({w for _, line in dialogue.lines for w in re.findall(r"[A-Za-z]+", line)})
    return sorted(w for w, n in counts.items() if n <= 4 and w.islower() and 4 <= len(w) <= 11)


def sentences(dialogues: list[Dialogue]) -> list[str]:
    """Persona sentences, first person, short."""
    found = {s for d in dialogues for p in d.personas for s in p}
    return sorted(s for s in found if 3 <= len(s.split()) <= 12 and "{" not in s)
