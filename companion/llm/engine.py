"""The language model: prompts in, words out, with what it has read kept for the next turn.

`Llama` keeps the tokens of the conversation in the model's context. A prompt costs only what
differs from it. After each reply the prompt's volatile part (memories, time of day) is cut out
and the rest moved up, so that the context holds bare words (measured in `docs/measurements.md`).
Knows nothing of cards, memories or sound.
"""

from __future__ import annotations

import codecs
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from companion.errors import BadData, EngineError, MissingInput
from companion.llm.ending import StopAt, goes_in_circles
from companion.llm.opened import chat_of, silence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from companion.flow import Cancel
    from companion.values import Prompt


STEP = 32
"""Tokens that are read in one step of work nobody waits for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a model may read and write.

    Attributes:
        context: Tokens the model can hold.
        reply: Most tokens of a reply.
        seconds: Longest time a reply may take to be written.
        threads: Threads for writing; reading uses `threads_read`.
        temperature: 0 always takes the likeliest token.
    """

    context: int = 2048
    reply: int = 120
    seconds: float = 30.0
    threads: int = 1
    threads_read: int = 2
    temperature: float = 0.7
    seed: int = 0
    batch: int = 256


@dataclass(slots=True)
class Counts:
    """What one reply cost, in tokens and milliseconds. `evaluated + reused` is the prompt.

    `read_ahead` are tokens read before the reply was asked for, those read in vain included.
    """

    prompt: int = 0
    new: int = 0
    evaluated: int = 0
    reused: int = 0
    read_ahead: int = 0
    generated: int = 0
    prefill_ms: float = 0.0
    ended: str = ""
    ids: list[int] = field(default_factory=list)


