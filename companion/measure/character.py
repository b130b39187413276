"""Golden conversations with a character, through the turn that people talk with.

The model is asked at temperature 0 from an empty context in each conversation, the time of day is
the file's and the memory brings the file's notes: the same settings give the same report, word for
word, on one machine. Knows nothing of how a stage works.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from companion.errors import BadData, MissingInput
from companion.flow import Cancel
from companion.measure.rules import Spoken, Verdict, Who, judge
from companion.trace import Trace
from companion.turn import turn
from companion.values import Heard, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from companion.cards import Card
    from companion.config import Settings
    from companion.measure.golden import Conversation, Golden, Rules
    from companion.stages import World
    from companion.turn import Companion
    from companion.values import Answer, Exchange, Lore, Persona, Placed, Prompt, Said


_LLM = ("context", "reply", "seed", "ask_again")
_DETAILS = {"probes", "baseline", "compare"}


@dataclass(frozen=True, slots=True)
class Probe:
    """One reply and how it was judged.

    Attributes:
        id: `conversation.number`.
        prompt: Tokens of the prompt.
        told: Entries of the lorebook that the model was told, by name.
    """

    id: str
    kind: str
    say: str
    reply: str
    prompt: int
    told: tuple[str, ...]
    rules: tuple[Verdict, ...]

    @property
    def right(self) -> bool:
        """Whether every rule was held."""
        return all(rule.held for rule in self.rules)

    @property
    def held(self) -> int:
        """How many of its rules were held."""
        return sum(rule.held for rule in self.rules)


@dataclass(slots=True)
class Given:
    """A memory that brings what the file says, and keeps nothing."""

    notes: tuple[Note, ...] = ()
    private: bool = True

    def obey(self, heard: Heard) -> Answer | None:  # noqa: ARG002
        """No command: all words are talk."""
        return None

    def hear(self, heard: Heard) -> str:  # noqa: ARG002
        """Nothing is kept."""
        return ""

    def recall(self, heard: Heard) -> tuple[Note, ...]:  # noqa: ARG002
        """The notes of the file."""
        return self.notes

    def peek(self, heard: Heard) -> tuple[Note, ...]:
        """The same: nothing is noted anyway."""
        return self.recall(heard)

    def say(self, said: Said) -> str:  # noqa: ARG002
        """Nothing is kept."""
        return ""

    def witness(self, prompt: Prompt, said: Said) -> None:
        """Nothing is noted."""


@dataclass(slots=True)
class Watched:
    """A character's world, and what of it was told in the last turn."""

    world: World
    told: tuple[str, ...] = ()

    def tell(self, persona: Persona, history: Sequence[Exchange], words: str) -> Lore:
        """What these words call up."""
        lore = self.world.tell(persona, history, words)
        self.told = tuple(entry.name or entry.uid for entry in lore.entries)
        return lore

    def peek(self, persona: Persona, history: Sequence[Exchange], words: str) -> Lore:
        """What they would call up; it does not count as told."""
        return self.world.peek(persona, history, words)

    def constants(self) -> tuple[Placed, ...]:
        """What is told in every turn."""
        return self.world.constants()


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def ask(c: Companion, golden: Golden, fresh: Callable[[], None]) -> Iterator[Probe]:
    """Hold all conversations.

    Args:
        c: The character and its stages; its history, memory and clock are set here.
        golden: What is said, and the rules.
        fresh: Called before each conversation: nothing of the last one may be left, in the model
            and in the character's world.
    """
    c.now = lambda: golden.now
    for conversation in golden.conversation:
        fresh()
        c.world = Watched(c.world) if c.world is not None else None
        c.history[:] = conversation.history()
        c.memory = Given(conversation.recalled(golden.owner, golden.now))
        yield from _converse(c, conversation, golden.always)


def _converse(c: Companion, conversation: Conversation, always: Rules) -> Iterator[Probe]:
    who = Who(c.persona.name, c.persona.user)
    for number, line in enumerate(conversation.turn, 1):
        earlier = tuple(exchange.reply for exchange in c.history)
        trace = Trace()
        said = turn(c, Heard(line.say), Cancel(), trace)
        if said is not None and said.error is not None:
            raise said.error
        reply = said.text.strip() if said is not None else ""
        told = c.world.told if isinstance(c.world, Watched) else ()
        judged = Spoken(reply, line.say, earlier, told, trace.saw)
        yield Probe(
            id=f"{conversation.id}.{number}",
            kind=conversation.kind,
            say=line.say,
            reply=reply,
            prompt=trace.tokens["prompt"],
            told=told,
            rules=judge(judged, line.with_always(always), who),
        )


def measure(settings: Settings, card: Card, golden: Golden) -> list[Probe]:
    """All conversations with the engines of the settings.

    Raises:
        MissingInput: The language model is not there.
        CompanionError: A file is there and cannot be used.
    """
    from companion import worlds
    from companion.compose import Wishes, compose

    calm = settings.model_copy(update={"llm": settings.llm.model_copy(update={"temperature": 0.0})})
    who = str(card.path) if card.path else card.id
    wishes = Wishes(
        who, golden.owner, listen=False, speak=False, remember=False, now=lambda: golden.now
    )
    parts = compose(calm, wishes, lambda _: None)

    def fresh() -> None:
        parts.llm.forget()
        parts.prompts.reset()
        parts.companion.world = None  # what was told does not stay told
        parts.companion.world = worlds.world(calm, parts.card, golden.owner, parts.companion)

    try:
        return list(ask(parts.companion, golden, fresh))
    finally:
        parts.close()


