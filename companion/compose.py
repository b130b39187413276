"""From settings to a companion that can talk: the only module that knows all engines.

What is missing is replaced by the next best thing, and said once: no voice or loudspeaker →
replies as text; no Whisper or microphone → typed words; no embedder → recall by words alone.
Without a language model there is no conversation: that is an error.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from companion import cards, casting
from companion.early import Early
from companion.errors import CompanionError, ModelMissing, StoreError, readable
from companion.events import Notice
from companion.figures import Figures, rig
from companion.pack.bundled import bundled
from companion.prompting import assembler
from companion.renewal import Renewal
from companion.session import Session
from companion.turn import Companion
from companion.values import Heard
from companion.worth import Worth

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.cards import Card
    from companion.config import Settings
    from companion.events import Event
    from companion.llm.engine import Llama
    from companion.memory import Memory
    from companion.memory.dense.embed import Embedder, MiniLM
    from companion.memory.recall.judge import Judge
    from companion.memory.write.candidate import Extractor
    from companion.prompt import Assembler
    from companion.sound.mic import Microphone
    from companion.sound.speaker import Speaker
    from companion.sound.watch import Watch
    from companion.speech.piper import Piper
    from companion.stages import Loudspeaker
    from companion.stt import Whisper

T = TypeVar("T")
UNWRITABLE = frozenset({73, 74, 77})
"""Exit codes of a memory that cannot or may not be written; 75 is in use, and 76 damaged."""


def _local_time() -> datetime:
    return datetime.now().astimezone()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller wants besides the settings.

    Attributes:
        character: Id or path of a card; "" is the one of the settings.
        owner: Who talks; "" is the one of the settings.
        listen: Whether to open a microphone and Whisper.
        speak: Whether to open a loudspeaker.
        loudspeaker: Play here instead of on the system's loudspeaker.
        remember: Whether to use the memory.
        fresh: Recall nothing from before this conversation.
        now: The clock.
        progress: Told what takes long while loading.
    """

    character: str = ""
    owner: str = ""
    listen: bool = True
    speak: bool = True
    loudspeaker: Loudspeaker | None = None
    remember: bool = True
    fresh: bool = False
    now: Callable[[], datetime] = _local_time
    progress: Callable[[str], None] | None = None


@dataclass(slots=True)
class Parts:
    """A composed companion and what belongs to it."""

    card: Card
    companion: Companion
    llm: Llama
    prompts: Assembler
    voice: Piper | None = None
    memory: Memory | None = None
    whisper: Whisper | None = None
    microphone: Microphone | None = None
    speaker: Speaker | None = None
    notices: list[str] = field(default_factory=list)
    watch: Watch | None = None

    def warm(self) -> None:
        """Have each engine work once, so that the first turn is as quick as the others."""
        world = self.companion.world
        constants = world.constants() if world else ()
        self.llm.warm(self.prompts.start(self.companion.persona, constants))
        if self.memory is not None:
            with contextlib.suppress(StoreError):  # is said when something is to be remembered
                self.memory.obey(Heard("Hello."))
                self.memory.search("Hello, friend.", 1)
        if self.whisper is not None:
            self.whisper.warm()
        if self.voice is not None:
            self.companion.pace.expect(self.voice.warm())

    def close(self) -> None:
        """Close devices, memory and model, in this order."""
        for part in (self.watch, self.microphone, self.speaker, self.memory, self.llm):
            if part is not None:
                part.close()


