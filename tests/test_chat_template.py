import pytest
from template_cases import cases

from companion.errors import BadData
from companion.llm.chat import ChatTemplate
from companion.prompt import Assembler, Now, Room
from companion.testing import NOON, Letters
from companion.values import Exchange, Persona

CHATML = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + CHATML
)
SILENT_DROP = CHATML.replace("messages %}", "messages if m['role'] != 'system' %}")
USER_FIRST = (
    "{% for m in messages if m['role'] != 'system' %}{% if (m['role'] == 'user') != "
    "(loop.index0 % 2 == 0) %}{{ raise_exception('order') }}{% endif %}{% endfor %}" + CHATML
)


def prompt_text(source, bos="", eos=""):
    chat = ChatTemplate(source, bos, eos)
    assembler = Assembler(Letters(), chat, Room(8000, 100, 300))
    persona = Persona("Juno", "Sam", description="Keeps the Gull Island light.", greeting="Hi Sam!")
    now = Now("who are you?", (), NOON)
    ids = assembler.assemble(persona, [Exchange("hello", "good day")], now).tokens
    return "".join(chr(i) if i < 2_000_000 else "\n" for i in ids)


def test_the_pieces_and_the_contents_make_the_whole():
    pieces = ChatTemplate(CHATML).frame(["system", "user"])
    assert pieces == ["<|system|>", "<|end|><|user|>", "<|end|><|assistant|>"]


@pytest.mark.parametrize("source", [NO_SYSTEM, SILENT_DROP])
def test_a_template_without_system_gets_the_card_in_the_first_user_message(source):
    assert not ChatTemplate(source).takes_system
    assert "Keeps the Gull Island light." in prompt_text(source)


def test_a_template_where_the_user_must_begin_keeps_the_greeting():
    assert not ChatTemplate(USER_FIRST).takes_opening
    assert "Hi Sam!" in prompt_text(USER_FIRST)


@pytest.mark.parametrize("source", ["{% for %}", "nothing of the conversation"])
def test_a_template_that_shows_nothing_is_refused_with_the_cure(source):
    with pytest.raises(BadData) as caught:
        ChatTemplate(source, where="x.gguf")
    assert "x.gguf" in str(caught.value)
    assert caught.value.hint


def test_a_template_that_prints_the_date_does_not_change_from_day_to_day():
    source = "{{ strftime_now('%Y') }}" + CHATML
    assert ChatTemplate(source).frame(["user"])[0] == "2000<|user|>"


def test_a_template_cannot_reach_python():
    with pytest.raises(BadData):
        ChatTemplate("{{ ''.__class__.__mro__[1].__subclasses__() }}" + CHATML)


@pytest.mark.skipif(not cases(), reason="COMPANION_TESTDATA is not set")
@pytest.mark.parametrize("case", cases(), ids=lambda c: c["name"][:40])
def test_every_template_at_hand_keeps_the_card(case):
    text = prompt_text(case["template_str"], case.get("bos_token", ""), case.get("eos_token", ""))
    for words in ("Keeps the Gull Island light.", "Hi Sam!", "hello", "good day", "who are you?"):
        assert text.count(words) == 1
