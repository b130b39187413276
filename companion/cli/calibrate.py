"""`companion calibrate`: what this machine can do, the threads for it, and what to expect."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.cards import Card
    from companion.config import Settings
    from companion.measure.calibrate import Found
    from companion.measure.choice import Choice
    from companion.measure.prediction import Off, Rates, Threads


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(calibrate)


@dataclass(frozen=True, slots=True)
class _Result:
    """What one run comes to."""

    settings: Settings
    found: Found
    threads: Threads
    rates: Rates
    others: float
    before: Off | None
    choices: list[Choice]


def calibrate(
    write: Annotated[
        bool, typer.Option("--write", help="Put the threads into config.toml.")
    ] = False,
    models: Annotated[
        bool,
        typer.Option(
            "--models",
            help="Also estimate the models that can be pulled; makes 400 MB of random ones once.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Measure the engines here, propose threads and models, and foretell the first sound.

    `companion stats` tells how far off that was, after the next turns.
    """
    from companion import cards

    settings = SHELL.settings()
    card = cards.find_card(
        settings.path(settings.companion.characters), settings.companion.character
    )
    result = _measured(settings, card, models=models)
    if write:
        _write(result.threads)
    _note(result, card, written=write)
    if as_json:
        show_json(_as_dict(result))
    else:
        _tell(result, written=write)


def _measured(settings: Settings, card: Card, *, models: bool) -> _Result:
    from companion.figures import read_turns
    from companion.measure.calibrate import Others, measure, proposed
    from companion.measure.prediction import compared, kept, rest_of

    turns, _ = read_turns(settings.path(settings.companion.memory))
    last, others = kept(settings), Others()
    found = measure(settings, card, SHELL.say)
    threads = proposed(found)
    rates = found.rates(threads, rest_of(turns, REST))
    choices = _choices(settings, card, rates.rest) if models else []
    before = compared(last, turns) if last else None
    return _Result(settings, found, threads, rates, others.share, before, choices)


REST = 0.05
"""Seconds for a recording's end, the memory and the device, where no turn has told yet."""
NOISY = 0.2
"""Share of the processors that other programs may take before figures are doubted."""


def _choices(settings: Settings, card: Card, rest: float) -> list[Choice]:
    from companion.measure.calibrate import measure, proposed
    from companion.measure.choice import choices, of_shapes
    from companion.measure.shapes import make
    from companion.pack.bundled import bundled
    from companion.pack.fits import free_memory
    from companion.pack.manifest import load_manifest

    shapes = make(progress=SHELL.say)
    SHELL.say("now with models of random weights …")
    found = measure(of_shapes(settings, shapes.llm, shapes.base), card, SHELL.say)
    rates = found.rates(proposed(found), rest)
    manifest = load_manifest(bundled("models") / "manifest.toml")
    folder = settings.path(settings.companion.models)
    size = shapes.llm.stat().st_size
    return list(choices(manifest, rates, size, folder, free_memory()))


def _write(threads: Threads) -> None:
    """Put the threads into config.toml; comments stay."""
    from companion.cli.config import store

    file = SHELL.settings().file
    for name, count in threads.settings.values():
        section, _, key = name.partition(".")
        store(file, section, key, str(count))


def _note(result: _Result, card: Card, *, written: bool) -> None:
    """Keep what was foretold, for the threads that the next turns will have."""
    from companion.casting import load_voice
    from companion.figures import rig
    from companion.measure.prediction import Prediction, keep

    settings = SHELL.settings() if written else result.settings
    voice = load_voice(settings, card).name
    rates = result.rates if written else result.found.rates(_set(result), result.rates.rest)
    keep(settings, Prediction(at=datetime.now(UTC), rig=rig(settings, voice), rates=rates))


def _set(result: _Result) -> Threads:
    """The threads of config.toml, or the nearest that were measured."""
    from companion.measure.prediction import Threads

    settings, known = result.settings, sorted(result.found.reading)

    def near(count: int) -> int:
        return min(known, key=lambda one: abs(one - count))

    return Threads(
        hear=near(settings.stt.threads),
        read=near(settings.llm.threads_read),
        write=near(settings.llm.threads),
        speak=near(settings.voice.threads),
    )


