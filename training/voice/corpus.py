"""The text that the teacher reads to the student: our own templates, and random dictionary words.

Knows nothing of voices. The sentences of the evaluation are kept out.
"""

import random
import re
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
# 300 sentences each. In "unseen", more than half of the words of four letters and more are in no
# training text. Every word of both is in the dictionary of the recogniser that judges.
LISTS = ("everyday", "unseen")
_PHRASES: dict[str, list[str]] = tomllib.loads((HERE / "phrases.toml").read_text(encoding="utf-8"))


class _Writer:
    """Draws sentences from the templates with one random source."""

    def __init__(self, seed: int, words: list[str]) -> None:
        self._random = random.Random(seed)
        self._words = words

    def _pick(self, kind: str) -> str:
        return self._random.choice(_PHRASES[kind])

    def _noun_phrase(self) -> str:
        the = self._pick("the")
        words = [self._pick("kind")] * (self._random.random() < 0.5) + [self._pick("thing")]
        if the == "a" and words[0][0] in "aeiou":
            the = "an"
        return " ".join([the, *words])

    def _clause(self) -> str:
        return f"{self._pick('people')} {self._pick('did')} {self._noun_phrase()}"

    def _somewhere(self, chance: float) -> str:
        return f" {self._pick('where')}" if self._random.random() < chance else ""

    def _rare(self, least: int, most: int) -> str:
        """Random words: they bring the sound pairs that everyday sentences lack."""
        count = self._random.randint(least, most)
        return " ".join(
            (f"{self._pick('small')} " if self._random.random() < 0.45 else "")
            + self._random.choice(self._words)
            for _ in range(count)
        )

    def _statement(self) -> str:
        return f"{self._clause()}{self._somewhere(0.6)}."

    def _question(self) -> str:
        end = self._random.choice("?.?!")
        return f"{self._pick('lead')} {self._noun_phrase()}{self._somewhere(0.4)}{end}"

    def _two_clauses(self) -> str:
        first = f"{self._clause()}{self._somewhere(0.3)}"
        return f"{first}, {self._pick('link')} {self._clause()}{self._somewhere(0.3)}."

    def _small_talk(self) -> str:
        return self._pick("talk") + self._random.choice(".!?.")

    def _numbers(self) -> str:
        numbers = " ".join(self._pick("number") for _ in range(self._random.randint(1, 4)))
        return f"{self._pick('date')} {self._pick('number')}, {numbers} {self._pick('thing')}s."

    def _word_salad(self) -> str:
        return self._rare(2, 7) + self._random.choice("..?!,;:")

    def _few_words(self) -> str:
        return self._rare(1, 3) + self._random.choice(".?!")

    def sentence(self) -> str:
        """One sentence with its closing mark."""
        kinds = {
            0.26: self._statement,
            0.46: self._question,
            0.55: self._two_clauses,
            0.62: self._small_talk,
            0.67: self._numbers,
            0.9: self._word_salad,
            1.0: self._few_words,
        }
        dice = self._random.random()
        return next(kind for limit, kind in kinds.items() if dice < limit)()


def bare(sentence: str) -> str:
    """The words alone, for comparing sentences."""
    return " ".join(re.findall(r"[a-z']+", sentence.lower()))


def held_out(*lists: str) -> list[str]:
    """The sentences of the evaluation, which no training text may contain.

    Args:
        lists: "everyday", "unseen"; none for both, in this order.
    """
    files = [HERE / f"{name}.txt" for name in lists or LISTS]
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def sentences(count: int, dictionary: Path, seed: int = 7) -> list[str]:
    """Distinct training sentences, none of them held out."""
    words = dictionary.read_text(encoding="utf-8").split()
    writer = _Writer(seed, [w for w in words if re.fullmatch("[a-z]{3,10}", w)])
    seen = {bare(s) for s in held_out()}
    lines: list[str] = []
    while len(lines) < count:
        line = writer.sentence()
        if bare(line) not in seen:
            seen.add(bare(line))
            lines.append(line)
    return lines