def compose(settings: Settings, wishes: Wishes, tell: Callable[[Event], None]) -> Parts:
    """Load everything a conversation needs.

    Raises:
        MissingInput: The character or the language model is not there.
        StoreBusy: Another process holds the memory.
        StoreDamaged: It is damaged, and has no copy.
        CompanionError: A file is there and cannot be used.
    """
    from companion.speech.silent import SilentSpeaker, SilentVoice

    notices: list[str] = []
    who = wishes.character or settings.companion.character
    card = cards.find_card(settings.path(settings.companion.characters), who)
    owner = wishes.owner or settings.user.name or "friend"
    llm = load_llm(settings)
    memory = _or_none(
        lambda: open_memory(settings, wishes, card, owner, notices, llm),
        "Nothing will be remembered",
        notices,
        UNWRITABLE,
    )
    voice = _or_none(
        lambda: casting.voice_for(settings, card, notices), "Replies are shown as text", notices
    )
    speaker = None
    if wishes.speak and voice is not None and wishes.loudspeaker is None:
        speaker = _or_none(lambda: open_speaker(settings), "Replies are shown as text", notices)
    whisper, microphone = _listening(settings, wishes, notices)
    prompts = assembler(settings, llm)
    companion = Companion(
        stt=whisper,
        memory=memory,
        prompt=prompts,
        llm=llm,
        voice=SilentVoice(),
        speaker=wishes.loudspeaker or speaker or SilentSpeaker(),
        persona=card.persona(owner),
        now=wishes.now,
        tell=tell,
        ask_again=settings.llm.ask_again,
    )
    spoken = voice if speaker or wishes.loudspeaker else None
    notices += casting.dress(companion, settings, card, owner, spoken)
    companion.renew = Renewal(settings, owner, card, companion, spoken)
    return Parts(
        card, companion, llm, prompts, voice, memory, whisper, microphone, speaker, notices
    )


def open_session(parts: Parts, settings: Settings) -> Session:
    """A push-to-talk session around a composed companion."""
    from companion.sound.gate import Gate
    from companion.sound.keep import Keeper

    speaker, keeper = parts.speaker, None
    if settings.audio.keep and speaker is not None:
        audio, folder = settings.audio, settings.path(settings.companion.audio_out)
        keeper = Keeper(speaker, folder, audio.keep_mb, audio.keep_days, rate=audio.rate)
        parts.companion.speaker = keeper
    for notice in parts.notices:
        parts.companion.tell(Notice(notice))
    if parts.memory is not None and settings.stats.keep:
        number = rig(settings, parts.voice.name if parts.voice else "")
        figures = Figures(settings.path(settings.companion.memory), number, _local_time)
        parts.companion.tell = figures.after(parts.companion.tell)
    gate = Gate() if parts.microphone is not None else None
    session = Session(
        parts.companion,
        gate,
        microphone=parts.microphone,
        tidy=parts.memory,
        keeper=keeper,
        cue=_cue(speaker) if speaker is not None and settings.cue else None,
    )
    session.acknowledge = casting.acknowledgement(settings, parts.voice, speaker)
    if gate is not None and parts.microphone is not None:
        parts.watch = _watch(parts.microphone, parts.companion, speaker)
        session.early = Early(parts.companion, gate, parts.microphone, Worth(settings.stt.ahead))
    return session


# ── one part each ────────────────────────────────────────────────────────────────────────────


def load_llm(settings: Settings) -> Llama:
    """The language model of the settings, its header checked before it is loaded."""
    from companion.llm.engine import Limits, Llama
    from companion.pack.fits import check_fits

    llm = settings.llm
    path = model_path(settings, llm.model)
    if not path.is_file():
        raise ModelMissing(f"There is no language model at {path}.", "Run: companion models pull")
    check_fits(path, llm.context)
    limits = Limits(
        context=llm.context,
        reply=llm.reply,
        seconds=llm.seconds,
        threads=llm.threads,
        threads_read=llm.threads_read,
        temperature=llm.temperature,
        seed=llm.seed,
    )
    return Llama(path, limits, settings.path(settings.companion.models) / "cache" / "cards")


def load_whisper(settings: Settings, bias: str = "") -> Whisper:
    """The transcriber of the settings."""
    from companion.stt import Whisper

    stt = settings.stt
    return Whisper(
        model_path(settings, stt.model), threads=stt.threads, language=stt.language, bias=bias
    )


def load_embedder(
    settings: Settings, progress: Callable[[str], None] | None = None
) -> Embedder | None:
    """The embedder of the settings; None where recall is by words alone.

    Args:
        settings: The settings.
        progress: Told what takes long: the first use prepares the model.
    """
    from companion.memory.dense.embed import SentenceTransformers

    name = settings.memory.embedder
    if name == "none":
        return None
    if name == "minilm":
        return load_minilm(settings, progress)
    return SentenceTransformers(str(model_path(settings, name)))


def load_minilm(settings: Settings, progress: Callable[[str], None] | None = None) -> MiniLM:
    """The embedder that ships."""
    from companion.memory.dense.embed import MiniLM

    return MiniLM(_cache(settings, MiniLM.name), progress=progress)


