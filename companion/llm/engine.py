"""The language model: prompts in, words out, with what it has read kept for the next turn.

`Llama` keeps the tokens of the conversation in the model's context. A prompt costs only what
differs from it. After each reply the prompt's volatile part (memories, time of day) is cut out
and the rest moved up, so that the context holds bare words (measured in `docs/measurements.md`).
Knows nothing of cards, memories or sound.
"""

from __future__ import annotations

import codecs
import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from companion.errors import BadData, EngineError, MissingInput
from companion.flow import Cancel, owned
from companion.llm.ending import StopAt, goes_in_circles
from companion.llm.held import STEP, Held, failed
from companion.llm.kept import Kept, identity
from companion.llm.opened import chat_of, silence
from companion.llm.spelling import Spellings, Writing
from companion.llm.stop import StopSign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from companion.values import Prompt


PATIENCE = 1.0
"""Seconds that a model in use is given to stop before it is freed: freeing it then is a crash."""


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
        keep: Folder in which the beginning of all prompts is kept between two starts.

    Raises:
        MissingInput: There is no such file.
        BadData: The file is no model llama.cpp can run, or it has no chat template.
    """

    def __init__(self, path: Path, limits: Limits, keep: Path | None = None) -> None:
        if not path.is_file():
            raise MissingInput(f"There is no model at {path}.", "Run: companion models pull")
        self.path = path
        self.limits = limits
        self.counts = Counts()
        self._busy = threading.Lock()
        self._read_ahead = 0
        self._llama = self._open()
        self._held = Held(self._llama, Kept(keep, self._belongs()) if keep else None)
        self._spellings = Spellings(self._split)
        self.chat = chat_of(self._llama, path.name)
        self._cancel = Cancel()
        self._sign = StopSign(self._llama.ctx, self._cancel)

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

    def _belongs(self) -> str:
        """All that must be the same for what was read once to fit again."""
        import llama_cpp

        limits = self.limits
        return f"{identity(self.path)} {llama_cpp.__version__} {limits.context} {limits.batch}"

    # ── tokens ───────────────────────────────────────────────────────────────────────────────

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Token ids of `text`; only with `special` can control tokens come out of it.

        A reply written by this model gives the very tokens it was written with: the same words
        can be split in other ways, and then the model would have to read its own reply again.
        """
        return self._split(text, special=True) if special else self._spellings.of(text)

    def _split(self, text: str, *, special: bool = False) -> list[int]:
        raw = text.encode("utf-8", "replace")
        ids: list[int] = self._llama.tokenize(raw, add_bos=False, special=special)
        return ids

    @property
    def context(self) -> tuple[int, ...]:
        """The tokens the model has read and still holds."""
        return self._held.tokens

    @property
    def empty(self) -> bool:
        """Whether nothing that was read is held."""
        return not self._llama.n_tokens

    @property
    def can_cut(self) -> bool:
        """Whether the middle of the context can be taken out (not so for recurrent models)."""
        return self._held.can_cut

    # ── a turn ───────────────────────────────────────────────────────────────────────────────

    def warm(self, tokens: Sequence[int]) -> None:
        """Read the beginning that all prompts share, before the first turn needs it.

        Where a folder for it was given, it is read once and restored at every later start.
        """
        with self._used(Cancel()) as cancel:
            self._held.clear()
            self._held.read(tokens[:1], cancel)  # what is restored would leave the weights cold
            self._held.clear()
            held = self._held.begin(tokens)
            self._held.read(tokens, cancel)
            if held < len(tokens):
                self._held.keep()
            self._held.note_place()

    def read(self, prompt: Prompt, cancel: Cancel) -> int:
        """Read a prompt that is likely to come, a few tokens at a time, up to the last but one.

        The next prompt costs only what differs from it.

        Returns:
            How many tokens were read; fewer than needed where `cancel` was set.

        Raises:
            EngineError: llama.cpp failed.
        """
        with self._used(cancel):
            self._fit(prompt)
            read = self._approach(prompt, cancel, STEP)
            read += self._held.read(prompt.tokens[:-1], cancel, STEP)
        self._read_ahead += read
        return read

    def ready(self, tokens: Sequence[int]) -> Iterator[None]:
        """Read what the next prompt will begin with, in small steps that nobody waits for."""
        for _ in self._in_steps(tokens):
            yield
        with self._used(Cancel()):
            if self.context == tuple(tokens):
                self._held.note_place()

    def stream(self, prompt: Prompt, cancel: Cancel) -> Iterator[str]:
        """Write the reply to `prompt`, piece by piece.

        Stops at the model's own end, at one of `prompt.stops`, at the limits, when it goes round
        in circles, or when `cancel` is set, also while the prompt is still being read. Its cost
        is in `counts` afterwards.

        Raises:
            EngineError: llama.cpp failed.
        """
        with self._used(cancel):
            try:
                yield from self._reply(prompt, cancel)
            finally:
                self._held.cut(*prompt.volatile)

    def fill(self, words: str, grammar: str, most: int) -> Iterator[str]:
        """Answer `words` in the form of a grammar (GBNF, ours: llama.cpp aborts at a wrong one).

        One small step each: "" after a part of the prompt is read, then piece after piece. It may
        be left at any of them. What the model held of the conversation is read again at the end,
        or by the next prompt.

        Raises:
            EngineError: llama.cpp failed.
        """
        held, story = self.context, self._held.story
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
        yield from self._in_steps(held, story)

    def _in_steps(self, tokens: Sequence[int], story: int = 0) -> Iterator[str]:
        """Read `tokens` a few at a time; others may use the model between two steps."""
        fitted = False
        while not fitted or len(self.context) < len(tokens):
            with self._used(Cancel()) as cancel:
                if not fitted:
                    self._held.fit((*tokens, -1), story)
                fitted = True
                next(self._held.steps(tokens, cancel, STEP), 0)
            yield ""

    def _formed(self, tokens: Sequence[int], grammar: str, most: int) -> Iterator[str]:
        """What the model writes in the form of the grammar, token by token."""
        import llama_cpp

        text = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            form = llama_cpp.LlamaGrammar.from_string(grammar, verbose=False)
            written = self._llama.generate(list(tokens), temp=0.0, grammar=form)
            for _ in range(most):
                with self._used(Cancel()):
                    token = next(written, None)
                    if token is None or self._is_end(token):
                        return
                    piece = text.decode(self._llama.detokenize([token]))
                yield piece
        except RuntimeError as error:
            raise failed(error) from error

    def _reply(self, prompt: Prompt, cancel: Cancel) -> Iterator[str]:
        counts = self.counts = Counts(
            prompt=len(prompt.tokens), new=prompt.new, read_ahead=self._read_ahead
        )
        self._read_ahead = 0
        text = codecs.getincrementaldecoder("utf-8")("replace")
        ending, writing = StopAt(prompt.stops), Writing(counts.ids)
        try:
            with owned(self._tokens(prompt, cancel)) as tokens:
                for token in tokens:
                    piece = text.decode(self._llama.detokenize([token]))
                    writing.add(piece, complete=not text.getstate()[0])
                    if ready := ending.feed(piece):
                        yield ready
                    if ending.reached:
                        counts.ended = "stop"
                        break
            if rest := ending.end(text.decode(b"", final=True)):
                yield rest
        finally:  # also where nobody wants the rest
            self._spellings.wrote(writing, ending.whole)

    def _tokens(self, prompt: Prompt, cancel: Cancel) -> Iterator[int]:
        """The reply's tokens, counted and within the limits."""
        counts, limits = self.counts, self.limits
        began = time.monotonic()
        counts.reused = self._fit(prompt)
        counts.evaluated = len(prompt.tokens) - counts.reused
        with owned(self._sampled(prompt, cancel)) as sampled:
            for token in sampled:
                if not counts.prefill_ms:
                    counts.prefill_ms = (time.monotonic() - began) * 1000
                if self._llama._model.token_eos() == token or self._is_end(token):  # noqa: SLF001
                    counts.ended = "end"
                    return
                counts.generated += 1
                counts.ids.append(token)
                yield token
                late = time.monotonic() - began > limits.seconds
                full = counts.generated >= limits.reply or goes_in_circles(counts.ids)
                if cancel or late or full:
                    counts.ended = "cancelled" if cancel else "limit"
                    return

    def _sampled(self, prompt: Prompt, cancel: Cancel) -> Iterator[int]:
        """Read the prompt, then sample for as long as the caller asks."""
        tokens = prompt.tokens
        self._approach(prompt, cancel, 0)
        left = len(tokens) - self._llama.n_tokens
        last = (left - 1) % self._llama.n_batch + 1  # is read by what samples
        self._held.read(tokens[:-last], cancel)
        try:
            if not cancel:
                yield from self._llama.generate(
                    list(tokens), temp=self.limits.temperature, repeat_penalty=1.1
                )
        except RuntimeError as error:
            self._held.tear()
            if not cancel:
                raise failed(error) from error
        self.counts.ended = "cancelled"

    def _fit(self, prompt: Prompt) -> int:
        """Keep of what the model holds what this prompt begins with; how much that is."""
        return self._held.fit(prompt.tokens, prompt.story, len(prompt.tokens) - prompt.new)

    def _approach(self, prompt: Prompt, cancel: Cancel, step: int) -> int:
        """Read what is sure to stay, and note the place where the model has no other way back."""
        if self._held.can_trim:
            return 0
        start, length = prompt.volatile
        stays = prompt.tokens[: start if length else max(0, len(prompt.tokens) - prompt.new)]
        if len(self.context) >= len(stays):
            return 0
        read = self._held.read(stays, cancel, step)
        if self.context == stays:
            self._held.note_place()
        return read

    def _is_end(self, token: int) -> bool:
        import llama_cpp

        vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        return bool(llama_cpp.llama_vocab_is_eog(vocabulary, token))

    def forget(self) -> None:
        """Empty the context: a new conversation, or something said must not linger."""
        with self._used(Cancel()):
            self._held.forget()
            self._spellings.clear()

    @contextlib.contextmanager
    def _used(self, cancel: Cancel) -> Iterator[Cancel]:
        """One thread at a time uses the model: llama.cpp does not see to that."""
        if not self._busy.acquire(blocking=False):
            raise EngineError("llm", "Two threads used the language model at once.")
        try:
            self._sign, self._cancel = StopSign(self._llama.ctx, cancel), cancel
            yield cancel
        finally:
            self._busy.release()

    def close(self) -> None:
        """Stop what the model does and free it; one that does not stop is left to the system."""
        self._cancel.set()
        if self._busy.acquire(timeout=PATIENCE):  # and never given back
            self._llama.close()
