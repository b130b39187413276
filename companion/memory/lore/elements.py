"""XML to blocks: the text of its elements, under what the elements around it are called.

DOCTYPE, entities and processing instructions other than a stylesheet are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from companion.errors import BadData
from companion.memory.lore.block import Block, Contents, headed

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH = 100
"""Elements inside each other; written by people, there are ten."""
MOST_ELEMENTS = 300_000
"""Elements of a document: each takes far more memory than its letters."""
FIELD = 60
"""Characters of an element that says one thing of the element around it."""
_TITLES = ("name", "title", "label", "head", "heading", "caption")
"""Attributes and elements that say what the element around them is called."""
_IDS = ("id", "key")
"""Attributes that say it where nothing else does."""
_HEADING = re.compile(r"h([1-6])")
_PROSE = frozenset("p para text li item td th dd dt quote line l description desc content".split())  # noqa: SIM905
_HIDDEN = frozenset(("script", "style"))


@dataclass(slots=True)
class _Element:
    """One element while it is read; `parts` are its text and its elements in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[str | _Element] = field(default_factory=list)

    @property
    def children(self) -> list[_Element]:
        return [part for part in self.parts if isinstance(part, _Element)]

    @property
    def mixed(self) -> bool:
        """Whether words of its own stand beside or instead of elements."""
        return any(isinstance(part, str) and part.strip() for part in self.parts)

    def words(self) -> str:
        if self.tag in _HIDDEN:
            return ""
        texts = (part if isinstance(part, str) else f" {part.words()} " for part in self.parts)
        return " ".join("".join(texts).split())

    def called(self) -> str:
        """What it is called: by an attribute, else by an element in it, else by its id."""
        inside = [child.words() for child in self.children if child.tag in _TITLES]
        named = [self.attributes.get(name, "").strip() for name in _TITLES]
        ids = [self.attributes.get(name, "").strip() for name in _IDS]
        return next(filter(None, (*named, *inside, *ids)), "")


def read_xml(data: bytes, name: str) -> Contents:
    """An XML file of any vocabulary.

    Raises:
        BadData: It is not well-formed, or holds what is refused; the message names the line.
    """
    root = _tree(data, name)
    title = root.called()
    return Contents(title, tuple(_blocks(root, [])))


def _blocks(element: _Element, path: list[str]) -> Iterator[Block]:
    """The text in an element; fields that follow each other are told together."""
    here: list[tuple[int, str]] = []
    name = element.called()
    fields = _attributes(element)
    for child in element.children:
        above = [*path, *(heading for _, heading in here)]
        if child.tag in _HIDDEN or (child.tag in _TITLES and child.words() == name):
            continue
        if level := _HEADING.fullmatch(child.tag):
            yield from _told(fields, above)
            here = headed(here, int(level[1]), child.words())
        elif said := _field(child):
            fields.append(said)
            continue
        else:
            yield from _told(fields, above)
            if child.mixed:
                yield Block(child.words(), (*above, *_name(child)))
            else:
                yield from _blocks(child, [*above, child.called() or child.tag])
        fields = []
    yield from _told(fields, [*path, *(heading for _, heading in here)])
    if element.mixed:
        yield Block(element.words(), tuple(path))


def _told(fields: list[str], path: list[str]) -> Iterator[Block]:
    if fields:
        yield Block("; ".join(fields) + ".", tuple(path))


def _attributes(element: _Element) -> list[str]:
    """What the attributes of an element say, other than what it is called."""
    said = {
        name: value for name, value in element.attributes.items() if name not in (*_TITLES, *_IDS)
    }
    return [f"{name}: {value}" for name, value in said.items() if value.strip()]


def _field(element: _Element) -> str:
    """An element that says one thing in a word or two: "climate: cold"; else nothing."""
    words = element.words()
    if (
        element.children
        or element.tag in _PROSE
        or len(words) > FIELD
        or words[-1:] in tuple(".!?")
    ):
        return ""
    said = [words, *_attributes(element)] if words else _attributes(element)
    label = element.called() or element.tag
    return f"{label}: {', '.join(said)}" if said else ""


def _name(element: _Element) -> tuple[str, ...]:
    """The heading of an element of words: none for a mere paragraph."""
    called = element.called()
    return (called,) if called else () if element.tag in _PROSE else (element.tag,)


def _tree(data: bytes, name: str) -> _Element:
    reader = expat.ParserCreate()
    root = _Element("")
    open_ = [root]
    left = iter(range(MOST_ELEMENTS))

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(open_) > DEPTH or next(left, None) is None:
            raise BadData(
                f"{name}, line {reader.CurrentLineNumber}: more than {DEPTH} elements inside each"
                f" other, or {MOST_ELEMENTS} in all.",
                "Split the file.",
            )
        element = _Element(
            tag.rpartition(":")[2],
            {key: value for key, value in attributes.items() if not key.startswith("xml")},
        )
        open_[-1].parts.append(element)
        open_.append(element)

    def characters(text: str) -> None:
        open_[-1].parts.append(text)

    def refuse(*_: object) -> None:
        raise BadData(
            f"{name}, line {reader.CurrentLineNumber}: a DOCTYPE or an entity is not allowed.",
            "Take the DOCTYPE out of the file.",
        )

    reader.buffer_text = True
    reader.StartElementHandler = start
    reader.EndElementHandler = lambda _: open_.pop()
    reader.CharacterDataHandler = characters
    reader.StartDoctypeDeclHandler = refuse
    reader.EntityDeclHandler = refuse
    try:
        reader.Parse(data, True)  # noqa: FBT003 - expat has no names here
    except expat.ExpatError as error:
        problem = expat.ErrorString(error.code)
        raise BadData(f"{name}, line {error.lineno}: the XML is broken ({problem}).") from error
    return root.children[0]
