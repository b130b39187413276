import pytest

from companion.flow import Cancel
from companion.testing import recording, scripted
from companion.trace import Span, Trace
from companion.turn import greet, repeat, turn
from companion.values import Heard


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


def slow(clock, seconds, items):
    for item in items:
        clock.passes(seconds)
        yield item


def begun():
    clock = Clock()
    return clock, Trace(clock, lambda: 0.0)


def spans(trace):
    return [(s.stage, s.number, round(s.begin, 3), round(s.end, 3)) for s in trace.spans]


def test_a_span_is_what_a_stage_took():
    clock, trace = begun()
    clock.passes(0.25)
    with trace.span("stt"):
        clock.passes(0.5)
    assert trace.spans == [Span("stt", 0.25, 0.75)]


def test_what_was_done_before_the_release_has_negative_times():
    clock, trace = begun()
    trace.add("stt", clock.now - 2, clock.now - 1)
    assert trace.spans == [Span("stt", -2.0, -1.0)]


def test_a_stage_that_fails_has_its_span_too():
    clock, trace = begun()

    def breaks():
        clock.passes(1)
        raise KeyError

    with pytest.raises(KeyError), trace.span("recall"):
        breaks()
    assert trace.spans == [Span("recall", 0.0, 1.0)]


def test_each_item_has_a_span_without_the_time_of_its_reader():
    clock, trace = begun()
    for _ in trace.each(slow(clock, 1, "ab"), "decode"):
        clock.passes(10)
    assert spans(trace) == [("decode", 1, 0, 1), ("decode", 2, 11, 12)]


def test_the_first_item_begins_when_what_comes_before_it_is_over():
    clock, trace = begun()

    def items():
        clock.passes(3)
        trace.mark("first_token")
        clock.passes(1)
        yield "a"

    assert list(trace.each(items(), "decode", "first_token")) == ["a"]
    assert spans(trace) == [("decode", 1, 3, 4)]


def test_a_stage_in_a_row_is_not_charged_with_the_stage_before_it():
    clock, trace = begun()
    made = trace.through("synth", slow(clock, 5, "ab"), lambda given: slow(clock, 1, given))
    assert list(made) == ["a", "b"]
    assert spans(trace) == [("synth", 1, 5, 6), ("synth", 2, 11, 12)]


def test_pieces_of_one_clause_share_its_number():
    clock, trace = begun()

    def in_two(given):
        for item in given:
            clock.passes(1)
            yield item
            clock.passes(2)
            yield ""

    list(trace.through("synth", "ab", in_two, bool))
    assert [number for _, number, _, _ in spans(trace)] == [1, 1, 2, 2]
    assert [end - begin for _, _, begin, end in spans(trace)] == [1, 2, 1, 2]


def test_a_clause_is_heard_after_the_one_before_it():
    clock, trace = begun()
    trace.handed(2.0)
    clock.passes(0.5)
    trace.started()
    clock.passes(0.1)
    trace.handed(1.0)  # is there in time
    clock.passes(4.4)
    trace.handed(1.0)  # comes late: a gap
    clock.passes(1)
    trace.finish(None)
    heard = [("play", 1, 0.5, 2.5), ("play", 2, 2.5, 3.5), ("play", 3, 5.0, 6.0)]
    assert spans(trace) == heard


def test_what_was_cut_short_was_not_heard():
    clock, trace = begun()
    trace.handed(2.0)
    trace.handed(2.0)
    trace.started()
    clock.passes(1)
    trace.finish(None)
    assert spans(trace) == [("play", 1, 0, 1)]


def test_processor_time_is_counted_from_the_release_and_before_where_told():
    used = Clock()
    trace = Trace(lambda: 0.0, used)
    used.passes(0.75)
    trace.spent(0.25)
    trace.finish(None)
    assert trace.record(0.0)["cpu_s"] == 1.0


def test_a_turn_has_a_span_for_every_stage():
    companion, _ = scripted(["Good evening, friend. The tide is low today."], ["hello"])
    trace = Trace()
    turn(companion, recording(1.5), Cancel(), trace)
    stages = {(span.stage, span.number) for span in trace.spans}
    alone = {("stt", 0), ("recall", 0), ("prompt", 0), ("prefill", 0)}
    assert alone <= stages
    assert {("decode", 1), ("synth", 1), ("decode", 2), ("synth", 2)} <= stages
    assert all(0 <= span.begin <= span.end for span in trace.spans)
    assert (trace.kind, trace.heard_seconds) == ("spoken", 1.5)


def test_a_record_says_what_began_the_turn():
    companion, _ = scripted(["Yes."])
    kinds = []
    for begin in (
        lambda trace: turn(companion, Heard("hello"), Cancel(), trace),
        lambda trace: repeat(companion, Cancel(), trace),
        lambda trace: greet(companion, Cancel(), trace),
    ):
        trace = Trace()
        begin(trace)
        kinds.append(trace.record(0.0)["kind"])
    assert kinds == ["typed", "again", "greeting"]


def test_a_record_holds_no_word_of_the_turn():
    companion, _ = scripted(["Xylophones everywhere."])
    trace = Trace()
    turn(companion, Heard("zebras"), Cancel(), trace)
    told = repr(trace.record(1.0)).lower()
    assert "xylophone" not in told
    assert "zebra" not in told
