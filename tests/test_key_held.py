import threading

import pytest

from companion.errors import DeviceError
from companion.key.held import Held


class Recorder:
    """Writes down what is asked of it."""

    def __init__(self, *, microphone=True, lost=False):
        self.recording, self.asked = False, []
        self._microphone, self._lost = microphone, lost

    def press(self):
        if self._lost:
            raise DeviceError("The microphone was lost.", "Plug it in.")
        self.asked.append("press")
        self.recording = self._microphone

    def release(self):
        if self.recording:
            self.asked.append("release")
        self.recording = False

    def drop(self):
        if self.recording:
            self.asked.append("drop")
        self.recording = False


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def said():
    return []


@pytest.fixture
def held(recorder, said):
    return Held(recorder, said.append)


def test_a_key_is_held_from_press_to_release(held, recorder):
    held.press("space")
    assert held.recording
    held.release("space")
    assert recorder.asked == ["press", "release"]


def test_another_key_does_not_end_what_one_began(held, recorder):
    held.press("space")
    held.press("f9")
    held.release("f9")
    assert held.recording
    held.release("space")
    assert recorder.asked == ["press", "release"]


def test_a_key_that_is_let_go_twice_ends_once(held, recorder):
    held.press("space")
    held.release("space")
    held.release("space")
    assert recorder.asked == ["press", "release"]


def test_where_no_release_will_be_seen_all_keys_are_let_go(held, recorder):
    held.press("space")
    held.release()
    assert recorder.asked == ["press", "release"]


def test_what_a_tap_began_no_release_ends(held, recorder):
    held.toggle()
    held.release()
    held.release("space")
    assert held.recording
    held.toggle()
    assert recorder.asked == ["press", "release"]


def test_stop_ends_what_a_key_began(held, recorder):
    held.press("space")
    held.stop()
    held.release("space")
    assert recorder.asked == ["press", "release"]


def test_start_twice_begins_once(held, recorder):
    held.start()
    held.start()
    assert recorder.asked == ["press"]


def test_a_key_held_in_a_terminal_that_repeats_it_begins_once_and_is_explained_once(recorder, said):
    times = iter([0.0, 0.03, 0.06, 0.09, 2.0])
    held = Held(recorder, said.append, lambda: next(times))
    for _ in range(4):
        held.tap()
    assert recorder.asked == ["press"]
    assert len(said) == 1
    assert "does not tell when a key is released" in said[0]
    held.tap()
    assert recorder.asked == ["press", "release"]


def test_a_lost_microphone_is_said_and_holds_nothing(said):
    recorder = Recorder(lost=True)
    held = Held(recorder, said.append)
    held.press("space")
    held.release("space")
    assert said == ["The microphone was lost. Plug it in."]
    assert not recorder.asked


def test_what_is_recorded_can_be_dropped(held, recorder):
    held.press("space")
    held.drop()
    held.release("space")
    assert recorder.asked == ["press", "drop"]


def test_without_a_microphone_nothing_is_held():
    recorder = Recorder(microphone=False)
    held = Held(recorder, [].append)
    held.start()
    assert not held.recording


def test_keys_pressed_at_once_begin_one_recording(held, recorder):
    ready = threading.Barrier(8)

    def press(name):
        ready.wait()
        held.press(name)

    threads = [threading.Thread(target=press, args=[f"key {n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.asked == ["press"]
