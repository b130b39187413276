"""The files in which the beginning of all prompts is kept, and how texts were split before."""

import os

from companion.llm.kept import Kept, identity
from companion.llm.spelling import Spellings, Writing


def test_a_state_comes_back_as_it_was(tmp_path):
    Kept(tmp_path, "m").save([1, 2], b"state")
    assert Kept(tmp_path, "m").load([1, 2]) == b"state"


def test_a_state_belongs_to_its_tokens_and_its_model(tmp_path):
    Kept(tmp_path, "m").save([1, 2], b"state")
    assert Kept(tmp_path, "m").load([1, 2, 3]) is None
    assert Kept(tmp_path, "n").load([1, 2]) is None


def test_the_longest_unused_goes_first(tmp_path):
    kept = Kept(tmp_path, "m", files=2)
    for age, token in enumerate([1, 2, 3]):
        kept.save([token], b"state")
        (newest,) = {p for p in tmp_path.iterdir() if p.stat().st_mtime > 1e9}
        os.utime(newest, (age + 1, age + 1))
    kept.save([4], b"state")
    assert [kept.load([token]) is not None for token in [1, 2, 3, 4]] == [False, False, True, True]


def test_the_folder_stays_within_its_bytes(tmp_path):
    kept = Kept(tmp_path, "m", most=1000)
    for token in range(20):
        kept.save([token], bytes(200))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000


def test_what_is_larger_than_the_folder_is_not_kept(tmp_path):
    Kept(tmp_path, "m", most=100).save([1], bytes(200))
    assert list(tmp_path.iterdir()) == []


def test_a_model_file_that_changed_is_another_model(tmp_path):
    file = tmp_path / "model"
    file.write_bytes(b"a" * 200_000)
    before = identity(file)
    file.write_bytes(b"a" * 199_999 + b"b")
    assert identity(file) != before


def letters(text):
    return [ord(letter) for letter in text]


def written(*pieces):
    """A reply whose tokens are numbered from 1000."""
    writing = Writing()
    for n, piece in enumerate(pieces):
        writing.ids.append(1000 + n)
        writing.add(piece, complete=True)
    return writing


def test_a_reply_keeps_the_tokens_it_was_written_with():
    spellings = Spellings(letters)
    spellings.wrote(written("Hel", "lo", " you"), "Hello you")
    assert spellings.of("Hello you") == [1000, 1001, 1002]


def test_the_heard_beginning_of_a_reply_keeps_them_too():
    spellings = Spellings(letters)
    spellings.wrote(written("Hel", "lo,", " you"), "Hello, you")
    assert spellings.of("Hello,") == [1000, 1001]


def test_where_the_words_end_within_a_token_the_rest_is_split_anew():
    spellings = Spellings(letters)
    spellings.wrote(written("Hel", "lo, y", "ou"), "Hello, you")
    assert spellings.of("Hello,") == [1000, *letters("lo,")]


def test_a_character_of_two_tokens_is_never_cut():
    writing = Writing()
    for token, piece, complete in [(1, "a", True), (2, "", False), (3, "é", True)]:
        writing.ids.append(token)
        writing.add(piece, complete=complete)
    assert writing.split("a") == ([1], "")
    assert writing.split("aé") == ([1, 2, 3], "")


def test_a_text_is_split_as_it_was_before():
    spellings = Spellings(letters)
    before = spellings.of("Hello,")
    spellings.wrote(written("Hel", "lo,", " you"), "Hello, you")
    assert spellings.of("Hello,") == before


def test_what_is_remembered_is_bounded():
    spellings = Spellings(letters, most=3)
    for n in range(9):
        spellings.wrote(written(f"reply {n}"), f"reply {n}")
        spellings.of(f"words {n}")
    assert len(spellings) == 3


def test_after_forgetting_no_reply_is_known():
    spellings = Spellings(letters)
    spellings.wrote(written("Hello"), "Hello")
    spellings.clear()
    assert spellings.of("Hello") == letters("Hello")
