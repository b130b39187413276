"""Card files that lie: read or refused, within memory, and nothing written anywhere else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """What a process of its own made of the inputs; its seed and figures are printed."""
    exam = bool(os.environ.get("COMPANION_EXAM"))
    seed = int.from_bytes(os.urandom(4), "big") if exam else 4
    count = 100_000 if exam else 400
    folder = tmp_path_factory.mktemp("fuzz")
    child = subprocess.run(
        [sys.executable, str(HERE / "cards_fuzz.py"), str(seed), str(count), str(folder)],
        env={**os.environ, "PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    sys.stdout.write(child.stdout)
    return json.loads(child.stdout)


@pytest.mark.rule("12.5")
def test_no_input_raises_anything_but_one_coded_error(fuzzed):
    assert fuzzed["broken"] == []
    assert sum(fuzzed["outcomes"].values()) == fuzzed["count"]


def test_no_message_quotes_more_than_a_terminal_holds(fuzzed):
    assert "a message without end" not in fuzzed["outcomes"]


def test_the_inputs_reach_every_kind_of_refusal(fuzzed):
    wanted = {"read", "BAD_FIELD", "BAD_PNG", "BAD_ZIP", "NOT_JSON", "NOT_YAML", "UNSAFE_PATH"}
    assert fuzzed["outcomes"].keys() >= wanted


@pytest.mark.rule("5.limits")
def test_reading_takes_less_than_200_megabytes_more(fuzzed):
    assert fuzzed["extra_mb"] < 200


def test_no_input_takes_long(fuzzed):
    assert fuzzed["slowest_s"] < 10


def test_nothing_is_written_outside_the_target(fuzzed):
    assert fuzzed["outside"] == []
