"""Run the forty probes through llama.cpp with the product's own prompt builder.

python -m training.llm.evaluate [--model models/offline/companion.gguf] [--show]

Temperature 0. Prints right answers by class, and how many fact probes are right when they are
given another probe's notes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from companion.llm.chat import ChatTemplate
from companion.prompt import Assembler, Room
from training.llm.probes import CLASSES, load, swapped

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
        self.builder.reset()
        prompt = self.builder.assemble(probe.persona, probe.history, probe.now(notes))
        ids: list[int] = []
        for token in self.llama.generate(list(prompt.tokens), temp=0.0, top_k=1):
            if token == self.llama.token_eos() or len(ids) >= MOST_TOKENS:
                break
            ids.append(token)
        text = self.llama.detokenize(ids).decode("utf-8", "replace")
        for stop in prompt.stops:
            text = text.partition(stop)[0]
        return text.strip()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/offline/companion.gguf"))
    parser.add_argument("--show", action="store_true", help="print every question and answer")
    args = parser.parse_args()
    engine, probes = Engine(args.model), load()
    right: Counter[str] = Counter()
    for probe in probes:
        reply = engine.reply(probe)
        ok = probe.right(reply)
        right[probe.kind] += ok
        if args.show:
            print(f"{'right' if ok else 'WRONG'} {probe.id}: {probe.question} -> {reply}")
    other = swapped(probes)
    facts = [p for p in probes if p.kind == "fact"]
    leaked = 0
    for probe in facts:
        reply = engine.reply(probe, other[probe.id])
        leaked += probe.right(reply)
        if args.show:
            print(f"swapped {probe.id}: {probe.question} -> {reply}")
    for kind in CLASSES:
        print(f"{kind}: {right[kind]} of {sum(p.kind == kind for p in probes)}")
    print(f"right: {right.total()} of {len(probes)}; needed 24")
    print(f"facts right with another probe's notes: {leaked} of {len(facts)}; at most 20 %")


if __name__ == "__main__":
    main()
