"""The data path: what happens between the release of the key and the last word of the reply.

    key up ─▶ stt ─▶ memory ─▶ prompt ─▶ llm ─▶ clauses ─▶ voice ─▶ speaker ─▶ memory

`turn` is that picture as code. The stages are Protocols (`stages.py`): this module knows no engine,
no device and no file, and a stage knows nothing of the others.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from companion.errors import CompanionError
from companion.events import FirstSound, Notice, Remembered, Speaking, Words
from companion.flow import Cancel, ahead, owned
from companion.prompt import Now
from companion.speech.check import Talk, check
from companion.speech.pace import Pace, enough_sound, enough_words, within
from companion.values import Answer, Exchange, Heard, Lore, Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from datetime import datetime

    from companion.events import Event
    from companion.speech.shape import Actions
    from companion.stages import Ear, Loudspeaker, Memory, Model, PromptBuilder, Voice, World
    from companion.trace import Trace
    from companion.values import Clause, Note, Persona, Prompt, Said, Speech

T = TypeVar("T")
U = TypeVar("U")

SAY_AGAIN = re.compile(
    r"^(please |sorry,? )?(can you |could you )?(say|repeat) that( again)?( please)?\W*$",
    re.IGNORECASE,
)
"""Words that ask for the last reply once more."""

NEVER_SPOKE = Answer("There is nothing to say again yet.")

REPLIES = 5
"""A reply that is like one of the last ones is a repetition."""


@dataclass(slots=True)
class Companion:
    """One character with its stages and its conversation so far.

    Attributes:
        world: What its lorebook knows; None where it has none.
        opened: When the conversation opened; what is left to chance in a card hangs on it.
        longest: Seconds after which a spoken reply ends with its clause.
        actions: What becomes of stage directions.
        ask_again: Whether a flawed reply is asked for once more, before any of it is spoken.
        renew: Called between turns; the character may have been edited meanwhile.
        pace: How fast the model writes and the voice speaks, as far as it was seen.
        tell: Called with each event, from the thread that runs the turn.
    """

    stt: Ear | None
    memory: Memory | None
    prompt: PromptBuilder
    llm: Model
    voice: Voice
    speaker: Loudspeaker
    persona: Persona
    now: Callable[[], datetime]
    tell: Callable[[Event], None]
    world: World | None = None
    opened: datetime | None = None
    longest: float = 15.0
    actions: Actions = "drop"
    ask_again: bool = False
    renew: Callable[[], None] = lambda: None
    pace: Pace = field(default_factory=Pace)
    history: list[Exchange] = field(default_factory=list)


def turn(c: Companion, press: Recording | Heard, cancel: Cancel, trace: Trace) -> Said | None:
    """One turn, in the order it happens.

    Args:
        c: The character and its stages.
        press: What was recorded, or its words where they are known: typed, or understood early.
        cancel: The turn's stop sign.
        trace: Takes the turn's figures.

    Returns:
        What was said; None where nothing was heard.
    """
    heard = _heard(c, press, cancel, trace)
    trace.mark("stt")
    if heard is None:
        return None
    c.tell(Words(heard.text, heard.confidence))
    if c.history and SAY_AGAIN.match(heard.text):
        again = repeat(c, cancel, trace)
        return again or _carried_out(c, heard, NEVER_SPOKE, cancel, trace)
    with trace.span("hear"):
        answer = _obey(c, heard)
    if answer is not None:
        return _carried_out(c, heard, answer, cancel, trace)
    with trace.span("hear"):  # committed: nothing below can lose them
        _keep(c, trace, lambda memory: memory.hear(heard))
    with (
        ExitStack() as failed
    ):  # what was kept belongs to a turn, or undo would take the one before
        failed.callback(lambda: c.history.append(_unanswered(c, heard, trace)))
        said = _replied(c, heard, cancel, trace)
        failed.pop_all()
    return said


def _replied(c: Companion, heard: Heard, cancel: Cancel, trace: Trace) -> Said:
    """The turn from the words on."""
    with trace.span("recall"):
        notes = _recall(c, heard)
    trace.mark("recall")
    with trace.span("prompt"):
        now = _now(c, heard, notes)
        prompt = c.prompt.assemble(c.persona, c.history, now)
    # Everything below is lazy: nothing runs until the loudspeaker pulls.
    tokens = trace.until_first(_reply(c, prompt, now, cancel, trace), "prefill", "first_token")
    written = trace.each(c.pace.clauses(tokens, c.actions), "decode", "first_token")
    clauses = ahead(written, cancel, enough_words)  # the model writes …
    speech = _voiced(c, clauses, cancel, trace)  # … while the voice renders …
    said = _play(c, speech, cancel, trace)  # … while the loudspeaker plays
    if said.text.strip():  # only what was really heard and said
        _keep(c, trace, lambda memory: memory.say(said))
        _witness(c, prompt, said)
    trace.saw = tuple(flaw.code for flaw in check(said.text, _talk(c, heard.text)))
    frozen = "" if c.llm.can_cut else prompt.volatile_text
    trace.off_record = _private(c)
    lines = tuple(trace.lines)
    c.history.append(Exchange(heard.text, said.text, frozen, lines, trace.off_record))
    trace.finish(c.llm.counts)
    return said


def greet(c: Companion, cancel: Cancel, trace: Trace) -> Said:
    """Speak the greeting of the card. It is part of the prompt, not of the memory."""
    trace.kind = "greeting"
    said = _speak(c, c.persona.greeting, cancel, trace)
    trace.finish(None)
    return said


def repeat(c: Companion, cancel: Cancel, trace: Trace) -> Said | None:
    """Say the newest reply that was heard once more; None where there is none.

    No model is called and nothing is remembered.
    """
    last = next((one for one in reversed(c.history) if one.reply.strip()), None)
    if last is None:
        return None
    trace.kind, trace.off_record = "again", last.private
    said = _speak(c, last.reply, cancel, trace)
    trace.finish(None)
    return said


def _unanswered(c: Companion, heard: Heard, trace: Trace) -> Exchange:
    return Exchange(heard.text, "", lines=tuple(trace.lines), private=_private(c))


def _private(c: Companion) -> bool:
    return c.memory is not None and c.memory.private


def _obey(c: Companion, heard: Heard) -> Answer | None:
    """What the memory answers to a command; a failure is said, and is no talk either."""
    if c.memory is None:
        return None
    return _tried(c, "", Answer("I could not do that."), c.memory.obey, heard)


def _carried_out(c: Companion, heard: Heard, answer: Answer, cancel: Cancel, trace: Trace) -> Said:
    """Speak the memory's own answer. Of what went, nothing stays in the conversation."""
    trace.kind = "command"
    gone = set(answer.forgotten)
    kept = [e for e in c.history if not gone & set(e.lines) and (_private(c) or not e.private)]
    left = gone or len(kept) < len(c.history)
    c.history[:] = [replace(e, frozen="") for e in kept] if gone else kept
    if left:  # what followed was read with it in mind
        _tried(c, "The language model did not forget: ", None, c.llm.forget)
    said = _speak(c, answer.text, cancel, trace)
    trace.off_record = not answer.kept
    if answer.kept:
        trace.lines.append(answer.kept)
        c.history.append(Exchange(heard.text, said.text, lines=(answer.kept,)))
    trace.finish(None)
    return said