class Llama:
    """A GGUF model run by llama.cpp in this process.

    Args:
        path: The model file; its header has been checked (`companion.pack.fits`).
        limits: Sizes and threads.

    Raises:
        MissingInput: There is no such file.
        BadData: The file is no model llama.cpp can run, or it has no chat template.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        if not path.is_file():
            raise MissingInput(f"There is no model at {path}.", "Run: companion models pull")
        self.path = path
        self.limits = limits
        self.counts = Counts()
        self._busy = threading.Lock()
        self._written: dict[str, list[int]] = {}
        self._read_ahead = 0
        self._llama = self._open()
        self.chat = chat_of(self._llama, path.name)
        self._stop_reading = False
        self._abort = self._watch_for_cancel()

    # ── loading ──────────────────────────────────────────────────────────────────────────────

    def _open(self) -> Any:  # noqa: ANN401 - llama_cpp has no types
        import llama_cpp

        limits = self.limits
        llama_cpp.llama_log_set(silence(llama_cpp), None)
        try:
            return llama_cpp.Llama(
                model_path=str(self.path),
                n_ctx=limits.context,
                n_batch=limits.batch,
                n_threads=limits.threads,
                n_threads_batch=limits.threads_read,
                seed=limits.seed,
                verbose=False,
            )
        except (ValueError, RuntimeError, AssertionError) as error:
            raise BadData(
                f"{self.path.name} cannot be loaded by llama.cpp: {error}.",
                "Run: companion models verify",
            ) from error

    def _watch_for_cancel(self) -> Any:  # noqa: ANN401 - a ctypes callback, kept from collection
        import llama_cpp
        from llama_cpp import llama_cpp as native

        callback = native.ggml_abort_callback(lambda _: self._stop_reading)
        llama_cpp.llama_set_abort_callback(self._llama.ctx, callback, None)
        return callback

    # ── tokens ───────────────────────────────────────────────────────────────────────────────

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Token ids of `text`; only with `special` can control tokens come out of it.

        A reply written by this model gives the very tokens it was written with: the same words
        can be split in other ways, and then the model would have to read its own reply again.
        """
        if not special and text in self._written:
            return self._written[text]
        raw = text.encode("utf-8", "replace")
        ids: list[int] = self._llama.tokenize(raw, add_bos=False, special=special)
        return ids

    @property
    def context(self) -> tuple[int, ...]:
        """The tokens the model has read and still holds."""
        return tuple(int(t) for t in self._llama.input_ids[: self._llama.n_tokens])

    # ── a turn ───────────────────────────────────────────────────────────────────────────────

    def warm(self, tokens: Sequence[int]) -> None:
        """Read the beginning that all prompts share, before the first turn needs it."""
        with self._sole_user():
            self._keep_common(tokens)
            self._llama.eval(list(tokens[self._llama.n_tokens :]))

    def read(self, prompt: Prompt, cancel: Cancel) -> int:
        """Read a prompt that is likely to come, a few tokens at a time, up to the last but one.

        The next prompt costs only what differs from it.

        Returns:
            How many tokens were read; fewer than needed where `cancel` was set.

        Raises:
            EngineError: llama.cpp failed.
        """
        tokens, read = prompt.tokens[:-1], 0
        with self._sole_user():
            self._stop_reading = False
            cancel.then(self._stop)
            done = self._keep_common(prompt.tokens)
            try:
                while done < len(tokens) and not cancel:
                    batch = tokens[done : done + STEP]
                    self._llama.eval(list(batch))
                    done, read = done + len(batch), read + len(batch)
            except RuntimeError as error:
                if not cancel:
                    raise EngineError("llm", f"The language model failed: {error}.") from error
        self._read_ahead += read
        return read

    def stream(self, prompt: Prompt, cancel: Cancel) -> Iterator[str]:
        """Write the reply to `prompt`, piece by piece.

        Stops at the model's own end, at one of `prompt.stops`, at the limits, when it goes round
        in circles, or when `cancel` is set, also while the prompt is still being read. Its cost
        is in `counts` afterwards.

        Raises:
            EngineError: llama.cpp failed.
        """
        with self._sole_user():
            self._stop_reading = False
            cancel.then(self._stop)
            try:
                yield from self._reply(prompt, cancel)
            finally:
                self._cut(*prompt.volatile)

    def _stop(self) -> None:
        self._stop_reading = True

    def fill(self, words: str, grammar: str, most: int) -> Iterator[str]:
        """Answer `words` in the form of a grammar (GBNF, ours: llama.cpp aborts at a wrong one).

        One small step each: "" after a part of the prompt is read, then piece after piece. It may
        be left at any of them. What the model held of the conversation is read again at the end,
        or by the next prompt.

        Raises:
            EngineError: llama.cpp failed.
        """
        held = self.context
        before, after = self.chat.frame(["user"])
        tokens = [
            *self.encode(before, special=True),
            *self.encode(words, special=False),
            *self.encode(after, special=True),
        ]
        if len(tokens) + most > self.limits.context:
            return  # the next lines may be shorter
        yield from self._in_steps(tokens)
        yield from self._formed(tokens, grammar, most)
        yield from self._in_steps(list(held))

    def _in_steps(self, tokens: Sequence[int]) -> Iterator[str]:
        """Read `tokens` a few at a time."""
        done = 0
        while done < len(tokens):
            with self._sole_user():
                self._stop_reading = False
                done = done or self._keep_common(tokens)
                self._llama.eval(list(tokens[done : done + STEP]))
                done += STEP
            yield ""

    def _formed(self, tokens: Sequence[int], grammar: str, most: int) -> Iterator[str]:
        """What the model writes in the form of the grammar, token by token."""
        import llama_cpp

        text = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            form = llama_cpp.LlamaGrammar.from_string(grammar, verbose=False)
            written = self._llama.generate(list(tokens), temp=0.0, grammar=form)
            for _ in range(most):
                with self._sole_user():
                    token = next(written, None)
                    if token is None or self._is_end(token):
                        return
                    piece = text.decode(self._llama.detokenize([token]))
                yield piece
        except RuntimeError as error:
            raise EngineError("llm", f"The language model failed: {error}.") from error

    def _reply(self, prompt: Prompt, cancel: Cancel) -> Iterator[str]:
        counts = self.counts = Counts(
            prompt=len(prompt.tokens), new=prompt.new, read_ahead=self._read_ahead
        )
        self._read_ahead = 0
        text = codecs.getincrementaldecoder("utf-8")("replace")
        ending = StopAt(prompt.stops)
        for token in self._tokens(prompt, cancel):
            piece = text.decode(self._llama.detokenize([token]))
            if ready := ending.feed(piece):
                yield ready
            if ending.reached:
                counts.ended = "stop"
                break
        if rest := ending.end(text.decode(b"", final=True)):
            yield rest
        if not ending.reached:  # the tokens are exactly the text
            self._written[ending.whole] = list(counts.ids)

    def _tokens(self, prompt: Prompt, cancel: Cancel) -> Iterator[int]:
        """The reply's tokens, counted and within the limits."""
        counts, limits = self.counts, self.limits
        counts.reused = self._keep_common(prompt.tokens)
        counts.evaluated = len(prompt.tokens) - counts.reused
        began = time.monotonic()
        for token in self._sampled(prompt.tokens, cancel):
            if not counts.prefill_ms:
                counts.prefill_ms = (time.monotonic() - began) * 1000
            if self._llama._model.token_eos() == token or self._is_end(token):  # noqa: SLF001
                counts.ended = "end"
                return
            counts.generated += 1
            counts.ids.append(token)
            yield token
            late = time.monotonic() - began > limits.seconds
            if cancel or late or counts.generated >= limits.reply or goes_in_circles(counts.ids):
                counts.ended = "cancelled" if cancel else "limit"
                return

    def _sampled(self, tokens: Sequence[int], cancel: Cancel) -> Iterator[int]:
        """Read `tokens`, then sample for as long as the caller asks."""
        try:
            yield from self._llama.generate(
                list(tokens), temp=self.limits.temperature, repeat_penalty=1.1
            )
        except RuntimeError as error:
            if cancel:
                self.counts.ended = "cancelled"
                return
            raise EngineError("llm", f"The language model failed: {error}.") from error

    def _is_end(self, token: int) -> bool:
        import llama_cpp

        vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        return bool(llama_cpp.llama_vocab_is_eog(vocabulary, token))

    # ── what the model still holds ───────────────────────────────────────────────────────────

    def _keep_common(self, tokens: Sequence[int]) -> int:
        """Drop what the model holds beyond its common beginning with `tokens`; how much stays.

        At least one token is left to read: sampling needs its result.
        """
        held = self.context
        same = 0
        for a, b in zip(held, tokens, strict=False):
            if a != b:
                break
            same += 1
        same = min(same, len(tokens) - 1)
        if same < len(held):
            if not self._llama._ctx.kv_cache_seq_rm(0, same, -1):  # noqa: SLF001
                self._llama.reset()
                self._llama._ctx.kv_cache_clear()  # noqa: SLF001 - recurrent models keep no parts
                return 0
            self._llama.n_tokens = same
        return same

    @property
    def can_cut(self) -> bool:
        """Whether the middle of the context can be taken out (not so for recurrent models)."""
        import llama_cpp

        return bool(llama_cpp.llama_memory_can_shift(llama_cpp.llama_get_memory(self._llama.ctx)))

    def _cut(self, start: int, length: int) -> None:
        """Take `length` tokens at `start` out of the context and move the rest up."""
        held = self._llama.n_tokens
        if not length or held < start + length or not self.can_cut:
            return
        context = self._llama._ctx  # noqa: SLF001
        end = start + length
        if not context.kv_cache_seq_rm(0, start, end):
            return
        # Sequence 0 by name: with -1 the shift aborts the whole process (0.3.36).
        context.kv_cache_seq_shift(0, end, -1, -length)
        ids = self._llama.input_ids
        ids[start : held - length] = ids[end:held].copy()
        self._llama.n_tokens = held - length

    def forget(self) -> None:
        """Empty the context: a new conversation, or something said must not linger."""
        with self._sole_user():
            self._llama.reset()
            self._llama._ctx.kv_cache_clear()  # noqa: SLF001
            self._written.clear()

    def _sole_user(self) -> _Sole:
        return _Sole(self._busy)

    def close(self) -> None:
        """Free the model."""
        self._llama.close()


class _Sole:
    """Asserts that one thread at a time uses the model: llama.cpp does not."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise EngineError("llm", "Two threads used the language model at once.")

    def __exit__(self, *_: object) -> None:
        self._lock.release()
