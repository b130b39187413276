"""A prompt as people look at it: part by part, with what each takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from companion.values import Section


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a prompt; the texts of all joined are the prompt.

    Attributes:
        section: The section it stands in.
        part: What it is; "template" for what the model's own format needs.
        text: The text.
        tokens: Tokens it takes; those of all together are the prompt's.
    """

    section: str
    part: str
    text: str
    tokens: int


def shares(sections: Sequence[Section], count: Callable[[str], int]) -> tuple[Share, ...]:
    """The prompt part by part.

    Args:
        sections: Those of a prompt.
        count: Tokens of a text.
    """
    return tuple(share for section in sections for share in _of(section, count))


def _of(section: Section, count: Callable[[str], int]) -> Iterator[Share]:
    if not section.parts:
        yield Share(section.name, section.name, section.text, section.tokens)
        return
    pieces = _pieces(section)
    # Tokens of a part: by how much it makes the text before it longer.
    body, before, taken = "", 0, []
    for _, text in pieces[1:]:
        body += text
        total = count(body)
        taken.append(total - before)
        before = total
    if pieces[0][1]:
        yield Share(section.name, "template", pieces[0][1], section.tokens - before)
    for (name, text), tokens in zip(pieces[1:], taken, strict=True):
        yield Share(section.name, name, text, tokens)


def _pieces(section: Section) -> list[tuple[str, str]]:
    """The template's own text, then the parts; neighbours of one name are one."""
    at, pieces = 0, [("template", "")]
    for name, text in section.parts:
        start = section.text.index(text, at)
        pieces[-1] = (pieces[-1][0], pieces[-1][1] + section.text[at:start])
        at = start + len(text)
        if len(pieces) > 1 and pieces[-1][0] == name:
            pieces[-1] = (name, pieces[-1][1] + text)
        else:
            pieces.append((name, text))
    pieces[-1] = (pieces[-1][0], pieces[-1][1] + section.text[at:])
    return pieces