def _speak(c: Companion, text: str, cancel: Cancel, trace: Trace) -> Said:
    clauses = c.pace.clauses([text], c.actions, live=False)
    return _play(c, _voiced(c, clauses, cancel, trace), cancel, trace)


def _voiced(
    c: Companion, clauses: Iterable[Clause], cancel: Cancel, trace: Trace
) -> Generator[Speech]:
    """What the voice renders ahead of the loudspeaker, with its time."""

    def work(given: Iterable[Clause]) -> Iterator[Speech]:
        return c.pace.speech(c.voice.say, given, cancel)

    return ahead(trace.through("synth", clauses, work, _opens), cancel, enough_sound)


def _opens(speech: Speech) -> bool:
    """Whether a clause begins here: one that comes in pieces has its words in the first."""
    return bool(speech.clause.text)


def _play(c: Companion, speech: Generator[Speech], cancel: Cancel, trace: Trace) -> Said:
    with owned(speech):  # however it ends: then nothing renders, and nobody holds the model
        shown = _shown(c, within(speech, c.longest), trace)
        return c.speaker.play(shown, cancel, lambda: _sounds(c, trace))


def _sounds(c: Companion, trace: Trace) -> None:
    trace.started()
    if trace.kind not in {"greeting", "again"}:  # nobody waited for these to be thought of
        c.tell(FirstSound(trace.ms["first_audio"] or 0.0))


