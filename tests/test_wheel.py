"""The wheel, installed outside the checkout, works by itself and without a network."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import wave
from pathlib import Path

import pytest
from live import without_network

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


def files(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in [place, *place.rglob("*")] if path.is_file()}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the checkout with a fresh environment that holds the wheel.

    The engines are borrowed from this environment; of ours it sees the wheel alone.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "engines.pth").write_text(sysconfig.get_path("purelib"))
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps"]
    run(*pip, "--ignore-installed", wheel, cwd=folder)
    return folder


def test_of_ours_the_environment_sees_the_wheel_alone(elsewhere: Path) -> None:
    script = "import companion; print(companion.__file__)"
    python = elsewhere / "venv" / "bin" / "python"
    assert run(python, "-c", script, cwd=elsewhere).stdout.startswith(str(elsewhere))


@pytest.mark.parametrize(
    "name", ["config.toml", "characters", "voices", "models/offline", "models/manifest.toml"]
)
def test_the_wheel_carries_what_ships(elsewhere: Path, name: str) -> None:
    script = f"from companion.pack.bundled import bundled; print(bundled({name!r}))"
    place = Path(run(elsewhere / "venv/bin/python", "-c", script, cwd=elsewhere).stdout.strip())
    assert place.is_relative_to(elsewhere)
    assert files(place) == files(ROOT / name) != set()


def test_a_workspace_is_made_anywhere(elsewhere: Path) -> None:
    run(elsewhere / "venv" / "bin" / "companion", "init", "made", cwd=elsewhere)
    assert {path.name for path in (elsewhere / "made").iterdir()} >= {"config.toml", "characters"}


def test_the_demo_runs_from_the_wheel_without_a_network(elsewhere: Path) -> None:
    home = elsewhere / "home"
    companion = elsewhere / "venv" / "bin" / "companion"
    run(companion, "init", home, cwd=elsewhere)
    demo = run(*without_network(), companion, "demo", "--json", cwd=home)
    turns = json.loads(demo.stdout)["turns"]
    assert len(turns) >= 10
    for turn in turns:
        with wave.open(turn["audio_out"]) as sound:
            assert sound.getnframes() > 0
