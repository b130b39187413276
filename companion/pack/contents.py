"""What a character needs on another machine: every file its settings and its card name.

Finds and names them; copies nothing, and loads no model.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from companion import cards
from companion.cards.bring import suffix_of
from companion.cards.write import write
from companion.casting import voice_path
from companion.errors import BadData, MissingInput, ModelMissing
from companion.pack import lock
from companion.pack.bundle import Item
from companion.pack.bundled import bundled
from companion.pack.manifest import load_manifest
from companion.pack.portable import leads_away, portable

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.cards import Card
    from companion.config import Settings
    from companion.pack.bundle import Kind

_LICENCE = re.compile(r"(licen[cs]e|copying|notice|model_card|attribution)", re.IGNORECASE)
_WHISPER = re.compile(
    r"(model\.bin|config|tokenizer|vocabulary|preprocessor|readme|licen[cs]e|notice|model_card)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"(.+)-\d{5}-of-(\d{5})\.gguf")
_LARGEST_LICENCE = 1 << 20
COMES_ALONG = ("minilm", "none")
"""Embedders that need no folder: the program brings them."""


@dataclass(slots=True)
class Gathered:
    """What goes into a bundle.

    Attributes:
        items: The files, `config.toml` first.
        left_out: What of the workspace stays here, each in a sentence.
    """

    items: list[Item]
    left_out: list[str]


def gather(settings: Settings, card: Card, find: Callable[[str], Path], owner: str) -> Gathered:
    """Everything that this character needs to listen, answer and speak.

    Args:
        settings: The settings in force.
        card: The character.
        find: Where the model with a name of the settings is.
        owner: Whose memories go along; empty: nobody's, and then no name does.

    Raises:
        MissingInput: A part is not there: on a machine without network nobody could mend that.
        BadData: Two files would have one name, or a setting names what cannot be read.
    """
    found = _Found(settings, find)
    found.language_model()
    found.whisper()
    found.voices(card)
    found.embedder()
    found.second_stage()
    found.wake_word()
    found.world()
    found.card(card)
    found.origins()
    if owner:
        found.named["user.name"] = owner
    text, stays = portable(settings, found.named)
    found.left_out += [f"Left out: {what}." for what in stays]
    items = [Item("config.toml", "config", text.encode()), *_once(found.items)]
    return Gathered(items, found.left_out)


@dataclass(slots=True)
class _Found:
    """What has been found so far.

    Attributes:
        settings: The settings in force.
        find: Where a model is.
        items: The files.
        named: What the settings are called there.
        spoken: What the voices of the card are called there, where that is another name.
        left_out: What is not taken along.
    """

    settings: Settings
    find: Callable[[str], Path]
    items: list[Item] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    spoken: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def language_model(self) -> None:
        name = self.settings.llm.model
        path = self.find(name)
        if not path.is_file():
            raise ModelMissing(
                f"There is no language model at {path}.", "Run: companion models pull"
            )
        # One that lay elsewhere gets a folder of its own: the licences beside it go along.
        kept = f"brought/{path.name}" if _elsewhere(name) else name
        place = PurePosixPath("models", kept)
        for part in _parts(path):
            self._add(place.with_name(part.name), "llm", part)
        self._licences(path.parent, place.parent)
        self.named["llm.model"] = kept

    def whisper(self) -> None:
        path = self.find(self.settings.stt.model)
        if not (path / "model.bin").is_file():
            raise ModelMissing(
                f"There is no Whisper folder at {path}.", "Run: companion models pull"
            )
        self._folder("stt", "stt.model", path)

    def voices(self, card: Card) -> None:
        own, second = card.voice.model, card.voice.actions_voice
        self.named["voice.model"] = self._voice(own or self.settings.voice.model)
        if own:
            self.spoken["model"] = self.named["voice.model"]
        if card.voice.actions == "voice" and second:
            self.spoken["actions_voice"] = self._voice(second)

    def embedder(self) -> None:
        name = self.settings.memory.embedder
        if name not in COMES_ALONG and not self._folder("embedder", "memory.embedder"):
            self.named["memory.embedder"] = "minilm"
            self.left_out.append(
                "Left out: the embedder, which lies in no folder of its own; the one that comes"
                " with Companion takes its place."
            )

    def second_stage(self) -> None:
        name = self.settings.memory.second_stage
        if name and not self._folder("second stage", "memory.second_stage"):
            self.named["memory.second_stage"] = ""
            self.left_out.append("Left out: the second stage, which lies in no folder.")

    def wake_word(self) -> None:
        path = Path(self.settings.free.word).expanduser()
        if not path.is_file():
            return
        try:
            model = path.parent / str(json.loads(path.read_text("utf-8"))["model"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadData(f"{path} is no wake word: {error!r}.", "Check [free] word.") from error
        place = PurePosixPath("models", "wake")
        for file in (path, model):
            self._add(place / file.name, "wake word", file)
        self._licences(path.parent, place)
        self.named["free.word"] = str(place / path.name)

    def world(self) -> None:
        if self.settings.lore.world:
            path = self.settings.path(self.settings.lore.world)
            if not path.is_file():
                raise MissingInput(f"There is no lorebook at {path}.", "Check [lore] world.")
            self._add(PurePosixPath("worlds", path.name), "lorebook", path)
            self.named["lore.world"] = f"worlds/{path.name}"

    def card(self, card: Card) -> None:
        self.named["companion.character"] = card.id
        if card.path is None:  # the built-in one
            return
        if not card.path.is_file():  # a pipe was read to its end, and is not read again
            raise BadData(
                f"{card.path} is no ordinary file.",
                "Import the card first: companion characters import FILE --id NAME",
            )
        named = card.path.with_suffix(suffix_of(card.path))  # what it is, whatever it is called
        place = f"characters/{card.id}{named.suffix}"
        moved = card
        for name, value in self.spoken.items():
            if getattr(card.voice, name) != value:  # a path of this machine
                moved = cards.changed(moved, f"extensions.companion.voice.{name}", value)
        source = card.path if moved is card else write(moved, cards.kind_of(card, named))
        self.items.append(Item(place, "character", source))

    def origins(self) -> None:
        """What was pulled stays known as that: where from, with which hash and licence."""
        folders = self.settings.companion
        for name, folder in (("models", folders.models), ("voices", folders.voices)):
            root = self.settings.path(folder)
            pulled, known = lock.read(root), {}
            for at, item in enumerate(self.items):
                below = item.path.removeprefix(f"{name}/")
                if below in pulled and item.source == root / below:
                    known[below] = pulled[below]
                    self.items[at] = replace(item, sha256=pulled[below].sha256)
            if known:
                text = lock.written(known).encode()
                self.items.append(Item(f"{name}/{lock.NAME}", "hashes", text))
        allowed = _licences_of_parts()
        self.items = [replace(item, licence=allowed.get(item.path, "")) for item in self.items]

    # ── one file or folder ───────────────────────────────────────────────────────────────────

    def _voice(self, name: str) -> str:
        """Add a voice; what it is called there."""
        path = voice_path(self.settings, name)
        if not path.is_file() or not path.with_name(f"{path.name}.json").is_file():
            raise ModelMissing(
                f"There is no voice at {path}, or not its .json.", "Run: companion voices list"
            )
        kept = PurePosixPath(path.name if _elsewhere(name) else name)
        place = PurePosixPath("voices", kept.parent)
        self._add(place / path.name, "voice", path)
        self._add(place / f"{path.name}.json", "voice", path.with_name(f"{path.name}.json"))
        card = path.with_name(f"{path.stem}.MODEL_CARD.txt")
        if card.is_file():
            self._add(place / card.name, "licence", card)
        self._licences(path.parent, place)
        return str(kept).removesuffix(".onnx")

    def _folder(self, kind: Kind, setting: str, path: Path | None = None) -> bool:
        """Add a folder with a model in it; False where there is none."""
        section, _, key = setting.partition(".")
        name = str(getattr(getattr(self.settings, section), key))
        path = path or self.find(name)
        if not path.is_dir():
            return False
        kept = path.resolve().name if _elsewhere(name) else name
        self.named[setting] = kept
        whisper = kind == "stt"
        for file in _files(path, deep=not whisper):
            if whisper and not _WHISPER.match(file.name):  # something of the owner's
                continue
            place = PurePosixPath("models", kept, file.relative_to(path).as_posix())
            self._add(place, "licence" if _LICENCE.match(file.name) else kind, file)
        return True

    def _licences(self, folder: Path, place: PurePosixPath) -> None:
        """Licences and model cards beside a model go along with it."""
        for file in _files(folder, deep=False):
            if _LICENCE.match(file.name) and file.stat().st_size <= _LARGEST_LICENCE:
                self._add(place / file.name, "licence", file)

    def _add(self, place: PurePosixPath, kind: Kind, source: Path) -> None:
        self.items.append(Item(str(place), kind, source))


def _once(items: list[Item]) -> list[Item]:
    """Each path once: a licence may belong to two models, and stands there for both."""
    found: dict[str, Item] = {}
    for item in items:
        other = found.setdefault(item.path, item)
        if other.source != item.source and item.kind != "licence":
            raise BadData(
                f"{other.source!s} and {item.source!s} would both be {item.path}.",
                "Rename one of them, and name it so where it is named.",
            )
    return list(found.values())


def _licences_of_parts() -> dict[str, str]:
    """What the makers of models that can be pulled allow, by their path in a workspace."""
    manifest = load_manifest(bundled("models") / "manifest.toml")
    return {
        str(PurePosixPath("models", part.folder, file.saved)): part.licence
        for part in manifest.parts.values()
        for file in part.files
    }


def _elsewhere(name: str) -> bool:
    """Whether a model has to be named anew: it lies outside of the workspace, or is hidden."""
    return leads_away(name) or _hidden(Path(name))


def _parts(path: Path) -> list[Path]:
    """A language model that is split into several files, all of them; else the one."""
    split = _SPLIT.fullmatch(path.name)
    if split is None:
        return [path]
    name, count = split[1], int(split[2])
    return [path.with_name(f"{name}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)]


def _files(folder: Path, *, deep: bool) -> list[Path]:
    """The files of a folder that are not hidden."""
    found = folder.rglob("*") if deep else folder.iterdir()
    return [
        path for path in sorted(found) if path.is_file() and not _hidden(path.relative_to(folder))
    ]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
