import threading

import pytest

from companion.errors import EngineError
from companion.flow import Cancel, ahead


def test_a_stop_sign_is_set_once_and_stays():
    cancel = Cancel()
    calls = []
    cancel.then(lambda: calls.append("before"))
    cancel.set()
    cancel.set()
    cancel.then(lambda: calls.append("after"))
    assert bool(cancel)
    assert calls == ["before", "after"]


def test_waiting_tells_whether_the_stop_came():
    cancel = Cancel()
    assert not cancel.wait(0)
    cancel.set()
    assert cancel.wait(0)


def test_items_come_out_in_order():
    assert list(ahead(iter(range(50)), Cancel())) == list(range(50))


def test_nothing_runs_before_the_first_item_is_asked_for():
    asked = []
    lazy = ahead((asked.append(n) for n in range(3)), Cancel())
    assert asked == []
    lazy.close()
    assert asked == []


def test_at_most_two_items_are_made_before_they_are_asked_for():
    made, third = [], threading.Event()

    def source():
        for n in range(10):
            made.append(n)
            if n == 2:
                third.set()
            yield n

    lazy = ahead(source(), Cancel())
    next(lazy)
    third.wait(5)
    assert len(made) <= 4
    lazy.close()


def test_more_is_made_where_the_reader_says_that_it_is_not_enough():
    made, fifth = [], threading.Event()

    def source():
        for n in range(10):
            made.append(n)
            if n == 4:
                fifth.set()
            yield n

    lazy = ahead(source(), Cancel(), lambda items: len(items) >= 4)
    next(lazy)
    assert fifth.wait(5)
    assert len(made) <= 6
    lazy.close()


def test_an_error_comes_after_the_items_before_it():
    def source():
        yield 1
        raise EngineError("llm", "broken")

    lazy = ahead(source(), Cancel())
    assert next(lazy) == 1
    with pytest.raises(EngineError):
        next(lazy)


def test_closing_closes_the_source_in_its_own_thread_and_joins_it():
    closed_in = []

    def source():
        try:
            yield from range(1000)
        finally:
            closed_in.append(threading.current_thread().name)

    before = threading.active_count()
    lazy = ahead(source(), Cancel())
    next(lazy)
    lazy.close()
    assert closed_in == ["ahead"]
    assert threading.active_count() == before


def test_a_stop_ends_a_full_shelf():
    cancel = Cancel()
    lazy = ahead(iter(range(1000)), cancel)
    next(lazy)
    cancel.set()
    assert len(list(lazy)) <= 4


def test_one_look_ahead_may_read_another():
    cancel = Cancel()
    assert list(ahead(ahead(iter("abc"), cancel), cancel)) == ["a", "b", "c"]
