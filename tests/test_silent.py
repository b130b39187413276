from companion.errors import EngineError
from companion.flow import Cancel
from companion.speech.silent import SilentSpeaker, SilentVoice
from companion.values import Clause

CLAUSES = [Clause("One, ", "One,"), Clause("two.", "two.")]


def play(clauses, cancel=None, started=None):
    cancel = Cancel() if cancel is None else cancel
    return SilentSpeaker().play(SilentVoice().say(clauses, cancel), cancel, started)


def test_a_reply_as_text_is_heard_whole():
    starts = []
    said = play(CLAUSES, started=lambda: starts.append(1))
    assert (said.text, said.complete, said.seconds) == ("One, two.", True, 0.0)
    assert starts == [1]


def test_a_stopped_reply_keeps_the_words_before_the_stop():
    cancel = Cancel()

    def clauses():
        yield CLAUSES[0]
        cancel.set()
        yield CLAUSES[1]

    said = play(clauses(), cancel)
    assert (said.text, said.complete) == ("One, ", False)


def test_an_error_upstream_comes_with_the_words_before_it():
    def clauses():
        yield CLAUSES[0]
        raise EngineError("llm", "broken.")

    said = play(clauses())
    assert said.text == "One, "
    assert isinstance(said.error, EngineError)
