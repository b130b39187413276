"""A memory, or a book of them, as XML (`memory.rng`): canonical, and read back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from companion.memory.record.fields import (
    DOCUMENT_CHARACTERS,
    NAMESPACE,
    Claim,
    Covered,
    Due,
    Entity,
    Quote,
    Record,
    Source,
    Unfit,
)
from companion.memory.record.reader import FALSE, TRUE, Reader
from companion.memory.record.tree import element, escaped, refuse, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

T = TypeVar("T")
BOOK_CHARACTERS = 1 << 25
"""Longer books are not looked at: this one has some 30,000 memories."""
_BOOK = "1"
"""Version of a book."""

# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def serialise(record: Record) -> str:
    """The record as one XML document in canonical form: same record, same bytes."""
    return _memory(record, "", {"xmlns": NAMESPACE})


def serialise_book(records: Iterable[Record], exported: datetime | None = None) -> str:
    """Many records as one document; `exported` is noted when it is given."""
    head = {"xmlns": NAMESPACE, "version": _BOOK}
    if exported is not None:
        head["exported"] = _moment(exported)
    memories = "".join(_memory(record, "  ", {}) for record in records)
    return element("memories", head, f"\n{memories}") + "\n"


def _memory(record: Record, margin: str, head: dict[str, str]) -> str:
    named = {"id": record.id, "v": str(record.v), "kind": record.kind, "status": record.status}
    lines = "".join(f"{margin}  {one}\n" for one in _children(record))
    return margin + element("memory", head | named, f"\n{lines}{margin}") + "\n"


def _children(record: Record) -> list[str]:
    """The elements of a record, in their fixed order."""
    moments = {
        "observed": _moment(record.observed),
        "valid-from": record.valid_from,
        "valid-to": record.valid_to,
        "precision": record.precision,
    }
    weight = {
        "importance": _number(record.importance),
        "confidence": _number(record.confidence),
    }
    use = {
        "recalls": str(record.recalls),
        "last": _moment(record.last) if record.last else "",
        "pinned": TRUE[0] if record.pinned else FALSE[0],
    }
    lineage = {
        "supersedes": " ".join(record.supersedes),
        "superseded-by": " ".join(record.superseded_by),
        "derived-from": " ".join(record.derived_from),
    }
    privacy = {"scope": record.scope, "sensitivity": record.sensitivity}
    return [
        element("text", {"lang": record.lang}, escaped(record.text)),
        element("about", {}, "".join(map(_entity, record.about))),
        *([_claim(record.claim)] if record.claim else []),
        *map(_source, record.sources),
        element("time", _given(moments)),
        *([_due(record.due)] if record.due else []),
        *(element("covers", {"session": c.session, "turns": c.turns}) for c in record.covers),
        element("weight", weight),
        element("use", _given(use)),
        element("lineage", {"created-by": record.created_by} | _given(lineage)),
        element("privacy", privacy),
        *record.foreign,
    ]


def _given(attributes: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value}


def _entity(one: Entity) -> str:
    return element(
        "entity", _given({"role": one.role, "id": one.id, "type": one.type}), escaped(one.name)
    )


def _claim(one: Claim) -> str:
    head = {"predicate": one.predicate, "polarity": one.polarity, "modality": one.modality}
    return element("claim", head | _given({"cardinality": one.cardinality}))


def _source(one: Source) -> str:
    head = {"speaker": one.speaker, "session": one.session}
    head |= _given({"turns": one.turns})
    head |= {"method": one.method, "asr-conf": _number(one.confidence)}
    quotes = (element("quote", {"turn": str(q.turn)}, escaped(q.text)) for q in one.quotes)
    return element("source", head, "".join(quotes))


def _due(one: Due) -> str:
    return element("due", {"at": one.at, "state": one.state, "by": one.by})


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _moment(moment: datetime) -> str:
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def parse(document: str) -> Record:
    """Read one memory.

    Raises:
        BadData: It is something else, or holds more than this version would keep; the message
            names the line. DOCTYPE, entities and processing instructions are refused.
    """
    return _record(Reader(tree(document, DOCUMENT_CHARACTERS), "memory"))


def parse_book(document: str) -> tuple[Record, ...]:
    """Read a book of memories, or one memory alone.

    Raises:
        BadData: As for `parse`.
    """
    root = tree(document, BOOK_CHARACTERS)
    if root.name == "memory":
        return (_record(Reader(root, "memory")),)
    book = Reader(root, "memories")
    if book.attribute("version") != _BOOK:
        refuse(root.line, "this is a book of another version")
    book.maybe_moment("exported")
    records = tuple(_record(one) for one in book.parts("memory"))
    book.end()
    return records


def _record(memory: Reader) -> Record:
    try:
        return Record(**_head(memory), **_tail(memory))
    except Unfit as error:
        refuse(memory.line, str(error).rstrip("."))


def _head(memory: Reader) -> dict[str, Any]:
    """The fields of a record up to its sources."""
    named: dict[str, Any] = {
        "id": memory.attribute("id"),
        "v": memory.count("v"),
        "kind": memory.attribute("kind"),
        "status": memory.attribute("status"),
    }
    words = memory.part("text", words=True)
    named |= {"text": words.text, "lang": words.attribute("lang")}
    words.end()
    about = memory.part("about")
    named["about"] = tuple(map(_read_entity, about.parts("entity", words=True)))
    about.end()
    claim = memory.maybe_part("claim")
    named["claim"] = claim and _read_claim(claim)
    named["sources"] = tuple(map(_read_source, memory.parts("source")))
    return named


def _tail(memory: Reader) -> dict[str, Any]:
    """The fields after its sources."""
    time = memory.part("time")
    named: dict[str, Any] = {
        "observed": time.moment("observed"),
        "valid_from": time.maybe("valid-from"),
        "valid_to": time.maybe("valid-to"),
        "precision": time.maybe("precision"),
    }
    time.end()
    due = memory.maybe_part("due")
    named["due"] = due and _read_due(due)
    named["covers"] = tuple(map(_read_covered, memory.parts("covers")))
    weight = memory.part("weight")
    named |= {name: weight.unit(name) for name in ("importance", "confidence")}
    weight.end()
    use = memory.part("use")
    named |= {"recalls": use.count("recalls"), "last": use.maybe_moment("last")}
    named["pinned"] = use.flag("pinned")
    use.end()
    named |= _read_lineage(memory.part("lineage"))
    privacy = memory.part("privacy")
    named |= {name: privacy.attribute(name) for name in ("scope", "sensitivity")}
    privacy.end()
    named["foreign"] = memory.foreign()
    memory.end()
    return named


def _made(part: Reader, make: Callable[..., T], **values: object) -> T:
    """A part of a record; a value that it refuses is refused with its line."""
    part.end()
    try:
        return make(**values)
    except Unfit as error:
        refuse(part.line, str(error).rstrip("."))


def _read_entity(one: Reader) -> Entity:
    return _made(
        one,
        Entity,
        role=one.attribute("role"),
        name=one.text,
        id=one.maybe("id"),
        type=one.maybe("type"),
    )


def _read_claim(one: Reader) -> Claim:
    needed = {name: one.attribute(name) for name in ("predicate", "polarity", "modality")}
    return _made(one, Claim, **needed, cardinality=one.maybe("cardinality"))


def _read_source(one: Reader) -> Source:
    return _made(
        one,
        Source,
        speaker=one.attribute("speaker"),
        session=one.attribute("session"),
        turns=one.maybe("turns"),
        method=one.attribute("method"),
        confidence=one.unit("asr-conf", "1"),
        quotes=tuple(map(_read_quote, one.parts("quote", words=True))),
    )


def _read_quote(one: Reader) -> Quote:
    return _made(one, Quote, turn=one.count("turn"), text=one.text)


def _read_due(one: Reader) -> Due:
    return _made(one, Due, **{name: one.attribute(name) for name in ("at", "state", "by")})


def _read_covered(one: Reader) -> Covered:
    return _made(one, Covered, **{name: one.attribute(name) for name in ("session", "turns")})


def _read_lineage(one: Reader) -> dict[str, Any]:
    named: dict[str, Any] = {"created_by": one.attribute("created-by")}
    for name in ("supersedes", "superseded-by", "derived-from"):
        named[name.replace("-", "_")] = tuple(one.maybe(name).split())
    one.end()
    return named
