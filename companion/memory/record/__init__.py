"""One memory as a `Record`, as XML (`urn:companion:memory:1`), and the clean words it is made of.

    record = Record(id=ulid, text="Sam lives in Leeds.", about=(Entity("subject", "Sam", "user"),),
                    sources=(Source("user", session, "14", "rule:lives_in"),), observed=now,
                    created_by="rules/1", scope="character:mira")
    parse(serialise(record)) == record

Pure: no database or clock.
"""

from companion.memory.record.fields import (
    NAME_CHARACTERS,
    NAMESPACE,
    QUOTE_CHARACTERS,
    TEXT_CHARACTERS,
    Claim,
    Covered,
    Due,
    Entity,
    Quote,
    Record,
    Source,
    Unfit,
)
from companion.memory.record.lines import FROM_LINE, of_line, scope_of
from companion.memory.record.words import clean, shortened
from companion.memory.record.xml import parse, parse_book, serialise, serialise_book

__all__ = [
    "FROM_LINE",
    "NAMESPACE",
    "NAME_CHARACTERS",
    "QUOTE_CHARACTERS",
    "TEXT_CHARACTERS",
    "Claim",
    "Covered",
    "Due",
    "Entity",
    "Quote",
    "Record",
    "Source",
    "Unfit",
    "clean",
    "of_line",
    "parse",
    "parse_book",
    "scope_of",
    "serialise",
    "serialise_book",
    "shortened",
]
