"""Cards other projects test with: each is read, or refused with one clear error."""

import os
from pathlib import Path

import pytest

from companion.cards import Broken, Card, load_card
from companion.errors import CardError

DATA = Path(os.environ.get("COMPANION_TESTDATA", "")) / "cards"
needs_data = pytest.mark.skipif(
    "COMPANION_TESTDATA" not in os.environ, reason="COMPANION_TESTDATA does not name the test data"
)
REFUSED = {
    "cardforge_itxt_sample.png": "name is missing",
    "cardforge_ztxt_sample.png": "name is missing",
    "cardforge_plain_image.png": "carries no character data",
    "choral_invalid-character.png": "carries no character data",
    "cardforge_quack_export.json": "none of a character's other fields",
    "cardforge_quack_lorebook.json": "name is missing",
    "tavernkit_invalid_missing_name.json": "data.name is missing",
    "tavernkit_test_character.charx": "CHARX cards",
    "tavernkit_test_character_with_lorebook.charx": "CHARX cards",
}


def outcome(path: Path) -> Card | Broken:
    try:
        return load_card(path)
    except CardError as error:
        return Broken("", path, error)


@needs_data
def test_every_card_is_read_or_refused_by_name():
    found = {path.name: outcome(path) for path in sorted(DATA.iterdir())}
    refused = {name: str(o.error) for name, o in found.items() if isinstance(o, Broken)}
    assert refused.keys() == REFUSED.keys()
    assert all(name in error and REFUSED[name] in error for name, error in refused.items())
    assert len(found) >= 29


@needs_data
def test_every_card_that_is_read_has_a_name_and_a_persona():
    cards = [c for c in map(outcome, DATA.iterdir()) if isinstance(c, Card)]
    personas = [card.persona("Sam") for card in cards]
    assert len(cards) == 20
    assert all(p.name and (p.description or p.greeting) for p in personas)
    assert not any("{{char}}" in repr(p) or "{{user}}" in repr(p) for p in personas)
