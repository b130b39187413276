"""Question sets for a memory: LoCoMo as it is published, and our own form.

LoCoMo (https://github.com/snap-research/locomo, CC BY-NC 4.0): a list of conversations, each with
`conversation` and `qa`. Its evidence is written in several ways ("D8:6; D9:17", "D:11:26",
"D30:05"), all of which are understood; questions without any that exists are left out.

Our own: `tests/golden/memory/README.md`. Knows nothing of memories.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from companion.errors import BadData, MissingInput, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CATEGORIES = {1: "multi_hop", 2: "temporal", 3: "open_domain", 4: "single_hop", 5: "adversarial"}
"""LoCoMo's numbers. Several published tables mix them up."""
OURS = "companion memory set"
DEV = range(5)
"""Conversations of LoCoMo that things are tuned on; the others are `test`."""
PACE = timedelta(seconds=10)
"""From one line to the next: the sets say only when a conversation began."""
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")


@dataclass(frozen=True, slots=True)
class Told:
    """One line: its id in the set, whether the owner said it, the words, and when."""

    id: str
    mine: bool
    text: str
    said: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        text: The words.
        kind: Its category.
        evidence: Ids of the lines that answer it; empty where nothing does.
        old: Lines that were true at another time than the question asks for.
        wrong: Lines about somebody else.
    """

    text: str
    kind: str
    evidence: frozenset[str]
    old: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Set:
    """One conversation with its questions, for one fresh memory."""

    name: str
    owner: str
    character: str
    lines: tuple[Told, ...]
    now: datetime
    questions: tuple[Question, ...]


def load(path: Path, split: str = "") -> list[Set]:
    """All conversations of a file, or of the JSON files of a folder.

    Args:
        path: File or folder.
        split: Which of them: "" all, "dev" or "test" half of LoCoMo, or places: "3", "0-4".

    Raises:
        MissingInput: There is no such file or nothing in it.
        BadData: A file is not a question set; the message says where.
        UsageError: There is no such split.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    sets = [one for file in files for one in _file(file)]
    if not sets:
        raise MissingInput(f"There is no question set in {path}.", "Give a JSON file or a folder.")
    return [sets[place] for place in _places(split, len(sets)) if place < len(sets)]


def _places(split: str, count: int) -> range:
    if split in {"", "all"}:
        return range(count)
    if split in {"dev", "test"}:
        return DEV if split == "dev" else range(DEV.stop, count)
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", split)
    if found is None:
        raise UsageError(f"There is no split {split!r}.", "Use dev, test, or places such as 0-4.")
    first, last = int(found[1]), int(found[2] or found[1])
    if first >= count or last < first:
        raise UsageError(f"The split {split!r} is empty: there are {count} conversations.")
    return range(first, last + 1)


def _file(path: Path) -> Iterator[Set]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise MissingInput(
            f"There is no question set {path}.", "Give a JSON file or a folder."
        ) from error
    except (OSError, ValueError) as error:
        raise BadData(f"{path} is not a JSON file: {error}.") from error
    try:
        if isinstance(data, dict) and data.get("format") == OURS:
            yield _own(path.stem, data)
        else:
            for one in data if isinstance(data, list) else [data]:
                yield _locomo(one)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadData(
            f"{path} is no question set: {type(error).__name__} {error}.",
            "LoCoMo's published JSON and the form of tests/golden/memory are understood.",
        ) from error


# ── LoCoMo ───────────────────────────────────────────────────────────────────────────────────


def _locomo(data: dict[str, Any]) -> Set:
    talk = data["conversation"]
    lines = tuple(_sessions(talk))
    known = {line.id for line in lines}
    questions = (
        Question(row["question"], CATEGORIES[row["category"]], _cited(row) & known)
        for row in data["qa"]
    )
    return Set(
        str(data["sample_id"]),
        talk["speaker_a"],
        talk["speaker_b"],
        lines,
        max(line.said for line in lines) + timedelta(days=1),
        tuple(one for one in questions if one.evidence),
    )


def _sessions(talk: dict[str, Any]) -> Iterator[Told]:
    """Every line in order; some dates have no session, some sessions no lines."""
    numbers = (re.fullmatch(r"session_(\d+)", key) for key in talk)
    for number in sorted(int(found[1]) for found in numbers if found):
        when = talk.get(f"session_{number}_date_time")
        if when is None:
            continue
        start = datetime.strptime(when, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        for place, line in enumerate(talk[f"session_{number}"]):
            caption = line.get("blip_caption")
            text = f"{line['text']} [{caption}]" if caption else line["text"]
            mine = line["speaker"] == talk["speaker_a"]
            yield Told(line["dia_id"], mine, text, start + place * PACE)


def _cited(row: dict[str, Any]) -> frozenset[str]:
    """The ids of a question's evidence in one spelling."""
    found = _EVIDENCE.findall(" ".join(map(str, row.get("evidence") or [])))
    return frozenset(f"D{int(session)}:{int(line)}" for session, line in found)


# ── our own ──────────────────────────────────────────────────────────────────────────────────


def _own(name: str, data: dict[str, Any]) -> Set:
    lines = tuple(
        Told(line["id"], line["who"] == "user", line["text"], start + place * PACE)
        for session in data["sessions"]
        for start in (datetime.fromisoformat(session["at"]),)
        for place, line in enumerate(session["lines"])
    )
    questions = tuple(
        Question(
            row["question"],
            row["kind"],
            *(frozenset(row.get(key, ())) for key in ("evidence", "old", "wrong")),
        )
        for row in data["questions"]
    )
    known = {line.id for line in lines}
    odd = {one for q in questions for one in q.evidence | q.old | q.wrong} - known
    if odd:
        raise ValueError(f"there is no line {min(odd)}")
    now = datetime.fromisoformat(data["now"])
    return Set(name, data["owner"], data["character"], lines, now, questions)
