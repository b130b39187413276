"""Bytes to text, and plain text to blocks: paragraphs under the lines that look like headings."""

from __future__ import annotations

import re

from companion.errors import BadData
from companion.memory.lore.block import Block, Contents, headed

SHORT = 70
"""Characters of a line that may be a heading."""
_NUMBERED = re.compile(
    r"(?i)(?:chapter|part|section|book|act|scene|appendix|kapitel|teil|abschnitt|anhang)"
    r"\s+(?:[0-9]+|[ivxlc]+|[a-z]+)\b|[0-9]+(?:\.[0-9]+)*\.?\s+\w"
)
_RULE = re.compile(r"([=\-~*_#])\1{2,}\s*")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BLANK = re.compile(r"\n[ \t]*\n")


def decoded(data: bytes, name: str) -> str:
    """The text in these bytes: UTF-8, UTF-16 with its mark, or Windows-1252.

    Raises:
        BadData: It is no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROLS.search(text):
            return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    raise BadData(
        f"{name} is not text: it holds bytes that no text has.",
        "See that its name ends in what it really is.",
    )


def read_text(data: bytes, name: str) -> Contents:
    """A plain text file."""
    path: list[tuple[int, str]] = []
    blocks: list[Block] = []
    title = ""
    paragraphs = [one for one in _BLANK.split(decoded(data, name)) if one.strip()]
    for place, paragraph in enumerate(paragraphs):
        lines = paragraph.strip().split("\n")
        heading, level = _heading(lines)
        if heading and place == 0 and level == 1:
            title = heading
        elif heading:
            path = headed(path, level, heading)
        rest = lines[(2 if level <= 2 else 1) if heading and level else 0 :]  # noqa: PLR2004
        if text := "\n".join(rest).strip():
            blocks.append(Block(text, tuple(one for _, one in path)))
    return Contents(title, tuple(blocks))


def _heading(lines: list[str]) -> tuple[str, int]:
    """The heading at the top of a paragraph and its level; 0: there is none."""
    first = lines[0].strip()
    if not first or len(first) > SHORT or _RULE.fullmatch(first):
        return "", 0
    if len(lines) > 1 and (rule := _RULE.fullmatch(lines[1].strip())):
        return first, 1 if rule[1] == "=" else 2
    if len(lines) == 1 and first[-1] not in ".,;:!?":
        if _NUMBERED.match(first):
            return first, 3 + first.split()[0].rstrip(".").count(".")
        if first.isupper() and sum(map(str.isalpha, first)) > 2:  # noqa: PLR2004 - not "A", "II"
            return first, 3
    return "", 0
