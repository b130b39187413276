"""What is counted of the model's reading, on the model that ships."""

from pathlib import Path

import pytest

from companion.flow import Cancel
from companion.llm.engine import Limits, Llama
from companion.measure.bench import context
from companion.measure.bench.catalogue import GROUPS, group

MODEL = Path(__file__).parents[1] / "models" / "offline" / "companion.gguf"


@pytest.fixture(scope="module")
def llama():
    loaded = Llama(MODEL, Limits(context=context.FULL, reply=12, temperature=0))
    yield loaded
    loaded.close()


@pytest.mark.parametrize("name", ["context", "model"])
def test_a_group_gives_the_rows_it_is_listed_with(name):
    assert tuple(row.id for row in group(name).rows) == GROUPS[name]


def test_a_model_that_reads_everything_anew_is_seen(llama):
    moved, anew = context.overflow(llama)
    assert moved <= 1.1 < anew


def test_what_was_known_before_the_release_is_not_counted_after_it(llama):
    one = context.talk(llama, context.FULL)
    one.turn()
    whole = one.prompt()
    llama.read(whole, Cancel())
    one.turn()
    assert llama.counts.evaluated == 1


def test_words_that_came_late_are_counted(llama):
    one = context.talk(llama, context.FULL)
    one.turn()
    llama.read(one.prompt("i walked along"), Cancel())
    one.turn()
    assert llama.counts.evaluated > 1


def test_every_turn_recalls_other_notes(llama):
    one = context.talk(llama, context.FULL)
    first = one.now().notes
    one.turn()
    assert one.now().notes != first