def _heard(c: Companion, press: Recording | Heard, cancel: Cancel, trace: Trace) -> Heard | None:
    """The words of a press; None where there are none."""
    if isinstance(press, Heard):
        trace.kind, trace.heard_seconds = "spoken" if press.seconds else "typed", press.seconds
        return press
    trace.heard_seconds = press.seconds
    with trace.span("stt"):
        return c.stt.transcribe(press, cancel) if c.stt else None


def _recall(c: Companion, heard: Heard) -> tuple[Note, ...]:
    notes: tuple[Note, ...] = ()
    if c.memory is not None:
        notes = _tried(c, "Nothing recalled: ", notes, c.memory.recall, heard)
    c.tell(Remembered(tuple((n.id, n.who, n.text) for n in notes)))
    return notes


def _now(c: Companion, heard: Heard, notes: tuple[Note, ...]) -> Now:
    """What changes with this turn: the words, and what they call up."""
    lore = c.world.tell(c.persona, c.history, heard.text) if c.world else Lore()
    for notice in lore.notices:
        c.tell(Notice(notice))
    return Now(heard.text, notes, c.now(), lore.entries, lore.dropped)


def _reply(c: Companion, prompt: Prompt, now: Now, cancel: Cancel, trace: Trace) -> Iterator[str]:
    """What the model writes; where that is wished, a second reply in place of a flawed one."""
    if not c.ask_again:
        yield from c.llm.stream(prompt, cancel)
        return
    talk = _talk(c, now.words)
    first = "".join(c.llm.stream(prompt, cancel))
    flaws = check(first, talk)
    if flaws and not cancel:
        trace.again = tuple(flaw.code for flaw in flaws)
        hint = " ".join(dict.fromkeys(flaw.cure for flaw in flaws))
        other = c.prompt.assemble(c.persona, c.history, replace(now, hint=hint))
        second = "".join(c.llm.stream(other, cancel))
        if second.strip() and len(check(second, talk)) < len(flaws):
            first = second
    yield first


def _talk(c: Companion, words: str) -> Talk:
    """What a reply to these words is measured against."""
    who = c.persona
    about = f"{who.description} {who.personality} {who.system}"
    before = tuple(one.reply for one in c.history[-REPLIES:])
    return Talk(who.name, who.user, words, before, c.longest, about)


def _keep(c: Companion, trace: Trace, write: Callable[[Memory], str]) -> None:
    """Write to the memory."""
    line = "" if c.memory is None else _tried(c, "Not remembered: ", "", write, c.memory)
    if line:  # nothing is kept of what is private
        trace.lines.append(line)


def _witness(c: Companion, prompt: Prompt, said: Said) -> None:
    if c.memory is not None:
        _tried(c, "Not noted what was recalled: ", None, c.memory.witness, prompt, said)


def _tried(c: Companion, what: str, instead: T, work: Callable[..., U], *given: object) -> T | U:
    """What `work` gives; where it fails, that is told and the conversation goes on."""
    try:
        return work(*given)
    except CompanionError as error:
        c.tell(Notice(f"{what}{error}"))
        return instead


def _shown(c: Companion, speech: Iterable[Speech], trace: Trace) -> Iterator[Speech]:
    for piece in speech:
        trace.handed(len(piece.samples) / piece.rate, opens=_opens(piece))
        if _opens(piece):
            c.tell(Speaking(piece.clause.text))
        yield piece
