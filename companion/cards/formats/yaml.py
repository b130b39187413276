"""YAML cards: our own form for people, the fields of a V2 card without its envelope.

What PyYAML reads by itself follows YAML 1.1, where `no` is false, `012` is ten and `1:30` is
ninety. Here a plain word is a number only if JSON would call it one, and only true, false and
null are more than words: people mean what they wrote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from companion.cards.formats.tree import DEEPEST, MOST, Json, Tree, bounded, too_large
from companion.errors import CardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.errors import CardReason

LIMIT = 1024 * 1024
"""Bytes of YAML; people do not write more, and the reader is slow."""

NODES = 50_000
"""Values of YAML: each takes over a kilobyte while it is read."""

_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,4299})\Z")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?\Z")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Loader(yaml.SafeLoader):
    """Composes nodes and resolves nothing: what a plain word is, is decided in `plain`."""

    deep = seen = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As in PyYAML, within a depth and a number its recursion and our memory survive."""
        self.deep += 1
        self.seen += 1
        if self.deep > DEEPEST + 1:
            raise self.stopped(f"lists and objects stand more than {DEEPEST} deep")
        if self.seen > NODES:
            raise self.stopped(f"there are more than {NODES:,} values; keep it as JSON")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.deep -= 1
        return node

    def stopped(self, problem: str) -> yaml.MarkedYAMLError:
        """The error for reading no further, with the place."""
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


Loader.yaml_implicit_resolvers = {}


def plain(word: str) -> Json:
    """The value of a word written without quotes."""
    if word in _WORDS:
        return _WORDS[word]
    if _INT.match(word):
        return int(word)
    if _FLOAT.match(word):
        number = float(word)
        return number if abs(number) != float("inf") else word
    return word


def read(data: bytes, name: str) -> Tree:
    """Read a YAML card.

    Raises:
        CardError: Not YAML, a field that stands twice, too large or too deep; with line and column.
    """
    if len(data) > LIMIT:
        raise too_large(name, len(data), LIMIT)
    try:
        node = yaml.compose(data.decode("utf-8-sig"), Loader=Loader)
        value = _Values(name).value(node) if node is not None else None
    except UnicodeDecodeError as error:
        raise CardError(
            f"{name}: byte {error.start:,} is not UTF-8.", "Save the file as UTF-8.", "NOT_YAML"
        ) from error
    except yaml.MarkedYAMLError as error:
        raise CardError(
            f"{name}: not valid YAML{_place(error.problem_mark)} ({str(error.problem)[:200]}).",
            "Text with a colon, a quote or a # in it is safest after a | on lines of its own.",
            _reason(error.problem or ""),
        ) from error
    except yaml.reader.ReaderError as error:
        raise CardError(
            f"{name}: character {error.position:,} (U+{error.character:04X}) is not for YAML.",
            "Take it out.",
            "NOT_YAML",
        ) from error
    return Tree(bounded(value, name))


def _reason(problem: str) -> CardReason:
    if problem.endswith("deep"):
        return "TOO_DEEP"
    return "TOO_LARGE" if problem.endswith("keep it as JSON") else "NOT_YAML"


def _place(mark: yaml.Mark | None) -> str:
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""


class _Values:
    """Turns composed nodes into plain data, counting as it goes: aliases can multiply."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen = 0
        self.deep = 0

    def value(self, node: yaml.Node) -> Json:
        self.seen += 1
        if self.seen > MOST or self.deep > DEEPEST:
            raise CardError(
                f"{self.name}: its aliases (*name) unfold without end.",
                "Write out what they stand for.",
                "TOO_LARGE",
            )
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        self.deep += 1
        inside: Json
        if isinstance(node, yaml.SequenceNode):
            inside = [self.value(item) for item in node.value]
        else:
            inside = dict(self.pairs(node))
        self.deep -= 1
        return inside

    def scalar(self, node: yaml.ScalarNode) -> Json:
        text: str = node.value
        if node.tag not in {"tag:yaml.org,2002:str", "!"}:
            raise CardError(
                f"{self.name}: tag {node.tag[:80]}{_place(node.start_mark)} is not used in cards.",
                "Take it out.",
                "NOT_YAML",
            )
        return plain(text) if node.style is None else text

    def pairs(self, node: yaml.Node) -> Iterator[tuple[str, Json]]:
        keys: set[str] = set()
        for key, value in node.value:
            place = _place(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                raise CardError(
                    f"{self.name}: the field name{place} is not a word.",
                    "Name the field by a word.",
                    "NOT_YAML",
                )
            if key.value in keys:
                raise CardError(
                    f"{self.name}: '{key.value[:80]}' stands twice, the second time{place}.",
                    "Keep one of them.",
                    "NOT_YAML",
                )
            keys.add(key.value)
            yield key.value, self.value(value)
