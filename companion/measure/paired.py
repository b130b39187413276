"""Whether two measurements of the same probes differ by more than chance.

Exact tests, no approximation: the probes are few. Pure: numbers in, numbers out.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SURE = 0.05
"""Below this chance a difference is called one."""


@dataclass(frozen=True, slots=True)
class Test:
    """A test of pairs.

    Attributes:
        name: Which test.
        better: Pairs in which the second was better.
        worse: Pairs in which it was worse; pairs that are equal do not count.
        p: Two-sided: how often chance alone gives a split at least as uneven.
    """

    name: str
    better: int
    worse: int
    p: float

    @property
    def says(self) -> str:
        """The same as a sentence, with the sum written out."""
        pairs = self.better + self.worse
        if not pairs:
            return f"{self.name}: no pair differs; p = 1."
        least = min(self.better, self.worse)
        terms = " + ".join(f"C({pairs},{k})" for k in range(least + 1))
        chance = "more than chance" if self.p < SURE else "chance can do that"
        return (
            f"{self.name}: {self.better} better, {self.worse} worse of {pairs} that differ; "
            f"p = min(1, 2 x ({terms}) / 2^{pairs}) = {self.p:.4g}: {chance}."
        )


def _two_sided(better: int, worse: int) -> float:
    pairs = better + worse
    tail: int = sum(math.comb(pairs, k) for k in range(min(better, worse) + 1))
    chance: float = 2 * tail / 2**pairs
    return min(1.0, chance)


def sign_test(name: str, better: int, worse: int) -> Test:
    """Exact two-sided binomial test of `better` against `worse` at one half."""
    return Test(name, better, worse, _two_sided(better, worse))


def compare(
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    *,
    same_rules: bool = True,
) -> dict[str, Any]:
    """Two reports' probes by id, each with `right`, and how many rules it `held` `of` how many.

    Probes that stand in one report only are named and do not count. The rules that were held are
    compared only where they are the same: a program with one rule more makes no reply better.
    """
    both = [one for one in before if one in after]
    mended = [one for one in both if after[one]["right"] > before[one]["right"]]
    broken = [one for one in both if after[one]["right"] < before[one]["right"]]
    alike = [one for one in both if same_rules and after[one]["of"] == before[one]["of"]]
    more = sum(after[one]["held"] > before[one]["held"] for one in alike)
    less = sum(after[one]["held"] < before[one]["held"] for one in alike)
    tests = [sign_test("exact McNemar test on right probes", len(mended), len(broken))]
    if alike:
        tests.append(sign_test("exact sign test on the number of rules held", more, less))
    return {
        "n": len(both),
        "right_before": sum(before[one]["right"] for one in both),
        "right_after": sum(after[one]["right"] for one in both),
        "mended": mended,
        "broken": broken,
        "changed": [one for one in both if before[one]["reply"] != after[one]["reply"]],
        "only_before": [one for one in before if one not in after],
        "only_after": [one for one in after if one not in before],
        "tests": [{**asdict(test), "says": test.says} for test in tests],
    }
