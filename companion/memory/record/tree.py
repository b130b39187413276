"""XML as a tree of elements: nothing outside the document is looked at, and nothing expanded.

A DOCTYPE, an entity or a processing instruction is refused, and so is what is nested deeper or
longer than a memory can be. Elements of other namespaces can be written back in one canonical
form: their comments and prefixes are lost, the rest is kept. Knows nothing of memories.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from companion.errors import BadData

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

DEEPEST = 64
"""Elements inside each other; a memory has five."""
_XML = "http://www.w3.org/XML/1998/namespace"
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    | {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


@dataclass(slots=True)
class Element:
    """One element.

    Attributes:
        space: Its namespace; "" for none.
        name: Its name there.
        attributes: By name; those of a namespace as `<namespace> <name>`.
        line: Where it begins.
        content: Texts and elements, in order.
    """

    space: str
    name: str
    attributes: dict[str, str]
    line: int
    content: list[str | Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, without that of its children."""
        return "".join(one for one in self.content if isinstance(one, str))

    @property
    def children(self) -> list[Element]:
        """The elements in it."""
        return [one for one in self.content if isinstance(one, Element)]


def refuse(line: int, problem: str) -> NoReturn:
    """Say what is wrong, and where."""
    raise BadData(f"Memory XML, line {line}: {problem}.")


def tree(document: str, longest: int) -> Element:
    """The root of a document.

    Raises:
        BadData: It is no XML, longer than `longest`, or holds what is not allowed.
    """
    if len(document) > longest:
        raise BadData(f"Memory XML of {len(document)} characters is too long to be any.")
    reader = expat.ParserCreate("utf-8", namespace_separator=" ")
    root = Element("", "", {}, 0)
    _listen(reader, root)
    try:
        reader.Parse(document.encode("utf-8"), True)  # noqa: FBT003 - expat has no names here
    except expat.ExpatError as error:
        raise BadData(
            f"Memory XML, line {error.lineno}: {expat.ErrorString(error.code)}."
        ) from error
    except UnicodeEncodeError as error:
        raise BadData("Memory XML holds half a character.") from error
    return root.children[0]


def _listen(reader: expat.XMLParserType, root: Element) -> None:
    """Let the parser build its elements below `root`."""
    path = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(path) > DEEPEST:
            refuse(reader.CurrentLineNumber, f"more than {DEEPEST} elements inside each other")
        space, _, local = name.rpartition(" ")
        element = Element(space, local, attributes, reader.CurrentLineNumber)
        path[-1].content.append(element)
        path.append(element)

    def characters(text: str) -> None:
        path[-1].content.append(text)

    def forbidden(*_: object) -> None:
        refuse(reader.CurrentLineNumber, "DOCTYPE, entities and instructions are not allowed")

    reader.buffer_text = True
    reader.StartElementHandler = start
    reader.EndElementHandler = lambda _: path.pop()
    reader.CharacterDataHandler = characters
    reader.StartDoctypeDeclHandler = forbidden
    reader.EntityDeclHandler = forbidden
    reader.SkippedEntityHandler = forbidden
    reader.ProcessingInstructionHandler = forbidden


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def escaped(text: str) -> str:
    """A text as content or as the value of an attribute; both read back as they were."""
    return text.translate(_ESCAPES)


def element(name: str, attributes: Mapping[str, str], content: str = "") -> str:
    """An element; `content` is XML already."""
    head = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{head}>{content}</{name}>" if content else f"<{name}{head}/>"


def canonical(one: Element, outer: str) -> str:
    """An element as XML inside one of the namespace `outer`: same element, same text."""
    spaces = sorted({key.rpartition(" ")[0] for key in one.attributes} - {"", _XML})
    prefixes = {"": "", _XML: "xml:"} | {space: f"n{n}:" for n, space in enumerate(spaces)}
    head = {} if one.space == outer else {"xmlns": one.space}
    head |= {f"xmlns:n{n}": space for n, space in enumerate(spaces)}
    for key, value in sorted(one.attributes.items()):
        space, _, local = key.rpartition(" ")
        head[prefixes[space] + local] = value
    content = "".join(
        escaped(part) if isinstance(part, str) else canonical(part, one.space)
        for part in one.content
    )
    return element(one.name, head, content)
