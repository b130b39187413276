"""Set everything up from nothing, then run one command: what stands behind `make talk` and others.

Runs before a single package is installed, so it uses the standard library alone and, of ours, only
`__init__.py` and `steps.py`. What it installs is pinned in `requirements.lock` and
`requirements-dev.lock`.
"""

from __future__ import annotations

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
if sys.path and os.path.abspath(sys.path[0]) == HERE:
    # Run as a script: our own trace.py would hide the standard library's.
    sys.path[0] = os.path.dirname(HERE)
if sys.version_info < (3, 11):
    sys.exit(
        "Companion needs Python 3.11 or newer, and this is {}.{}. "
        "Name a newer one: make PYTHON=python3.12 talk".format(*sys.version_info[:2])
    )

import argparse
import contextlib
import ctypes.util
import fcntl
import hashlib
import importlib.util
import platform
import shutil
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from companion import ENVIRONMENT
from companion.steps import SetupError, Steps, clock, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(HERE).parent
LOCKS = {"run": "requirements.lock", "test": "requirements-dev.lock"}
RECIPE = 1  # raise it when a step below changes what is installed
DISK_NEEDED = 4 * 10**9  # 2.2 GB installed, and what pip unpacks beside it
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
TALK_PACKAGES = ("libportaudio2", "libasound2-plugins")
BUILD_PACKAGES = ("build-essential", "cmake", "ninja-build")
TEST_PACKAGES = ("pulseaudio", "pulseaudio-utils", "tmux", "vim-tiny", "kitty", "xvfb", "xdotool")
ASK_FOR_MICROPHONE = """
import sounddevice
raise SystemExit(not any(d["max_input_channels"] for d in sounddevice.query_devices()))
"""


@dataclass(frozen=True)
class Machine:
    """What decides how system packages get here: the system's name, is there apt, are we root."""

    system: str
    apt: bool
    root: bool


# ── system packages ──────────────────────────────────────────────────────────────────────────────


def installed_packages(names: Sequence[str]) -> set[str]:
    """Which of these Debian packages are installed."""
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    rows = (line.split() for line in answer.stdout.splitlines())
    return {row[0] for row in rows if row[1:] == ["installed"]}


def missing_packages(machine: Machine, *, tests: bool) -> list[str]:
    """The system packages that are wanted and not there, by their Debian names."""
    if machine.apt:
        mine = "python{}.{}-venv".format(*sys.version_info[:2])
        venv = () if importlib.util.find_spec("ensurepip") else (mine,)
        wanted = (*TALK_PACKAGES, *BUILD_PACKAGES, *venv, *(TEST_PACKAGES if tests else ()))
        present = installed_packages(wanted)
        return [name for name in wanted if name not in present]
    missing = [] if shutil.which("c++") else ["build-essential"]
    if machine.system != "Darwin" and ctypes.util.find_library("portaudio") is None:
        missing.append("libportaudio2")  # on macOS it comes inside the sounddevice wheel
    return missing


def advice(machine: Machine, missing: Sequence[str]) -> str:
    """The exact line to type for the packages that are missing."""
    if machine.apt:
        return f"{'' if machine.root else 'sudo '}apt-get install {' '.join(missing)}"
    if machine.system == "Darwin":
        return "xcode-select --install"
    return "sudo dnf install portaudio gcc-c++ cmake   (or what your system calls them)"


def install_system(machine: Machine, steps: Steps, *, tests: bool) -> None:
    """Install system packages, or say what to type and go on where that is possible.

    Raises:
        SetupError: There is no compiler, or no venv.
    """
    missing = missing_packages(machine, tests=tests)
    if missing and machine.apt and machine.root:
        steps.show(f"      {' '.join(missing)}")
        apt = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
        if not steps.succeeds(apt, DEBIAN_FRONTEND="noninteractive"):
            steps.succeeds(["apt-get", "update"])
            steps.succeeds(apt, DEBIAN_FRONTEND="noninteractive")
        missing = missing_packages(machine, tests=tests)
    if missing:
        steps.show(f"      Missing: {' '.join(missing)}. Type: {advice(machine, missing)}")
    if shutil.which("c++") is None or importlib.util.find_spec("ensurepip") is None:
        cure = f"Type: {advice(machine, missing)}"
        raise SetupError(f"A C++ compiler and Python's venv module have to be there first.\n{cure}")


