"""Keys that are patterns: JavaScript's, and never for long."""

import time

import pytest
from lore_world import book, entry, talk, told

from companion.lore import Setting
from companion.lore.patterns import EACH, TOGETHER, compiled, parts


def says(key: str, text: str, **raw: object) -> bool:
    return told(book(entry(keys=[key], **raw)), text) == ["told"]


@pytest.mark.rule("7.regex")
@pytest.mark.parametrize(
    ("key", "text", "found"),
    [
        ("/t[aeiou]wer/", "the tower", True),
        ("/TOWER/", "the tower", False),
        ("/TOWER/i", "the tower", True),
        (r"/(?<who>Mira) and \k<who>/", "Mira and Mira", True),
        (r"/\u{41}nna/u", "Anna", True),
        (r"/^\d+$/", "42", True),
        (r"/^\d+$/", "४२", False),
        (r"/a{,2}/", "a{,2}", True),
        (r"/a{e<=1}/", "a{e<=1}", True),
        (r"/[^]/", "x", True),
        (r"/[[]/", "[", True),
        (r"/a.b/", "a\nb", False),
        (r"/a.b/s", "a\nb", True),
        (r"/http:\/\//", "http://", True),
    ],
)
def test_a_pattern_between_slashes_is_javascripts(key, text, found):
    assert says(key, text) is found


@pytest.mark.rule("7.regex")
@pytest.mark.parametrize("key", ["/(/", "/a/b/", "/a/q", "/a++/", "/(?>a)/", "/(*FAIL)/"])
def test_what_is_no_pattern_is_plain_text(key):
    assert says(key, f"he said {key} to me", extensions={"match_whole_words": False})
    assert not says(key, "aaa b")


@pytest.mark.rule("7.regex")
def test_an_invalid_bare_pattern_never_matches():
    assert not says("(", "(", use_regex=True)


@pytest.mark.rule("7.use_regex")
def test_use_regex_makes_every_key_a_pattern():
    assert says("t.wer", "tower", use_regex=True)
    assert not says("t.wer", "tower", use_regex=False)
    assert says("/t.wer/", "tower", use_regex=False)
    assert not says("t.wer", "tower", use_regex=True, extensions={"display_index": 1})


@pytest.mark.rule("7.use_regex")
def test_secondary_keys_of_a_bare_pattern_do_not_count():
    raw = {"use_regex": True, "selective": True, "secondary_keys": ["moon"]}
    assert says("tow.r", "tower", **raw)


@pytest.mark.rule("13.constant regex")
def test_a_constant_entry_with_use_regex_is_constant():
    assert says("(", "nothing", use_regex=True, constant=True)


CATASTROPHIC = ["/(a|aa)+$/", "/((a{1,1000}){1,1000}){1,1000}$/", "/(a|a?)+$/"]


@pytest.mark.rule("7.regex time", "10.regex")
@pytest.mark.parametrize("key", CATASTROPHIC)
def test_a_pattern_that_does_not_end_is_stopped_named_and_not_tried_again(key):
    lore = book(entry(keys=[key]), entry("other"), setting=Setting(clock=time.monotonic))
    messages = talk("the tower " + "a" * 300 + "!")
    began = time.process_time()  # on a machine with nothing else to do, that is the time it takes
    first = lore.told(messages, 1, {})
    assert time.process_time() - began < 0.2
    assert [one.text for one in first.entries] == ["other"]
    assert key in first.notices[0]
    assert lore.told(messages, 2, {}).notices == ()


@pytest.mark.rule("7.regex time", "10.regex")
def test_many_patterns_that_do_not_end_take_no_longer_than_a_few():
    keys = [f"/(a|aa)+{n}$/" for n in range(50)]
    lore = book(*(entry(keys=[key]) for key in keys), setting=Setting(clock=time.process_time))
    began = time.process_time()
    notices = lore.told(talk("a" * 300 + "!"), 1, {}).notices
    assert time.process_time() - began < 0.2
    assert len(notices) >= TOGETHER / EACH
    assert "not tried" in notices[-1]


def test_a_pattern_beyond_reason_is_none():
    assert compiled("a" * 3000) is None
    assert compiled("a{5000}") is None


def test_parts_of_a_pattern():
    assert parts("/a/gi") == ("a", "gi")
    assert parts("a/b") is None
