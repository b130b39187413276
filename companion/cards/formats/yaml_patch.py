"""A YAML card changed where its values changed, so that comments and layout stay.

The new text is read again before it is handed back: where it would not say exactly the new
values (anchors, a layout we do not know), the card is written afresh instead.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml as pyyaml

from companion.cards.formats import yaml, yaml_write
from companion.errors import CardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.cards.formats.tree import Json

Edit = tuple[int, int, str]
"""From where to where of the text, and what stands there instead."""


def patched(text: str, values: dict[str, Json]) -> str:
    """The text of a YAML card that says `values`, with as little changed as can be."""
    try:
        old = yaml.read(text.encode(), "the card as it was").raw
        node = pyyaml.compose(text, Loader=yaml.Loader)
    except CardError:
        return yaml_write.text(values)
    if not isinstance(node, pyyaml.MappingNode):
        return yaml_write.text(values)
    edits = sorted(_edits(text, node, old, values), reverse=True)
    made = text
    for start, end, new in edits:
        made = made[:start] + new + made[end:]
    return made if _says(made, values) else yaml_write.text(values)


def same(one: Json, other: Json) -> bool:
    """Equal, and of the same kind all the way down: 1 is not true, and not 1.0."""
    return json.dumps(one) == json.dumps(other)


def _says(text: str, values: dict[str, Json]) -> bool:
    try:
        return same(yaml.read(text.encode(), "the card as changed").raw, values)
    except CardError:
        return False


def _edits(text: str, node: pyyaml.Node, old: Json, new: Json) -> Iterator[Edit]:
    """What to change so that a node says `new`."""
    if same(old, new):
        return
    flow = getattr(node, "flow_style", None)
    if isinstance(node, pyyaml.MappingNode) and isinstance(new, dict) and new and not flow:
        yield from _fields(text, node, old, new)
    elif isinstance(new, list) and isinstance(old, list) and len(new) == len(old) and not flow:
        for child, was, shall in zip(node.value, old, new, strict=True):
            yield from _edits(text, child, was, shall)
    else:
        yield _replaced(text, node, new)


def _fields(text: str, node: pyyaml.MappingNode, old: Json, new: dict[str, Json]) -> Iterator[Edit]:
    """Changes to the fields of an object: those that go, those that change, those that come."""
    was = old if isinstance(old, dict) else {}
    for key, child in node.value:
        name: str = key.value
        if name not in new:
            yield _removed(text, key, child)
        else:
            yield from _edits_of_field(text, (key, child), was[name], new[name])
    indent = node.start_mark.column
    added = [key for key in new if key not in was]
    if added:
        end = _line_end(text, _end(text, node.value[-1][1]))
        lines = (" " * indent + yaml_write.field(key, new[key], indent) for key in added)
        yield end, end, "\n" + "\n".join(lines)


def _edits_of_field(
    text: str, pair: tuple[pyyaml.Node, pyyaml.Node], old: Json, new: Json
) -> Iterator[Edit]:
    """Changes to one field; one whose form changes is written anew, name and all."""
    key, child = pair
    flow = bool(getattr(child, "flow_style", False))
    if same(old, new) or (not flow and _keeps_form(old, new)):
        yield from _edits(text, child, old, new)
        return
    if flow and isinstance(new, (list, dict)):
        yield _replaced(text, child, new)
        return
    start, end = key.start_mark.index, max(_end(text, child), key.end_mark.index)
    written = yaml_write.field(key.value, new, key.start_mark.column)
    yield start, end, written


def _keeps_form(old: Json, new: Json) -> bool:
    """Whether a change stays inside: fields of an object, items of a list as long as before."""
    if isinstance(old, dict) and isinstance(new, dict):
        return bool(old and new)
    return isinstance(old, list) and isinstance(new, list) and len(new) == len(old) > 0


def _replaced(text: str, node: pyyaml.Node, new: Json) -> Edit:
    return node.start_mark.index, _end(text, node), yaml_write.inline(new)


def _removed(text: str, key: pyyaml.Node, child: pyyaml.Node) -> Edit:
    """A field that goes, with the line break before it."""
    start = text.rfind("\n", 0, key.start_mark.index)
    return max(start, 0), _line_end(text, max(_end(text, child), key.end_mark.index)), ""


def _end(text: str, node: pyyaml.Node) -> int:
    """Where a node really ends: a reader counts what is blank or comment after it as its own."""
    if isinstance(node, pyyaml.ScalarNode) or getattr(node, "flow_style", False):
        start, end = node.start_mark.index, node.end_mark.index
        return start + len(text[start:end].rstrip())
    if not node.value:
        return int(node.start_mark.index)
    last = node.value[-1]
    return _end(text, last[1] if isinstance(last, tuple) else last)


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found