# ── Python packages ──────────────────────────────────────────────────────────────────────────────


def lock_entries(text: str) -> dict[str, str]:
    """The blocks of a lock file by package: a line `name==version`, and its indented hashes."""
    entries: dict[str, str] = {}
    name = ""
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.startswith("#"):
            name = name if line.startswith(" ") else line.partition("==")[0]
            entries[name] = entries.get(name, "") + line
    return entries


def reachable(url: str) -> bool:
    """Whether a package index answers within five seconds."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=5):
            return True
    except OSError:
        return False


def install_torch(steps: Steps, pip: Sequence[str], pin: str, machine: Machine) -> None:
    """Install torch without GPU libraries where such a build can be had, else the ordinary one.

    On Linux the ordinary build brings gigabytes of CUDA, on ARM as well; nothing here uses them.
    """
    if machine.system == "Linux":
        there = reachable(f"{TORCH_CPU_INDEX}/torch/")
        index = ["--extra-index-url", TORCH_CPU_INDEX] if there else []
        if steps.succeeds([*pip, "--no-deps", *index, f"{pin}+cpu"]):
            return
        steps.show(
            "      found no build without GPU libraries: taking the ordinary one, several GB"
        )
    steps.run([*pip, pin], "torch")


def install_packages(steps: Steps, root: Path, machine: Machine) -> None:
    """Install what the lock names, then this checkout itself, and let pip check the whole."""
    venv = root / ".venv"
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install"]
    entries = lock_entries((root / LOCKS["run"]).read_text())
    torch, llama = entries.pop("torch"), entries.pop("llama-cpp-python")
    (venv / "packages.txt").write_text("".join(entries.values()))
    (venv / "llama.txt").write_text(llama)
    exact = [*pip, "--no-deps", "--require-hashes", "-r"]
    steps.begin(f"{len(entries)} packages: about 600 MB")
    steps.run([*exact, str(venv / "packages.txt")], "the packages")
    steps.begin("torch: about 200 MB")
    install_torch(steps, pip, torch.split()[0], machine)
    steps.begin("llama-cpp-python: compiled for this processor, about 4 minutes on two cores")
    build = {
        "CMAKE_ARGS": "-DLLAVA_BUILD=OFF",  # nothing here looks at pictures
        "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
    }
    steps.run([*exact, str(venv / "llama.txt")], "llama-cpp-python", **{**build, **os.environ})
    steps.begin("Companion itself, and a check that everything fits together")
    steps.run([*pip, "--no-deps", "-e", str(root)], "Companion")
    steps.run([*pip[:-1], "check"], "packages that fit together")


# ── set-up, once ─────────────────────────────────────────────────────────────────────────────────


def fingerprint(root: Path, part: str) -> str:
    """What a part of the environment is made from; when it changes, set-up runs again."""
    python = os.path.realpath(root / ".venv" / "bin" / "python")  # names its version
    digest = hashlib.sha256(f"{RECIPE} {root} {python}".encode())
    for name in (LOCKS[part], "pyproject.toml"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_ready(root: Path, part: str) -> bool:
    """Whether set-up has finished this part, for these lock files, in this place."""
    stamp = root / ".venv" / f"ready-{part}"
    if not stamp.exists() or not (root / ".venv" / "bin" / "python").exists():
        return False
    return stamp.read_text() == fingerprint(root, part)


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the checkout, so that two first starts at once do not install into each other."""
    folder = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def set_up(root: Path, machine: Machine, *, tests: bool) -> None:
    """Make `.venv` fit the lock files; where it fits already, nothing runs and nobody is asked.

    Raises:
        SetupError: Something could not be installed.
    """
    parts = ["run", "test"] if tests else ["run"]
    if all(is_ready(root, part) for part in parts):
        return
    with one_at_a_time(root):
        todo = [part for part in parts if not is_ready(root, part)]
        if todo:
            install(root, machine, todo)


