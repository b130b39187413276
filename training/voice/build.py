"""Builds a voice from nothing: `python -m training.voice.build juno` (see README.md).

Steps: compile dump.c, write the text, let the teacher plan it at three tempos, align, train and
export.
Every step is kept in the cache folder and skipped when its result is there.
"""

import argparse
import subprocess
from dataclasses import dataclass
from pathlib import Path

from training.voice import corpus, export, prep, train
from training.voice.export import Timbre

HERE = Path(__file__).parent
DICTIONARY = Path("/usr/share/dict/american-english")
LIBRARIES = ("cmu_us_slt", "cmu_us_rms", "usenglish", "cmulex")
# tempo -> how many sentences: the slow and the fast ones teach what speech at half and at one and
# a half speed sounds like; durations are learnt at the natural tempo only.
TEMPOS = {1.0: 4000, 1.6: 500, 0.65: 500}
STEPS = {"slt": 2800, "rms": 2000}  # the lower voice is learnt sooner


@dataclass(frozen=True, slots=True)
class Recipe:
    """One voice: whose student it is, its file, and what is done otherwise than the teacher."""

    teacher: str
    name: str
    timbre: Timbre


# All speak at about -20 dBFS (RMS over a sentence) and never clip. Juno's throat is a little longer
# and her voice lower than her teacher's, which the recogniser understands better. Wren is the
# student of Tam's teacher with a throat shorter by a sixth and more than twice the pitch.
WREN = Timbre(1 / 20900, pitch=2.3, pitch_range=1.5, warp=0.36)
VOICES = {
    "juno": Recipe("slt", "en_US-juno-low", Timbre(1 / 32000, pitch=0.9, warp=0.45)),
    "tam": Recipe("rms", "en_US-tam-low", Timbre(1 / 18400)),
    "wren": Recipe("rms", "en_US-wren-low", WREN),
}


def compile_dump(cache: Path) -> Path:
    """The program that reads the teacher's mind."""
    program = cache / "dump"
    if not program.exists():
        libraries = [f"-lflite_{name}" for name in LIBRARIES]
        source = [str(HERE / "dump.c"), "-o", str(program)]
        subprocess.run(["gcc", "-O2", *source, *libraries, "-lflite", "-lm"], check=True)
    return program


def filters(teacher: str, cache: Path) -> Path:
    """Where the teacher's excitation filters lie."""
    return cache / f"{teacher}.filters"


def dump(teacher: str, sentences: list[str], tempo: float, cache: Path) -> bytes:
    """The teacher's plans for the sentences."""
    command = [str(compile_dump(cache)), teacher, str(tempo), str(filters(teacher, cache))]
    text = "".join(f"{sentence}\n" for sentence in sentences).encode()
    return subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE).stdout


def prepare(teacher: str, cache: Path) -> Path:
    """The training examples of one voice."""
    path = cache / f"{teacher}.npz"
    if not path.exists():
        sentences = corpus.sentences(max(TEMPOS.values()), DICTIONARY)
        made: list[prep.Example] = []
        for tempo, count in TEMPOS.items():
            part = sentences[-count:]
            made += prep.examples(part, dump(teacher, part, tempo, cache), tempo)
        prep.save(path, made)
        print(f"{teacher}: {len(made)} of {sum(TEMPOS.values())} sentences aligned")
    return path


def main() -> None:
    """Reads the command line and builds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voice", choices=sorted(VOICES))
    parser.add_argument("--cache", type=Path, default=HERE / "cache")
    parser.add_argument("--voices", type=Path, default=HERE.parents[1] / "voices")
    parser.add_argument("--export-only", action="store_true", help="from the last checkpoint")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    recipe, cache = VOICES[options.voice], options.cache
    teacher = recipe.teacher
    examples = prep.load(prepare(teacher, cache))
    checkpoint = cache / f"{teacher}.pt"
    if not options.export_only:
        train.train(examples, STEPS[teacher], checkpoint)
    parts = export.Parts(checkpoint, filters(teacher, cache), recipe.timbre)
    export.export(parts, examples, options.voices / f"{recipe.name}.onnx")


if __name__ == "__main__":
    main()