def load_judge(settings: Settings) -> Judge | None:
    """The second stage of the settings; None where it is off."""
    from companion.memory.recall.judge import CrossEncoderJudge

    name = settings.memory.second_stage
    folder = model_path(settings, name)
    return CrossEncoderJudge(str(folder) if folder.exists() else name) if name else None


def open_memory(
    settings: Settings,
    wishes: Wishes,
    card: Card,
    owner: str,
    notices: list[str],
    llm: Llama | None = None,
) -> Memory | None:
    """The memory of this owner with this character; None where it is switched off."""
    from companion.memory import Memory

    if not (settings.memory.enabled and wishes.remember):
        return None
    embedder = _or_none(
        lambda: load_embedder(settings, wishes.progress), "Recall is by words alone", notices
    )
    return Memory(
        settings.path(settings.companion.memory),
        owner,
        card.id,
        embedder,
        now=wishes.now,
        fresh=wishes.fresh,
        name=card.name,
        role="talk",
        index=settings.memory.index,
        notes=settings.memory.notes,
        audio=settings.path(settings.companion.audio_out),
        judge=_or_none(lambda: load_judge(settings), "Recall has one stage", notices),
        extractor=_extractor(settings, card, owner, llm),
    )


def _extractor(settings: Settings, card: Card, owner: str, llm: Llama | None) -> Extractor | None:
    """What looks for facts after the rules; None where they do it alone."""
    from companion.memory.write.model import ModelExtractor
    from companion.memory.write.rules import About

    if settings.memory.extract != "model" or llm is None:
        return None
    return ModelExtractor(llm, About(owner, card.name))


def open_speaker(settings: Settings) -> Speaker:
    """The loudspeaker of the settings."""
    from companion.sound.speaker import Speaker

    return Speaker(settings.audio.loudspeaker or None, volume=settings.audio.volume)


def open_microphone(settings: Settings) -> Microphone:
    """The microphone of the settings; its first frame has arrived."""
    from companion.sound.mic import Microphone

    audio = settings.audio
    microphone = Microphone(
        audio.microphone or None,
        pre_roll=settings.pre_roll,
        tail=audio.tail,
        longest=audio.longest,
    )
    microphone.open()
    return microphone


def _watch(microphone: Microphone, companion: Companion, speaker: Speaker | None) -> Watch:
    """Somebody who notices that a device is lost, and takes it up again."""
    from companion.sound.watch import Watch

    watch = Watch(microphone, lambda text: companion.tell(Notice(text)), speaker)
    watch.start()
    return watch


def model_path(settings: Settings, name: str) -> Path:
    """Where a model is: below the workspace's models, a path, or in the pack that ships."""
    folder = settings.path(settings.companion.models)
    below = folder / name
    with readable(folder):
        if below.exists() or Path(name).is_absolute():
            return below
    given = settings.path(name)
    if given.exists():
        return given
    shipped = bundled("models") / name
    return shipped if shipped.exists() else below


def _cache(settings: Settings, name: str) -> Path:
    """Where a model made here is kept: in the workspace, or where one was made before."""
    own = settings.path(settings.companion.models) / "cache"
    shared = bundled("models") / "cache"
    return shared if (shared / name).is_dir() and not (own / name).is_dir() else own


def _listening(
    settings: Settings, wishes: Wishes, notices: list[str]
) -> tuple[Whisper | None, Microphone | None]:
    """Whisper and the microphone: both or, for typed words, neither."""
    if not wishes.listen:
        return None, None
    whisper = _or_none(lambda: load_whisper(settings), "Type your words", notices)
    if whisper is None:
        return None, None
    microphone = _or_none(lambda: open_microphone(settings), "Type your words", notices)
    return whisper, microphone


def _or_none(
    load: Callable[[], T], instead: str, notices: list[str], codes: frozenset[int] = frozenset()
) -> T | None:
    """A part, or None and a notice of what happens without it; of `codes` only, where given."""
    try:
        return load()
    except CompanionError as error:
        if codes and error.code not in codes:
            raise
        notice = f"{instead}: {error}"
        if notice not in notices:
            notices.append(notice)
        return None


def _cue(speaker: Speaker) -> Callable[[], None]:
    from companion.sound.cue import cue_tone

    samples, rate = cue_tone()
    return lambda: speaker.cue(samples, rate)
