"""`companion eval`: how good a part is, on data that anybody can get."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli import eval_character, eval_loop
from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.measure.recall import Way

app = typer.Typer(help="How good a part is, on data that anybody can get.", no_args_is_help=True)


@app.callback()
def _parts() -> None:
    """One part each."""


@app.command()
def memory(
    dataset: Annotated[
        Path, typer.Option(help="Question set: a JSON file, or a folder of them.", metavar="PATH")
    ],
    split: Annotated[
        str, typer.Option(help="Which conversations: dev, test, or places such as 0-4.")
    ] = "",
    no_dense: Annotated[bool, typer.Option("--no-dense", help="By words alone.")] = False,
    second_stage: Annotated[
        str, typer.Option(help="Cross-encoder for the second stage; else as set.", metavar="FOLDER")
    ] = "",
    wording: Annotated[str, typer.Option(help="Version of the wording of the block.")] = "v2",
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """How much of what answers a question is found."""
    from companion.measure import recall, sets

    some = sets.load(dataset, split)
    way = _way(wording, second_stage, dense=not no_dense)
    asked = recall.measure(some, way, SHELL.say)
    figures = recall.report(asked)
    if as_json:
        show_json(figures)
    else:
        _table(figures)


def _way(wording: str, second_stage: str, *, dense: bool) -> Way:
    """The memory's embedder as it is set, and MiniLM's tokenizer to count with."""
    from companion.compose import load_embedder, load_judge, load_minilm
    from companion.measure.recall import Way

    settings = SHELL.settings()
    if second_stage:
        chosen_memory = settings.memory.model_copy(update={"second_stage": second_stage})
        settings = settings.model_copy(update={"memory": chosen_memory})
    counting = load_minilm(settings, SHELL.say)
    same = settings.memory.embedder == "minilm"
    chosen = counting if same else load_embedder(settings, SHELL.say)
    return Way(chosen if dense else None, counting.tokens, wording, load_judge(settings))


def _table(figures: dict[str, Any]) -> None:
    rows = {"all": figures, **figures["by_category"]}
    show(f"{'':16}{'n':>6}" + "".join(f"{'R@' + k:>8}" for k in figures["recall"]) + f"{'MRR':>8}")
    for name, row in rows.items():
        shares = "".join(f"{100 * share:8.1f}" for share in row["recall"].values())
        show(f"{name:16}{row['n']:6}{shares}{row['mrr']:8.3f}")
    ms = figures["ms"]
    show(f"packed {100 * figures['packed_recall']:.1f}   ms {ms['p50']:.1f} (p95 {ms['p95']:.1f})")
    if "unanswerable" in figures:
        some = figures["unanswerable"]
        show(
            f"{some['n']} unanswerable: {100 * some['abstained']:.1f} % without memories; of the "
            f"others {100 * some['lost']:.1f} %"
        )
    for name in ("wrong_person", "wrong_time"):
        for question in figures.get(name, ()):
            show(f"{name.replace('_', ' ')}: {question}")


eval_character.register(app)
eval_loop.register(app)
