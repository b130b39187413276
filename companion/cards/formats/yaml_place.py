"""Where in a YAML card a value stands: from a JSON pointer to a line."""

from __future__ import annotations

from functools import lru_cache

import yaml as pyyaml

from companion.cards.formats import yaml


def place_of(data: bytes, pointer: str) -> tuple[int, int] | None:
    """(line, column) of a value, counted from 1, or of what it would stand in.

    None where the text is no YAML, or nothing of the way to the value is in it.
    """
    node = _composed(data)
    mark = None
    for part in pointer.split("/")[1:]:
        found = _inside(node, part.replace("~1", "/").replace("~0", "~"))
        if found is None:
            break
        mark, node = found
    return (mark.line + 1, mark.column + 1) if mark else None


@lru_cache(maxsize=1)
def _composed(data: bytes) -> pyyaml.Node | None:
    """The text as nodes; kept, because many places are asked for in one card."""
    try:
        return pyyaml.compose(data[: yaml.LIMIT].decode("utf-8-sig"), Loader=yaml.Loader)
    except (UnicodeDecodeError, pyyaml.YAMLError):
        return None


def _inside(node: pyyaml.Node | None, part: str) -> tuple[pyyaml.Mark, pyyaml.Node] | None:
    """Where a field or an item begins, and its value."""
    if isinstance(node, pyyaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark, value
    if isinstance(node, pyyaml.SequenceNode) and part.isdecimal() and int(part) < len(node.value):
        item = node.value[int(part)]
        return item.start_mark, item
    return None
