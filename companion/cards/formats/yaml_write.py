"""YAML cards written for people: texts as blocks of lines, everything else as short as it goes.

What is written here reads back as the same values, letter by letter, through
`companion.cards.formats.yaml`; other YAML readers see the same, because every word that one of
them might take for a number, a date or a yes is in quotes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.cards.formats.tree import Json

WIDTH = 96
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9,.'()!?/_ -]*[A-Za-z0-9.'()!?])?\Z")
_TAKEN = re.compile(r"(?:true|false|null|yes|no|on|off|y|n)\Z", re.IGNORECASE)
_UNFIT = re.compile(
    "[^\t\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""What may stand in a YAML file only behind a backslash."""

_LONGEST_KEY = 256  # a reader gives up on a plain one after 1024


def text(values: dict[str, Json]) -> str:
    """A whole card as YAML, fields in their order."""
    lines: list[str] = []
    spread = False
    for key, value in values.items():
        field = list(_field(key, value, 0))
        if lines and (len(field) > 1 or spread):
            lines.append("")
        spread = len(field) > 1
        lines += field
    return "\n".join(lines) + "\n" if lines else "{}\n"


def field(key: str, value: Json, indent: int) -> str:
    """One field, its lines joined; the first one not indented."""
    return "\n".join(_field(key, value, indent)).lstrip(" ")


def inline(value: Json) -> str:
    """A value on one line, in a form that may stand inside `[]` and `{}` too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)}: {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    if not isinstance(value, str):
        return _bare(value)
    return value if _is_plain(value) and "," not in value else quoted(value)


def quoted(value: str) -> str:
    """Text in double quotes, on one line."""
    shown = json.dumps(value, ensure_ascii=False)
    return _UNFIT.sub(_escaped, shown)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - the BMP


def _bare(value: Json) -> str:
    """A number, true, false or null; 1e+16 has a point, or older readers take it for a word."""
    shown = json.dumps(value)
    return shown.replace("e", ".0e") if isinstance(value, float) and "." not in shown else shown


def _field(key: str, value: Json, indent: int) -> Iterator[str]:
    """The lines of `key: value`."""
    pad = " " * indent
    name = key if _is_plain(key) else quoted(key)
    if len(name) > _LONGEST_KEY:
        yield f"{pad}? {name}"
        name = ""
    head, *rest = _value(value, indent)
    yield f"{pad}{name}:{head}"
    yield from rest


def _value(value: Json, indent: int) -> Iterator[str]:
    """What stands after a colon or a dash: the rest of its line, then lines of their own."""
    if isinstance(value, dict) and value:
        yield ""
        for key, inner in value.items():
            yield from _field(key, inner, indent + 2)
    elif isinstance(value, list) and value:
        yield ""
        for item in value:
            yield from _item(item, indent + 2)
    elif isinstance(value, str):
        yield from _text(value, indent + 2)
    else:
        yield f" {inline(value)}"


def _item(item: Json, indent: int) -> Iterator[str]:
    """The lines of `- item`; an object begins on the line of its dash."""
    pad = " " * indent
    if isinstance(item, dict) and item:
        lines = (line for key, inner in item.items() for line in _field(key, inner, indent + 2))
        yield f"{pad}- {next(lines).lstrip(' ')}"
        yield from lines
        return
    head, *rest = _value(item, indent)
    yield f"{pad}-{head}"
    yield from rest


def _text(value: str, indent: int) -> Iterator[str]:
    """A text: as it is, in quotes, or as a block of lines."""
    pad = " " * indent
    body = value.removesuffix("\n")
    chomp = "" if value.endswith("\n") else "-"
    if not _blockable(body):
        yield f" {value}" if _is_plain(value) else f" {quoted(value)}"
    elif "\n" in body:
        yield f" |{chomp}"
        yield from (pad + line if line else "" for line in body.split("\n"))
    elif len(body) > WIDTH - indent or value.endswith("\n"):
        yield f" >{chomp}"
        yield from (pad + line for line in _folded(body, WIDTH - indent))
    else:
        yield f" {value}" if _is_plain(value) else f" {quoted(value)}"


def _is_plain(value: str) -> bool:
    return bool(_PLAIN.match(value)) and not _TAKEN.match(value) and len(value) <= WIDTH


def _blockable(body: str) -> bool:
    """Whether a text may stand as lines: no line is told apart by blanks that people cannot see."""
    if not body or body[0] in " \t\n" or _UNFIT.search(body):
        return False
    return not any(line != line.rstrip() for line in body.split("\n")) and not body.endswith("\n")


def _folded(body: str, width: int) -> Iterator[str]:
    """Lines that a reader joins with one blank each: broken at single blanks only."""
    line = ""
    for word in re.split(r"(?<=\S) (?=\S)", body):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
