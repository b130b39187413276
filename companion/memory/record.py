"""One memory as XML (`urn:companion:memory:1`), and the clean words it is made of.

This is the form in which a memory is shown and exported. So far a memory is a line as it was said;
an element that needs more than that is refused rather than lost. Pure: no database or clock.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.parsers import expat

from companion.errors import BadData

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

NAMESPACE = "urn:companion:memory:1"
TEXT_CHARACTERS = 400
QUOTE_CHARACTERS = 300
NAME_CHARACTERS = 80
DOCUMENT_CHARACTERS = 1 << 20
"""Longer documents are not looked at: one memory takes a thousand."""
_NONCHARACTERS = range(0xFDD0, 0xFDF0)
_LAST_TWO = 0xFFFE  # the last two of every plane are none either


def clean(text: str) -> str:
    """Make any text one that can be stored, written as XML and read back unchanged.

    Control characters other than tab and newline, surrogates and noncharacters go, line ends
    become newlines, white space around goes, and the rest is put in composed form (NFC).
    """
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in ends if c in "\t\n" or not _forbidden(c))
    return unicodedata.normalize("NFC", kept).strip()


def _forbidden(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in ("Cc", "Cs")
        or code in _NONCHARACTERS
        or code & _LAST_TWO == _LAST_TWO
    )


@dataclass(frozen=True, slots=True)
class Record:
    """A line as a memory. All texts are `clean`.

    Attributes:
        id: ULID.
        text: The words, 1 to 400 characters.
        quote: The words as they were said, 1 to 300 characters of them.
        who: Name of the one who said them.
        speaker: "user" or "character".
        character: Id of the character it is shared with; nobody else may see it.
        session: The conversation it is from.
        turn: Its number there.
        observed: When it was said, in UTC to the second.
        confidence: 0 to 1 in steps of .001, of the transcription.
    """

    id: str
    text: str
    quote: str
    who: str
    speaker: str
    character: str
    session: str
    turn: int
    observed: datetime
    confidence: float = 1.0


def shortened(text: str, most: int, ending: str = "") -> str:
    """At most `most` characters of a text, cut at a word where there is one; never empty."""
    if len(text) <= most:
        return text
    head = text[: most - len(ending)]
    return (head.rpartition(" ")[0].rstrip() or head) + ending


# ── writing ──────────────────────────────────────────────────────────────────────────────────


def serialise(record: Record) -> str:
    """The record as one XML document in canonical form: same record, same bytes."""
    about = "user" if record.speaker == "user" else f"char:{record.character}"
    confidence = _number(record.confidence)
    turn = str(record.turn)
    subject = _element("entity", {"role": "subject", "id": about}, _escaped(record.who))
    children = (
        _element("text", {"lang": "und"}, _escaped(record.text)),
        _element("about", {}, subject),
        _element(
            "source",
            {"speaker": record.speaker, "session": record.session, "turns": turn}
            | {"method": "verbatim", "asr-conf": confidence},
            _element("quote", {"turn": turn}, _escaped(record.quote)),
        ),
        _element("time", {"observed": f"{record.observed.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"}),
        _element("weight", {"importance": "0.4", "confidence": confidence}),
        _element("use", {"recalls": "0", "pinned": "false"}),
        _element("lineage", {"created-by": "journal/1"}),
        _element("privacy", {"scope": f"character:{record.character}", "sensitivity": "normal"}),
    )
    head = {"xmlns": NAMESPACE, "id": record.id, "v": "1", "kind": "event", "status": "active"}
    return _element("memory", head, "\n" + "".join(f"  {one}\n" for one in children)) + "\n"


def _element(name: str, attributes: Mapping[str, str], content: str = "") -> str:
    head = "".join(f' {key}="{_escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{head}>{content}</{name}>" if content else f"<{name}{head}/>"


_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


# ── reading ──────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Element:
    """One element while it is read."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[_Element] = field(default_factory=list)

    def child(self, name: str) -> _Element:
        found = [one for one in self.children if one.name == name]
        if not found:
            _refuse(self.line, f"<{self.name}> has no <{name}>")
        return found[0]

    def attribute(self, name: str) -> str:
        if name not in self.attributes:
            _refuse(self.line, f"<{self.name}> has no {name}")
        return self.attributes[name]


def parse(document: str) -> Record:
    """Read what `serialise` wrote.

    Raises:
        BadData: It is something else, or holds more than this version would keep; the message
            names the line. DOCTYPE, entities and processing instructions are refused.
    """
    if len(document) > DOCUMENT_CHARACTERS:
        raise BadData(f"A memory of {len(document)} characters is too long to be one.")
    memory = _tree(document)
    try:
        record = _record(memory)
        kept = _tree(serialise(record))
    except (ValueError, OverflowError) as error:
        raise BadData(f"Memory XML, line {memory.line}: {error}.") from error
    for text in (record.text, record.quote, record.who):
        if not text or clean(text) != text:
            _refuse(memory.line, "a text is empty or has characters that cannot be said")
    odd = _difference(memory, kept)
    if odd is not None:
        _refuse(odd.line, f"<{odd.name}> holds what this version would not keep")
    return record


def _record(memory: _Element) -> Record:
    source = memory.child("source")
    scope = memory.child("privacy").attribute("scope")
    return Record(
        id=memory.attribute("id"),
        text=memory.child("text").text,
        quote=source.child("quote").text,
        who=memory.child("about").child("entity").text,
        speaker=source.attribute("speaker"),
        character=scope.removeprefix("character:"),
        session=source.attribute("session"),
        turn=int(source.attribute("turns")),
        observed=datetime.fromisoformat(memory.child("time").attribute("observed")),
        confidence=float(source.attribute("asr-conf")),
    )


def _difference(given: _Element, kept: _Element) -> _Element | None:
    """The first element of `given` that would be lost or changed; None if there is none."""
    same = given.name == kept.name and given.attributes == kept.attributes
    if not same or len(given.children) != len(kept.children):
        return given
    if (given.text.strip() if given.children else given.text) != kept.text.strip():
        return given
    pairs = zip(given.children, kept.children, strict=True)
    return next(filter(None, (_difference(*pair) for pair in pairs)), None)


def _refuse(line: int, problem: str) -> NoReturn:
    raise BadData(f"Memory XML, line {line}: {problem}.")


def _tree(document: str) -> _Element:
    """The document as elements of our namespace; no DTD, entity or processing instruction."""
    reader = expat.ParserCreate(namespace_separator=" ")
    root = _Element("", {}, 0)
    path = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if space != NAMESPACE:
            _refuse(reader.CurrentLineNumber, f"<{local}> is not known to this version")
        element = _Element(local, attributes, reader.CurrentLineNumber)
        path[-1].children.append(element)
        path.append(element)

    def characters(text: str) -> None:
        path[-1].text += text

    def refuse(*_: object) -> None:
        _refuse(reader.CurrentLineNumber, "DOCTYPE, entities and instructions are not allowed")

    reader.StartElementHandler = start
    reader.EndElementHandler = lambda _: path.pop()
    reader.CharacterDataHandler = characters
    reader.StartDoctypeDeclHandler = refuse
    reader.EntityDeclHandler = refuse
    reader.ProcessingInstructionHandler = refuse
    try:
        reader.Parse(document.encode("utf-8"), True)  # noqa: FBT003 - expat has no names here
    except expat.ExpatError as error:
        raise BadData(
            f"Memory XML, line {error.lineno}: {expat.ErrorString(error.code)}."
        ) from error
    except UnicodeEncodeError as error:
        raise BadData("Memory XML holds half a character.") from error
    return root.child("memory")
