"""Run the written probes through llama.cpp with the product's own prompt builder.

python -m training.llm.evaluate [--model models/offline/companion.gguf] [--first] [--show]

Temperature 0. Prints right answers by class, how many fact probes are right when they are given
another probe's notes, and how much is in character and varied. `--first`: the forty probes of the
first version instead of the two hundred.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from companion.llm.chat import ChatTemplate
from companion.prompt import Assembler, Room
from training.llm import exam, probes

if TYPE_CHECKING:
    from companion.values import Note
    from training.llm.probes import Probe

CONTEXT = 2048
MOST_TOKENS = 60


class Engine:
    """llama.cpp, greedy, one thread."""

    def __init__(self, path: Path) -> None:
        from llama_cpp import Llama

        self.llama = Llama(str(path), n_ctx=CONTEXT, n_threads=1, n_threads_batch=1, verbose=False)
        template = self.llama.metadata["tokenizer.chat_template"]
        chat = ChatTemplate(template, bos="<|bos|>", eos="<|end|>", where=path.name)
        self.builder = Assembler(self, chat, Room(CONTEXT, MOST_TOKENS, 600))

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Ids of a text."""
        return list(self.llama.tokenize(text.encode(), add_bos=False, special=special))

    def reply(self, probe: Probe, notes: tuple[Note, ...] | None = None) -> str:
        """The answer to a probe, with its own notes or others."""
        text, stops = self.written(probe, notes)
        for stop in stops:
            text = text.partition(stop)[0]
        return text.strip()

    def written(
        self, probe: Probe, notes: tuple[Note, ...] | None = None
    ) -> tuple[str, tuple[str, ...]]:
        """All that the model writes, and where the product cuts it off."""
        self.builder.reset()
        prompt = self.builder.assemble(probe.persona, probe.history, probe.now(notes))
        ids: list[int] = []
        for token in self.llama.generate(list(prompt.tokens), temp=0.0, top_k=1):
            if token == self.llama.token_eos() or len(ids) >= MOST_TOKENS:
                break
            ids.append(token)
        return self.llama.detokenize(ids).decode("utf-8", "replace"), prompt.stops


def examine(engine: Engine, found: tuple[Probe, ...], *, show: bool) -> tuple[Counter[str], int]:
    """Right answers by class, and fact probes that are right with another probe's notes."""
    right: Counter[str] = Counter()
    for probe in found:
        reply = engine.reply(probe)
        ok = probe.right(reply)
        right[probe.kind] += ok
        if show:
            print(f"{'right' if ok else 'WRONG'} {probe.id}: {probe.question} -> {reply}")
    other = probes.swapped(found)
    leaked = 0
    for probe in (p for p in found if p.kind == "fact"):
        reply = engine.reply(probe, other[probe.id])
        leaked += probe.right(reply)
        if show:
            print(f"swapped {probe.id}: {probe.question} -> {reply}")
    return right, leaked


def manners(engine: Engine, found: tuple[Probe, ...]) -> None:
    """Print how many replies are in character, speak for the owner, repeat themselves."""
    written = {p.id: engine.written(p)[0] for p in found}
    replies = {p.id: engine.reply(p) for p in found}
    kept = sum(exam.in_character(p, replies[p.id]) for p in found)
    stolen = sum(exam.speaks_for_user(p, written[p.id]) for p in found)
    same = len(found) - len(set(replies.values()))
    print(f"in character: {kept} of {len(found)}; at least {exam.BARS['character']:.0%}")
    print(f"speaks for the owner: {stolen}; none")
    print(f"distinct-2: {exam.distinct(replies.values()):.2f}")
    repeating = sum(exam.repeats(r) for r in replies.values())
    print(f"repeats three words within a reply: {repeating}; replies said before: {same}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/offline/companion.gguf"))
    parser.add_argument(
        "--first", action="store_true", help="the forty probes of the first version"
    )
    parser.add_argument("--show", action="store_true", help="print every question and answer")
    args = parser.parse_args()
    engine = Engine(args.model)
    found: tuple[Probe, ...] = probes.load() if args.first else exam.load()
    right, leaked = examine(engine, found, show=args.show)
    for kind in probes.CLASSES if args.first else exam.CLASSES:
        print(f"{kind}: {right[kind]} of {sum(p.kind == kind for p in found)}")
    needed = 24 if args.first else round(len(found) * exam.BARS["all"])
    print(f"right: {right.total()} of {len(found)}; needed {needed}")
    facts = sum(p.kind == "fact" for p in found)
    print(f"facts right with another probe's notes: {leaked} of {facts}; at most 20 %")
    if not args.first:
        manners(engine, exam.load())


if __name__ == "__main__":
    main()
