"""The tokens a model has read and still holds, and how they are made to fit the next prompt.

What differs from the prompt goes. Where the oldest turns of the conversation have left it, what
follows them is moved up instead of being read again. Models that cannot take anything out of the
middle (recurrent ones) go back to the last place that was noted, or read anew.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from companion.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.flow import Cancel
    from companion.llm.kept import Kept

STEP = 32
"""Tokens that are read in one step of work nobody waits for."""
WORTH_MOVING = 16
"""Tokens that must go on behind a gap for it to be one."""
LARGEST_PLACE = 64 * 1024 * 1024
"""Bytes that a noted place may take in memory."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place to go back to: the tokens before it and the model's state there."""

    tokens: tuple[int, ...]
    state: bytes


class Held:
    """What one llama.cpp context holds.

    Args:
        llama: The opened model.
        kept: Where the beginning of all prompts is kept between two starts.

    Attributes:
        story: The course of the conversation that is held; 0 for none.
    """

    def __init__(self, llama: Any, kept: Kept | None = None) -> None:  # noqa: ANN401
        self._llama = llama
        self._context = llama._ctx  # noqa: SLF001 - pinned version; there is no public way
        self._kept = kept
        self._start: tuple[int, ...] = ()
        self._places: list[Place] = []
        self.story = 0
        self._torn = False

    @property
    def tokens(self) -> tuple[int, ...]:
        """The tokens the model holds."""
        return tuple(self._llama.input_ids[: self._llama.n_tokens].tolist())

    @property
    def can_trim(self) -> bool:
        """Whether the end of the context can be taken off (not so for recurrent models)."""
        return not (self._llama._is_recurrent or self._llama._is_hybrid)  # noqa: SLF001

    @property
    def can_cut(self) -> bool:
        """Whether the middle of the context can be taken out."""
        import llama_cpp

        memory = llama_cpp.llama_get_memory(self._llama.ctx)
        return self.can_trim and bool(llama_cpp.llama_memory_can_shift(memory))

    # ── making room for a prompt ─────────────────────────────────────────────────────────────

    def fit(self, tokens: Sequence[int], story: int = 0, known: int = 0) -> int:
        """Keep only what is a beginning of `tokens`; how much that is.

        At least one token is left to read: sampling needs its result.

        Args:
            tokens: The prompt.
            story: The course of the conversation; 0 where nothing may be moved.
            known: Tokens of the prompt that are no newer than the last turn.
        """
        if self._torn:
            self.clear()
        if not self.can_trim:
            return self._stay_or_go_back(tokens)
        moves = story and story == self.story and self.can_cut
        self.story = story
        held, most = self.tokens, len(tokens) - 1
        same = common(held, tokens[:most])
        if moves and same < min(known, len(held)):
            same += self._close_gap(held, tokens[:most], same)
        self._trim(same)
        return same if same >= len(self._start) else self._from_start(tokens, same)

    def _close_gap(self, held: Sequence[int], tokens: Sequence[int], at: int) -> int:
        """Take out what is held at `at`, where what follows it is what is wanted there."""
        after, length = gap(held, tokens, at)
        if length:
            self._trim(after + length)
            self.cut(at, after - at)
        return length

    def _trim(self, length: int) -> None:
        if length < self._llama.n_tokens:
            self._context.kv_cache_seq_rm(0, length, -1)
            self._llama.n_tokens = length

    def cut(self, start: int, length: int) -> None:
        """Take `length` tokens at `start` out of the context and move the rest up."""
        held = self._llama.n_tokens
        if not length or held < start + length or not self.can_cut:
            return
        end = start + length
        if not self._context.kv_cache_seq_rm(0, start, end):
            return
        # Sequence 0 by name: with -1 the shift aborts the whole process (0.3.36).
        self._context.kv_cache_seq_shift(0, end, -1, -length)
        ids = self._llama.input_ids
        ids[start : held - length] = ids[end:held].copy()
        self._llama.n_tokens = held - length

    def clear(self) -> None:
        """Hold nothing."""
        self._llama.reset()
        self._context.kv_cache_clear()
        self._torn = False

    def forget(self) -> None:
        """Hold nothing, and nothing to go back to but the beginning of all prompts."""
        self._places.clear()
        self.story = 0
        self.clear()

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def read(self, tokens: Sequence[int], cancel: Cancel, step: int = 0) -> int:
        """Read what of `tokens` is not held yet, until `cancel`; how many were read.

        Args:
            tokens: What is to be held afterwards.
            cancel: Ends it, also in the middle of a step.
            step: Tokens read at once; 0 for as many as is quickest.

        Raises:
            EngineError: llama.cpp failed.
        """
        return sum(self.steps(tokens, cancel, step or self._llama.n_batch))

    def steps(self, tokens: Sequence[int], cancel: Cancel, step: int) -> Iterator[int]:
        """The same, one step at a time."""
        while (done := self._llama.n_tokens) < len(tokens) and not cancel:
            batch = list(tokens[done : done + step])
            try:
                self._llama.eval(batch)
            except RuntimeError as error:
                self.tear()
                if not cancel:
                    raise failed(error) from error
                return
            yield len(batch)

    def tear(self) -> None:
        """The reading of a token was stopped; a model that cannot trim has lost its state."""
        self._torn = not self.can_trim

    def begin(self, tokens: Sequence[int]) -> int:
        """These tokens begin all prompts from now on; how many of them are held."""
        self._start = tuple(tokens)
        return self.fit((*tokens, -1))

    def keep(self) -> None:
        """Keep what is held as the beginning of all prompts."""
        if self._kept is not None and self.tokens == self._start:
            self._kept.save(self._start, self._state())

    # ── places to go back to ─────────────────────────────────────────────────────────────────

    def note_place(self) -> None:
        """Note this place, where the model has no other way back."""
        import llama_cpp

        if self.can_trim or llama_cpp.llama_state_seq_get_size(self._llama.ctx, 0) > LARGEST_PLACE:
            return
        place = Place(self.tokens, self._state())
        start = [old for old in self._places if old.tokens == self._start]
        self._places = [*(start if place.tokens != self._start else []), place]

    def _stay_or_go_back(self, tokens: Sequence[int]) -> int:
        """To the last noted place on the way to `tokens`, where what is held leads elsewhere."""
        held, most = self.tokens, len(tokens) - 1
        if held and len(held) <= most and held == tuple(tokens[: len(held)]):
            return len(held)
        places = [p for p in self._places if len(p.tokens) <= most]
        fitting = [p for p in places if p.tokens == tuple(tokens[: len(p.tokens)])]
        best = max(fitting, key=lambda place: len(place.tokens), default=None)
        self.clear()
        if best is not None and self._restore(best):
            return len(best.tokens)
        return self._from_start(tokens, 0)

    def _from_start(self, tokens: Sequence[int], same: int) -> int:
        """As far as `same`, or as far as the beginning of all prompts, where that is kept."""
        start = len(self._start)
        if not same < start < len(tokens) or self._start != tuple(tokens[:start]):
            return same
        state = self._kept.load(self._start) if self._kept else None
        if state is None or not self._restore(Place(self._start, state)):
            return same if self._llama.n_tokens else 0
        return start

    def _state(self) -> bytes:
        import llama_cpp

        size = llama_cpp.llama_state_seq_get_size(self._llama.ctx, 0)
        buffer = (ctypes.c_uint8 * size)()
        written = llama_cpp.llama_state_seq_get_data(self._llama.ctx, buffer, size, 0)
        return bytes(memoryview(buffer)[:written])

    def _restore(self, place: Place) -> bool:
        import llama_cpp

        size = len(place.state)
        buffer = (ctypes.c_uint8 * size).from_buffer_copy(place.state)
        if not llama_cpp.llama_state_seq_set_data(self._llama.ctx, buffer, size, 0):
            self.clear()
            return False
        self._llama.input_ids[: len(place.tokens)] = place.tokens
        self._llama.n_tokens = len(place.tokens)
        self._llama._requires_eval = True  # noqa: SLF001 - what it expects next is not restored
        return True


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of their common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def gap(held: Sequence[int], wanted: Sequence[int], at: int) -> tuple[int, int]:
    """Where `held` goes on as `wanted` does at `at`, and for how many tokens; 0 for nowhere."""
    first = tuple(wanted[at : at + WORTH_MOVING])
    places = range(at + 1, len(held) - WORTH_MOVING + 1)
    found = [n for n in places if tuple(held[n : n + WORTH_MOVING]) == first]
    runs = [(n, common(held[n:], wanted[at:])) for n in found]
    return max(runs, key=lambda run: run[1], default=(at, 0))


def failed(error: Exception) -> EngineError:
    """What llama.cpp says in passing, as an error of ours."""
    return EngineError("llm", f"The language model failed: {error}.")
