"""Cards other projects test with: each is read, or refused with one clear error."""

import json
import os
import time
from pathlib import Path

import pytest

from companion.cards import Broken, Card, kinds, load_card, write
from companion.cards.write import SUFFIX
from companion.errors import CardError

DATA = Path(os.environ.get("COMPANION_TESTDATA", "")) / "cards"
needs_data = pytest.mark.skipif(
    "COMPANION_TESTDATA" not in os.environ, reason="COMPANION_TESTDATA does not name the test data"
)
rule = pytest.mark.rule
REFUSED = {
    "cardforge_itxt_sample.png": ("NO_NAME", "name is missing"),
    "cardforge_ztxt_sample.png": ("NO_NAME", "name is missing"),
    "cardforge_plain_image.png": ("NO_CARD_DATA", "carries no character data"),
    "choral_invalid-character.png": ("NO_CARD_DATA", "carries no character data"),
    "cardforge_quack_export.json": ("FOREIGN_FORMAT", "none of a character's other fields"),
    "cardforge_quack_lorebook.json": ("FOREIGN_FORMAT", "this is a lorebook"),
    "tavernkit_invalid_missing_name.json": ("NO_NAME", "data.name is missing"),
}


def outcome(path: Path) -> Card | Broken:
    try:
        return load_card(path)
    except CardError as error:
        return Broken("", path, error)


def read_cards() -> list[Card]:
    return [card for card in map(outcome, sorted(DATA.iterdir())) if isinstance(card, Card)]


@rule("12.1")
@needs_data
def test_every_card_is_read_or_refused_by_name_and_code():
    found = {path.name: outcome(path) for path in sorted(DATA.iterdir())}
    refused = {name: o.error for name, o in found.items() if isinstance(o, Broken)}
    assert len(found) >= 29
    assert {name: error.reason for name, error in refused.items()} == {
        name: reason for name, (reason, _) in REFUSED.items()
    }
    assert all(name in str(e) and REFUSED[name][1] in str(e) for name, e in refused.items())


@rule("12.1")
@needs_data
def test_the_whole_set_is_read_in_under_five_seconds():
    started = time.process_time()
    assert len(read_cards()) >= 22
    assert time.process_time() - started < 5


@needs_data
def test_every_card_that_is_read_has_a_name_and_a_persona():
    cards = read_cards()
    personas = [card.persona("Sam") for card in cards]
    assert len(cards) == 22
    assert all(p.name and (p.description or p.greeting) for p in personas)
    assert not any("{{char}}" in repr(p) or "{{user}}" in repr(p) for p in personas)


@rule("10.round trip")
@needs_data
@pytest.mark.parametrize("kind", kinds())
def test_export_import_export_is_the_same_to_the_byte(tmp_path, kind):
    for card in read_cards():
        once = write(card, kind)
        path = tmp_path / f"{card.id}{SUFFIX[kind]}"
        path.write_bytes(once)
        assert write(load_card(path), kind) == once, card.path


def known(tree: dict) -> set[str]:
    """The fields of a tree that a writer may change: they are ours to understand."""
    from companion.cards.flavour import V2_FIELDS, V3_FIELDS

    return {*V2_FIELDS, *V3_FIELDS, "spec", "spec_version", "data"}


def unknown(tree: object) -> object:
    """What is in a tree that no specification names."""
    inner = tree.get("data", tree) if isinstance(tree, dict) else {}
    assert isinstance(tree, dict)
    return (
        {key: value for key, value in tree.items() if key not in known(tree)},
        {key: value for key, value in inner.items() if key not in known(tree)},
        inner.get("extensions") or {},
    )


@needs_data
@pytest.mark.parametrize("kind", ["json-v2", "json-v3"])
def test_unknown_fields_come_through_deep_equal(kind):
    for card in read_cards():
        if "data" in card.raw:
            assert unknown(json.loads(write(card, kind))) == unknown(card.raw), card.path