def _as_dict(result: _Result) -> dict[str, Any]:
    from companion.measure.calibrate import cores
    from companion.measure.prediction import UNDERSTOOD_EARLY, USUAL, as_dict, foretold

    return {
        "cores": cores(),
        "others": round(result.others, 3),
        "measured": asdict(result.found),
        "set": asdict(_set(result)),
        "proposed": asdict(result.threads),
        "rates": asdict(result.rates),
        "fluent": result.rates.fluent,
        "foretold_ms": foretold(result.rates, USUAL),
        "foretold_understood_early_ms": foretold(result.rates, UNDERSTOOD_EARLY),
        "last_prediction": as_dict(result.before) if result.before else None,
        "models": [asdict(one) | {"good": one.good} for one in result.choices],
    }


def _tell(result: _Result, *, written: bool) -> None:
    """The same for people."""
    from companion.measure.prediction import USUAL_SECONDS

    rates, is_set, better = result.rates, _set(result), result.threads
    rows = (
        ("hearing", f"{USUAL_SECONDS:.0f} s of speech in {rates.hear.of(USUAL_SECONDS):.2f} s"),
        ("reading", f"{rates.read:.0f} tokens a second"),
        ("writing", f"{rates.write:.0f} tokens a second, {rates.beside:.0f} beside the voice"),
        ("speaking", f"first clause in {1000 * rates.clause_seconds:.0f} ms"),
    )
    show(f"{'':10}  {'':44}threads")
    for (what, figure), (name, count), (_, now) in zip(
        rows, better.settings.values(), is_set.settings.values(), strict=True
    ):
        change = "" if count == now else f" instead of {now}  ({name})"
        show(f"{what:>10}  {figure:<44}{count}{change}")
    show()
    _tell_prediction(result)
    if result.others > NOISY:
        SHELL.say(
            f"Other programs took {result.others:.0%} of the processors meanwhile: these figures "
            "are worse than the machine. Run it again when it is quiet."
        )
    for choice in result.choices:
        show(_line(choice))
    _tell_next(result, written=written)


def _tell_prediction(result: _Result) -> None:
    from companion.measure.prediction import UNDERSTOOD_EARLY, USUAL, foretold
    from companion.measure.waterfall import duration

    full, early = (foretold(result.rates, asked) for asked in (USUAL, UNDERSTOOD_EARLY))
    whole, less = (duration(sum(one.values())) for one in (full, early))
    show(f"First sound foretold: {whole}; {less} where you were understood before the release.")
    parts = {"hearing": "stt", "reading": "prefill", "writing": "decode", "speaking": "synth"}
    told = [f"{name} {full[stage]:.0f}" for name, stage in parts.items()]
    show(f"  {' + '.join(told)} + all else {full['rest']:.0f} ms")
    if not result.rates.fluent:
        show("The model writes slower than the voice speaks: there will be gaps.")
    if result.before:
        show(off_by(result.before))


def off_by(off: Off) -> str:
    """How far off a prediction was, as a sentence."""
    from companion.measure.waterfall import duration

    names = {"stt": "hearing", "prefill": "reading", "decode": "writing", "synth": "speaking"}
    apart = {name: took - told for name, (told, took) in off.stages.items()}
    most = max(apart, key=lambda name: abs(apart[name]))
    return (
        f"Foretold by `companion calibrate`: {duration(off.foretold)}; the {off.turns} turns since "
        f"took {duration(off.measured)} ({off.ratio - 1:+.0%}). Most of the difference: "
        f"{names.get(most, 'all else')} ({apart[most]:+.0f} ms)."
    )


def _line(choice: Choice) -> str:
    from companion.measure.waterfall import duration
    from companion.pack.gguf import gigabytes

    doubts = [
        *([] if choice.fits else ["too little memory is free"]),
        *([] if choice.fluent else ["slower than speech"]),
    ]
    why = f"  ({', '.join(doubts)})" if doubts else ""
    return (
        f"{choice.name:>10}  {gigabytes(choice.size)}: first sound about "
        f"{duration(choice.first_sound)}, {duration(choice.early)} where understood early; "
        f"{choice.write:.0f} tokens a second{why}"
    )


def _tell_next(result: _Result, *, written: bool) -> None:
    """What to do with it."""
    from companion.measure.choice import recommended

    if written:
        show("The threads are in config.toml.")
    elif result.threads != _set(result):
        show("To use these threads: companion calibrate --write")
    best = recommended(result.choices)
    if best is not None:
        what = "is here already" if best.here else f"companion models pull {best.name}"
        show(f"The largest models that run well here: {best.name} ({what})")
    elif result.choices:
        show("None of the models that can be pulled would run well here.")
