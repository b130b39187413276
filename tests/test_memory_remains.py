"""Words are found in the bytes of files as if each were looked for alone, in one pass over them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.memory.forget import remains, sieve
from companion.memory.forget.remains import LEAST, Found, forms, search, telling
from companion.memory.forget.sieve import Sieve

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = st.text("aAbBß İé\u0301\0\U0001f40d", max_size=12)
BYTES = st.binary(max_size=60) | st.text("ab\0", max_size=60).map(str.encode)


@given(BYTES, st.lists(st.binary(max_size=9) | st.text("ab\0", max_size=9).map(str.encode)))
def test_each_string_is_found_that_is_in_the_text(text: bytes, wanted: list[bytes]) -> None:
    assert Sieve(wanted).found(text) == {one for one in wanted if one and one in text}


@pytest.mark.parametrize("length", [5, 6, 7, 8, 9, 40])
def test_a_string_is_found_at_every_place_between_two_pieces(length: int) -> None:
    needle = bytes(range(1, length + 1))
    found = Sieve([needle]).found
    for before in range(sieve.PIECE - length - 5, sieve.PIECE + 5):
        assert found(bytes(before) + needle) == {needle}
        assert found(bytes(before) + needle[:-1]) == set()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(LETTERS, max_size=6), st.lists(LETTERS | BYTES, max_size=20), st.integers(1, 40))
def test_a_search_finds_what_looking_for_each_word_alone_finds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    texts: list[str],
    parts: list[str | bytes],
    block: int,
) -> None:
    written = [
        part if isinstance(part, bytes) else part.encode("utf-8", "replace") for part in parts
    ]
    path = tmp_path / "file"
    path.write_bytes(b"".join([*written, *(one for text in texts[:2] for one in forms(text))]))
    whole = path.read_bytes().lower()
    there = [text for text in set(texts) if any(one in whole for one in forms(text))]
    monkeypatch.setattr(remains, "BLOCK", block)
    assert search([path], texts) == ([Found(path, len(there))] if there else [])


@given(st.lists(st.text("abCß .é", max_size=30)), st.lists(st.text("abcß .é", max_size=30)))
def test_what_is_looked_for_is_what_nothing_that_stays_holds(
    texts: list[str], kept: list[str]
) -> None:
    rest = "\n".join(kept).casefold()
    words = set(remains._WORD.findall(rest))
    wanted: set[str] = set()
    for text in texts:
        spans = [one.span() for one in remains._WORD.finditer(text)]
        alone = {text[a:b] for a, b in spans if b - a >= LEAST}
        alone = {one for one in alone if one.casefold() not in words}
        wanted |= alone or {text.strip(), *(text[a:b] for (a, _), (_, b) in pairwise(spans))}
    left = [one for one in wanted if len(one) >= LEAST and one.casefold() not in rest]
    assert telling(texts, kept) == sorted(left, key=lambda one: (-len(one), one))


def test_every_word_is_looked_for_however_many_there_are(tmp_path: Path) -> None:
    words = [f"syllable{n:05d}" for n in range(2000)]
    assert telling([" ".join(words)], []) == words
    path = tmp_path / "file"
    path.write_bytes(words[-1].upper().encode())
    assert search([path], words) == [Found(path, 1)]


def test_a_text_of_accents_alone_is_not_in_every_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"something else")
    assert search([path], ["\u0301" * LEAST]) == []
