import pytest

from companion.cards.formats.yaml_place import place_of

CARD = b"""\
# Ada
name: Ada
character_book:
  entries:
    - keys: [fog]
      content: Bess.
    - {keys: [rain], "a/b": wet}
"""


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/name", (2, 1)),
        ("/character_book/entries/0", (5, 7)),
        ("/character_book/entries/0/content", (6, 7)),
        ("/character_book/entries/1/a~1b", (7, 22)),
        ("/character_book/entries/9", (4, 3)),
        ("/nothing", None),
        ("", None),
    ],
)
def test_a_pointer_leads_to_a_line(pointer, place):
    assert place_of(CARD, pointer) == place


@pytest.mark.parametrize("text", [b"name: [", b"\xff", b"", b"*x"])
def test_what_is_no_yaml_has_no_lines(text):
    assert place_of(text, "/name") is None
