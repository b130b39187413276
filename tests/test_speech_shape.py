"""What of a reply is read out."""
# ruff: noqa: RUF001 - the marks that look alike are what is tested

import pytest

from companion.speech.shape import Lookahead, shape, speakable


@pytest.mark.rule("10.asterisks")
@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("*waves* Hello there!", "Hello there!"),
        ("Hello *waves slowly and **really** smiles* there.", "Hello there."),
        ("*waves**smiles* Hi!", "Hi!"),
        ("*waves** Hello there.", "Hello there."),
        ("**Never** do ***that*** __again__, _please_.", "Never do that again, please."),
        ("Five * three is *not* much.", "Five three is much."),
        ("What the f*ck.", "What the fck."),
        (
            "# Title\n## Part\n- one\n* two\n+ three\n• four\n---\n> five",
            "Title Part one two three four five",
        ),
        ("It is -5 degrees and C# is a language.", "It is -5 degrees and C# is a language."),
        ("-5 degrees", "-5 degrees"),
        ("See [the page](http://x.org/a_b?c=d) now.", "See the page now."),
        ("See [the page](http://x.org", "See the page"),
        ("Look at https://example.com/v1.2/?ok=no. Then rest.", "Look at. Then rest."),
        ("Look at www.example.com, friend.", "Look at, friend."),
        ("However, who would wait?", "However, who would wait?"),
        ("Press `Enter` and not `x = 1;`.", "Press Enter and not."),
        ("A `stray tick", "A stray tick"),
        ("A ``double`` tick", "A double tick"),
        ("Code:\n```python\nprint('*a*')\n```\nDone.", "Code: Done."),
        ("Code:\n```python\nprint(1)", "Code:"),
        ("Good 😀👍🏽 morning ❤️ 1️⃣!", "Good morning 1!"),
        ("Nice :) to see you :-D ;) my friend <3", "Nice to see you my friend"),
        ("Three: one; two :Peter", "Three: one; two :Peter"),
        ("<b>Bold</b> and <br/> a < b > c <unclosed", "Bold and a < b > c unclosed"),
        ("Raw [[h@loU]] phonemes", "Raw h@loU phonemes"),
        ("NUL \0 and \ud800 gone\u200b", "NUL and gone"),
        ("Not \\*starred\\* \\. and \\n", "Not starred. and n"),
        ("18 °C in Köln, ½ liter", "18 °C in Köln, ½ liter"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("(*laughs*) Right.", "Right."),
        ("((brb, tea)) Right. [OOC: sorry] (ooc back) Yes.", "Right. Yes."),
        ("((never closed and f(x) (oocytes) [ooc", "((never closed and f(x) (oocytes) ooc"),
        ("{curly} a|b ~~gone~~ ^up", "curly a b gone up"),
        ("...and then?", "and then?"),
        ("It cost .50", "It cost .50"),
        ("Dr. Smith met Mr. X on Jan. 5. St. John", "Dr Smith met Mr X on Jan 5. St John"),
    ],
)
def test_marks_are_not_read_out_and_words_are(text, spoken):
    assert speakable(text) == spoken


@pytest.mark.parametrize(
    "text", ["", " \n", "...", "?!", "😀", "*waves*", "—", "<b></b>", "```x```", "[[]]"]
)
def test_text_without_words_is_not_spoken(text):
    assert speakable(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "<think>Secret plan.</think>Hello.",
        "<THINKING mood='x'>Secret </b> plan</thinking >Hello.",
        "*nods <think>Secret* plan</think>Hello.",
        "`x<think>Secret` plan</think>Hello.",
        "[](<think>Secret) plan</think>Hello.",
        "<b <think>Secret> plan</think>Hello.",
        "[a](b<think>Secret plan</think>Hello.",
        "Hello.<think>Secret never closed " + "plan " * 300,
    ],
)
def test_thinking_is_never_spoken(text):
    assert "Hello." in speakable(text)
    assert "Secret" not in speakable(text)
    assert "plan" not in speakable(text)


def test_a_fence_ends_where_the_model_thinks():
    assert speakable("```\nx\n<think>Secret</think>Hello.") == "Hello."


def test_a_reply_may_begin_inside_a_thought():
    pieces = list(shape(["Secret.", "</think>Hello."], thinking=True))
    assert [p.text for p in pieces if p.thought] == ["Secret.</think>"]
    assert "".join(p.spoken for p in pieces) == "Hello."


def test_an_unclosed_action_at_the_end_is_not_read():
    assert speakable("Hello there. *smiles and") == "Hello there."


def test_a_star_that_opens_nothing_does_not_silence_the_reply():
    assert speakable("*Hello there! How are you?") == "Hello there! How are you?"
    assert speakable("*a" + " long walk" * 40) == "a" + " long walk" * 40


def test_an_unclosed_action_ends_with_its_line():
    assert speakable("*waves\nHello there.") == "Hello there."


def test_actions_can_be_read_out():
    assert speakable("*waves* Hello there!", actions="speak") == "waves Hello there!"


def test_pieces_joined_are_the_text():
    text = "*a* **b** `c d` <e> [f](g) https://h.i/ j :) \\* # - 😀\0<think>k</think>"
    assert "".join(piece.text for piece in shape(text)) == text


def test_looking_ahead_pulls_no_more_than_was_looked_at():
    pulled = []
    ahead = Lookahead(pulled.append(i) or i for i in range(9))
    assert (ahead.peek(1), ahead.take(), pulled) == (1, 0, [0, 1])
    assert ahead.peek(20) is None
