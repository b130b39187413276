"""Push to talk: key events in, turns one after the other, events out.

One worker thread does everything that takes time: it records, runs the turns and plays. While the
key is held it makes a head start, and when nothing else is to do it lets the memory tidy up, both
in small steps. The threads that call `press`, `release` and `type` only set a stop sign and put a
job on the worker's list. This module knows no terminal, engine or file.
"""

from __future__ import annotations

import queue
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, TypeVar

from companion.errors import CompanionError, DeviceError, EngineError
from companion.events import Answered, Idle, Listening, NothingHeard, Notice, Thinking, Undone
from companion.flow import Cancel
from companion.trace import Trace
from companion.turn import greet, repeat, turn
from companion.upkeep import tidied, upkeep
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from companion.beside import Acknowledge, Early, Gate, Hold, Keeper, Microphone, Tidy
    from companion.turn import Companion
    from companion.values import Exchange, Recording, Said


T = TypeVar("T")


class Session:
    """A conversation with one character.

    Args:
        companion: The character and its stages; its `tell` gets all events.
        gate: Tells speech from silence; None lets every press through.
        microphone: None where words are only typed.
        tidy: The memory's other side; None without a memory.
        keeper: Keeps replies as files; None keeps none.
        cue: A signal for "listening", and the loudspeaker to play it on.

    Attributes:
        early: Does while the key is held what can be done before its release; None: nothing is.
        acknowledge: Speaks while a slow turn begins; None: nobody does.
    """

    def __init__(
        self,
        companion: Companion,
        gate: Gate | None,
        *,
        microphone: Microphone | None = None,
        tidy: Tidy | None = None,
        keeper: Keeper | None = None,
        cue: Callable[[], None] | None = None,
    ) -> None:
        self.companion = companion
        self.early: Early | None = None
        self.acknowledge: Acknowledge | None = None
        self._gate = gate
        self._microphone = microphone
        self._tidy = tidy
        self._keeper = keeper
        self._cue = cue
        self._cancel = Cancel()
        self._key = threading.RLock()  # presses may come from several threads
        self._hold: Hold | None = None
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="session", daemon=True)
        self.recording = False
        self._working = False

    # ── called from anywhere; each returns at once ───────────────────────────────────────────

    def start(self, *, greeting: bool = True) -> None:
        """Begin; the character speaks its greeting."""
        self._worker.start()
        if greeting and self.companion.persona.greeting:
            cancel = self._next_turn()
            self._jobs.put(lambda: self._greet(cancel))

    def press(self) -> None:
        """The key went down: the character falls silent and listens."""
        with self._key:
            if self._microphone is None or self.recording:
                return
            self._cancel.set()
            try:
                # What came just before is our own voice, where the press interrupts it.
                self._microphone.press(keep_pre_roll=not self._working)
            except DeviceError as error:
                problem = Notice(str(error))
                self._jobs.put(lambda: self.companion.tell(problem))
                return
            self.recording = True
            self._hold = self.early.begin() if self.early else None
            if self._cue is not None:
                self._jobs.put(self._cue)
            self._jobs.put(lambda: self.companion.tell(Listening()))

    def release(self) -> None:
        """The key came up: the character answers."""
        with self._key:
            if (take := self._let_go()) is not None:
                cancel, trace, hold = self._next_turn(), Trace(), self._hold
                self._jobs.put(lambda: self._answer_recording(take, hold, cancel, trace))

    def toggle(self) -> None:
        """Press or release, whichever is next: for keys whose release cannot be seen."""
        with self._key:
            (self.release if self.recording else self.press)()

    def drop(self) -> None:
        """Nobody knows any more whether the key is down: what was recorded is forgotten."""
        with self._key:
            if (take := self._let_go()) is not None:
                self._jobs.put(lambda: self._dropped(take))

    def _let_go(self) -> Callable[[], Recording] | None:
        """Nothing is recorded any more; gives what fetches the recording. None if there is none."""
        if self._microphone is None or not self.recording:
            return None
        self.recording = False
        self._microphone.let_go()
        if self._hold is not None:
            self._hold.stop()
        return self._microphone.release

    @property
    def busy(self) -> bool:
        """Whether a turn, or anything else that was asked for, is still being done."""
        return self._working or not self._jobs.empty()

    def type(self, words: str) -> None:
        """Words instead of speech."""
        if words.strip():
            cancel, trace = self._next_turn(), Trace()
            heard = Heard(words.strip())
            self._jobs.put(lambda: self._answer(heard, cancel, trace))

    def again(self) -> None:
        """Say the last reply once more."""
        cancel = self._next_turn()
        self._jobs.put(lambda: self._again(cancel))

    def undo(self) -> None:
        """Take the last turn back everywhere: history, memory and kept sound."""
        self._cancel.set()
        self._jobs.put(self._undo)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until all jobs so far are done; tells whether they were in time."""
        done = threading.Event()
        self._jobs.put(done.set)
        return done.wait(seconds)

    def close(self, seconds: float = 5.0) -> bool:
        """Stop speaking and end the worker; tells whether it ended in time."""
        self._cancel.set()
        self._jobs.put(None)
        self._worker.join(seconds)
        return not self._worker.is_alive()

    def _next_turn(self) -> Cancel:
        """A stop sign for the turn that begins; whatever has the last one ends."""
        with self._key:
            self._cancel.set()  # nobody could stop it any more: a line typed while it recorded
            self._cancel = Cancel()
            return self._cancel

    # ── the worker ───────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            self._working = True
            self._safely(job, Idle())
            self._working = False

    def _next_job(self) -> Callable[[], None] | None:
        """The next job; while there is none, what can be done meanwhile, step by step."""
        steps = self._meanwhile()
        wait: float | None = 0.0
        while wait is not None:
            try:
                return self._jobs.get(timeout=wait) if wait else self._jobs.get_nowait()
            except queue.Empty:
                wait = self._safely(lambda: next(steps, None))
        return self._jobs.get()

    def _meanwhile(self) -> Iterator[float]:
        """Small pieces of work, each with the seconds until the next one is worth doing.

        While the key is held a head start is made; else room for the next turn, and order in
        the memory.
        """
        hold = self._hold
        if self.recording and hold is not None:
            yield from hold.steps()
            return
        for _ in upkeep(self.companion):
            yield 0.0
        for _ in self._tidy.idle() if self._tidy else ():
            for text in self._tidy.notices() if self._tidy else ():
                self.companion.tell(Notice(text))
            yield 0.0
        tidied(self.companion)

    def _safely(self, work: Callable[[], T], *over: Idle) -> T | None:
        """Do something; what goes wrong is told, and what is `over` with it; the talk goes on."""
        try:
            return work()
        except CompanionError as error:
            problem = error
        except Exception as error:  # noqa: BLE001 - one of three places: talk must go on
            problem = EngineError("turn", f"Unexpected problem: {error!r}.", "Run with --debug.")
            problem.__cause__ = error
        for event in over:  # while it records, what failed is over, and the recording is not
            self.companion.tell(Listening() if self.recording else event)
        self.companion.tell(Notice(str(problem)))
        return None

    def _dropped(self, take: Callable[[], Recording]) -> None:
        take()
        self.companion.tell(NothingHeard("the recording was given up", 0.0))

    def _answer_recording(
        self, take: Callable[[], Recording], hold: Hold | None, cancel: Cancel, trace: Trace
    ) -> None:
        hurried = self.acknowledge is not None and self.acknowledge.speaks  # that comes first
        if hold is not None and not cancel and not hurried:
            hold.catch_up()
        with trace.span("tail"):
            recording = take()
        if cancel:  # the next press came before anybody could listen to this one
            self.companion.tell(Idle())
            return
        self.companion.tell(Thinking(recording.seconds))
        with trace.span("gate"):
            verdict = self._gate.check(recording) if self._gate else None
        if verdict is not None and not verdict.speech:
            self.companion.tell(NothingHeard(verdict.reason, verdict.level_db))
            return
        spoken = self.acknowledge
        with spoken.during(cancel, lambda: trace.ms["first_audio"]) if spoken else nullcontext():
            press = hold.finish(recording, cancel, trace) if hold else recording
            self._answer(press, cancel, trace, hold)

    def _answer(
        self, press: Recording | Heard, cancel: Cancel, trace: Trace, hold: Hold | None = None
    ) -> None:
        self.companion.renew()
        said = turn(self.companion, press, cancel, trace)
        if hold is not None:
            hold.settle(trace)
        if said is None:
            self.companion.tell(Idle() if cancel else NothingHeard("no words understood", 0.0))
            return
        self._answered(said, trace)

    def _answered(self, said: Said, trace: Trace) -> None:
        # What is said again was kept when it was said, and must not outlive that.
        keeper = None if trace.off_record or trace.kind == "again" else self._keeper
        audio, problems = "", [said.error]
        try:
            audio = keeper.label(trace.lines) if keeper else ""
        except CompanionError as error:
            problems.append(error)
        record = trace.record(said.seconds)
        self.companion.tell(Answered(said.text.strip(), said.complete, record, audio))
        for problem in filter(None, problems):
            self.companion.tell(Notice(str(problem)))

    def _greet(self, cancel: Cancel) -> None:
        trace = Trace()
        self._answered(greet(self.companion, cancel, trace), trace)

    def _again(self, cancel: Cancel) -> None:
        trace = Trace()
        said = repeat(self.companion, cancel, trace)
        if said is None:
            self.companion.tell(Notice("There is nothing to say again yet."))
            return
        self._answered(said, trace)

    def _undo(self) -> None:
        if not self.companion.history:
            self.companion.tell(Notice("There is nothing to take back in this conversation."))
            return
        exchange = self.companion.history[-1]
        lines = self._tidy.undo(exchange.lines) if self._tidy and exchange.lines else 0
        self.companion.history.pop()  # only now: where the memory fails, it can be asked again
        self.companion.tell(Undone(lines))
        if self._keeper:  # what cannot be removed is told with its place
            self._hush(self._keeper, exchange)

    @staticmethod
    def _hush(keeper: Keeper, exchange: Exchange) -> None:
        """Remove the kept sound of a turn; nothing was kept of what was private."""
        for line in exchange.lines:
            keeper.forget(line)
        if not exchange.lines and not exchange.private:
            keeper.drop_last()