def is_whole(python: str) -> bool:
    """Whether an environment can be gone on with: it may be half made, or of an older Python."""
    ask = [python, "-m", "pip", "--version"]
    try:
        return subprocess.run(ask, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install(root: Path, machine: Machine, todo: Sequence[str]) -> None:
    """Do the parts of the set-up that are not done: "run" is for talking, "test" for the tools."""
    venv = root / ".venv"
    python = str(venv / "bin" / "python")
    started = time.monotonic()
    if not is_whole(python):
        shutil.rmtree(venv, ignore_errors=True)
        todo = ["run", *(part for part in todo if part != "run")]
    if not venv.exists() and shutil.disk_usage(root).free < DISK_NEEDED:
        raise SetupError(f"Set-up needs 4 GB of free disk at {root}.\nMake room and try again.")
    say("Setting Companion up. This happens once; after that it starts at once.")
    venv.mkdir(exist_ok=True)
    steps = Steps(venv / "setup.log", 1 + 5 * ("run" in todo) + ("test" in todo))
    steps.begin("system packages")
    install_system(machine, steps, tests="test" in todo)
    if "run" in todo:
        steps.begin(f"a Python environment in {venv}")
        if not Path(python).exists():
            steps.run([sys.executable, "-m", "venv", str(venv)], "a Python environment")
        install_packages(steps, root, machine)
        (venv / "ready-run").write_text(fingerprint(root, "run"))
    if "test" in todo:
        steps.begin("what the tests and checks need")
        exact = [python, "-m", "pip", "install", "--no-deps", "--require-hashes", "-r"]
        steps.run([*exact, str(root / LOCKS["test"])], "the tools of the tests")
        (venv / "ready-test").write_text(fingerprint(root, "test"))
    say(f"Ready after {clock(started)}.")


# ── the commands ─────────────────────────────────────────────────────────────────────────────────


def has_microphone(python: Path) -> bool:
    """Whether PortAudio sees anything to record from."""
    ask = [str(python), "-c", ASK_FOR_MICROPHONE]
    try:
        return subprocess.run(ask, capture_output=True, timeout=20, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False  # a sound server that hangs is no microphone


def talk(root: Path, rest: Sequence[str], python: Path | None = None) -> None:
    """Become `companion talk` in a workspace, or the demo where nobody could speak or type."""
    words, python = ["talk", *rest], python or root / ".venv" / "bin" / "python"
    told = not {"--text", "--listen", "--help"}.isdisjoint(rest)
    if not (told or sys.stdin.isatty() or has_microphone(python)):
        say("There is neither a terminal nor a microphone here, so this plays the demo.")
        words = ["demo"]
    os.chdir(root)
    os.execve(python, [str(python), "-m", "companion", *words], {**ENVIRONMENT, **os.environ})


def check(root: Path, rest: Sequence[str], *, exam: bool = False) -> int:
    """Run every check and every test, or with `rest` the tests it names; say what failed."""
    python = str(root / ".venv" / "bin" / "python")
    checks = [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["pytest", "--cov"]]
    if rest:
        checks = [["pytest", *rest]]
    if exam:
        seed = f"--hypothesis-seed={time.time_ns() % 10**6}"
        checks = [["pytest", "-v", "--durations=0", "--hypothesis-show-statistics", seed, *rest]]
    env = {**ENVIRONMENT, **os.environ, **({"COMPANION_EXAM": "1"} if exam else {})}
    failed = 0
    for words in checks:
        started = time.monotonic()
        code = subprocess.run([python, "-m", *words], cwd=root, env=env, check=False).returncode
        say(f"── {' '.join(words)}: {'FAILED' if code else 'passed'} after {clock(started)}")
        failed |= code
    return 1 if failed else 0


def main() -> int:
    """The command line behind the Makefile."""
    parser = argparse.ArgumentParser(description="Set up Companion and run it.")
    parser.add_argument("command", choices=["talk", "test", "exam", "setup", "here"])
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on")
    asked = parser.parse_args()
    for wish in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(wish, signal.default_int_handler)  # like Ctrl-C
    tests = asked.command in {"test", "exam"}
    try:
        if asked.command == "here":  # in a workspace that was unpacked: nothing is set up
            talk(Path.cwd(), asked.rest, Path(sys.executable))
        apt = shutil.which("apt-get") is not None
        set_up(ROOT, Machine(platform.system(), apt, os.geteuid() == 0), tests=tests)
        if tests:
            return check(ROOT, asked.rest, exam=asked.command == "exam")
        if asked.command == "talk":
            talk(ROOT, asked.rest)
    except SetupError as error:
        say(f"\n{error}")
        return 69
    except OSError as error:
        say(f"\nSet-up could not go on: {error}.\nIs the disk full, and is {ROOT} yours to write?")
        return 69
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on where it was.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