def golden_path(card: Card) -> Path:
    """Where the golden conversations of a card are: beside it, in `golden/ID.toml`.

    Raises:
        MissingInput: The card has no file.
    """
    if card.path is None:
        raise MissingInput(f"{card.name} has no file, so no golden conversations.", "Use --golden.")
    return card.path.parent / "golden" / f"{card.id}.toml"


# ── reporting ────────────────────────────────────────────────────────────────────────────────


def report(probes: Sequence[Probe], about: dict[str, Any]) -> dict[str, Any]:
    """Figures and every probe; `about` says what was measured."""
    by_kind: dict[str, list[Probe]] = defaultdict(list)
    by_rule: dict[str, list[bool]] = defaultdict(list)
    for probe in probes:
        by_kind[probe.kind].append(probe)
        for rule in probe.rules:
            by_rule[rule.rule].append(rule.held)
    return {
        **about,
        "n": len(probes),
        "right": sum(probe.right for probe in probes),
        "by_kind": {kind: _count([p.right for p in some]) for kind, some in by_kind.items()},
        "by_rule": {rule: _count(some) for rule, some in by_rule.items()},
        "probes": [_row(probe) for probe in probes],
    }


def _count(held: Sequence[bool]) -> dict[str, int]:
    return {"n": len(held), "right": sum(held)}


def _row(probe: Probe) -> dict[str, Any]:
    return {
        "id": probe.id,
        "kind": probe.kind,
        "say": probe.say,
        "reply": probe.reply,
        "right": probe.right,
        "held": probe.held,
        "of": len(probe.rules),
        "prompt_tokens": probe.prompt,
        "told": list(probe.told),
        "rules": [asdict(rule) for rule in probe.rules],
    }


def together(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several characters' reports as one: more probes show a smaller difference."""
    if len(reports) == 1:
        return reports[0]
    whole = dict(reports[0])
    for name in ("character", "card", "golden"):
        whole[name] = [one[name] for one in reports]
    for name in ("n", "right"):
        whole[name] = sum(one[name] for one in reports)
    for name in ("by_kind", "by_rule"):
        whole[name] = _added([one[name] for one in reports])
    whole["probes"] = [
        {**probe, "id": f"{one['character']}/{probe['id']}"}
        for one in reports
        for probe in one["probes"]
    ]
    return whole


def _added(tables: Sequence[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    names = dict.fromkeys(name for table in tables for name in table)
    rows = {name: [table[name] for table in tables if name in table] for name in names}
    return {
        name: {key: sum(row[key] for row in some) for key in ("n", "right")}
        for name, some in rows.items()
    }


def about(settings: Settings, card: Card, golden: Path) -> dict[str, Any]:
    """What is measured: card, conversations, model and wording."""
    from companion.compose import model_path

    model = model_path(settings, settings.llm.model)
    return {
        "character": card.id,
        "card": _digest(card.path) if card.path else "",
        "golden": _digest(golden),
        "model": {"name": model.name, "bytes": model.stat().st_size if model.is_file() else 0},
        "prompt": settings.prompt.model_dump(),
        "llm": {name: getattr(settings.llm, name) for name in _LLM},
        "lore": settings.lore.model_dump(mode="json"),
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def by_id(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The probes of a report by id."""
    return {probe["id"]: probe for probe in figures["probes"]}


def keep(figures: dict[str, Any], path: Path) -> None:
    """Write what a baseline needs, one probe to a line, so that people can read the difference."""
    lines = [json.dumps(_short(probe), ensure_ascii=False) for probe in figures["probes"]]
    rest = {key: value for key, value in figures.items() if key not in _DETAILS}
    head = json.dumps({"schema": 1, **rest}, ensure_ascii=False, indent=1)[:-2]
    path.write_text(head + ',\n "probes": [\n' + ",\n".join(lines) + "\n]}\n", "utf-8")


def _short(probe: dict[str, Any]) -> dict[str, Any]:
    broken = [rule["rule"] for rule in probe["rules"] if not rule["held"]]
    names = ("id", "right", "held", "of", "say", "reply")
    return {**{name: probe[name] for name in names}, "broken": broken}


def load_baseline(path: Path) -> dict[str, Any]:
    """A report that was kept.

    Raises:
        MissingInput: There is no such file.
        BadData: It is no report of golden conversations.
    """
    try:
        figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for probe in by_id(figures).values():
            bool(probe["right"]), int(probe["held"]), int(probe["of"]), str(probe["reply"])
    except FileNotFoundError as error:
        hint = f"Make one: companion eval character CARD --keep {path}"
        raise MissingInput(f"There is no baseline {path}.", hint) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadData(f"{path} is no report of `companion eval character`.") from error
    return figures
