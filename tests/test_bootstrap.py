"""Set-up: what it asks for, what it says, and when it does nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from companion import bootstrap
from companion.bootstrap import Machine
from companion.pack.bundled import bundled
from companion.steps import SetupError, Steps

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
DEBIAN = Machine("Linux", apt=True, root=False)
LOCK = """\
a==1 \
    --hash=sha256:1 \
    --hash=sha256:2
# why
b==2 ; x == 'y' \
    --hash=sha256:3
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (*bootstrap.LOCKS.values(), "pyproject.toml"):
        (tmp_path / name).write_text(name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return tmp_path


@pytest.fixture(autouse=True)
def _no_index_of_cpu_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", "http://127.0.0.1:9")


@pytest.fixture
def steps(tmp_path: Path) -> tuple[Steps, list[str]]:
    shown: list[str] = []
    return Steps(tmp_path / "log", 2, shown.append), shown


PATHS = {**os.environ, "PYTHONPATH": str(ROOT)}


def written(path: Path) -> str:
    """What another process writes there, as soon as it has."""
    until = time.monotonic() + 60
    while not (path.exists() and path.read_text().strip()) and time.monotonic() < until:
        threading.Event().wait(0.01)
    return path.read_text()


def ends(process: int) -> bool:
    """Whether a process is gone within a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        threading.Event().wait(0.01)
    return False


def finish(checkout: Path, part: str) -> None:
    (checkout / ".venv" / f"ready-{part}").write_text(bootstrap.fingerprint(checkout, part))


def test_a_lock_is_split_into_one_block_for_each_package() -> None:
    entries = bootstrap.lock_entries(LOCK)
    assert list(entries) == ["a", "b"]
    assert "".join(entries.values()) == LOCK.replace("# why\n", "")


def test_the_lock_names_what_has_steps_of_its_own() -> None:
    entries = bootstrap.lock_entries((ROOT / bootstrap.LOCKS["run"]).read_text())
    assert {"torch", "llama-cpp-python"} <= entries.keys()


def test_a_finished_set_up_is_ready(checkout: Path) -> None:
    finish(checkout, "run")
    assert bootstrap.is_ready(checkout, "run")
    assert not bootstrap.is_ready(checkout, "test")


def test_a_changed_lock_is_set_up_again(checkout: Path) -> None:
    finish(checkout, "run")
    (checkout / bootstrap.LOCKS["run"]).write_text("newer")
    assert not bootstrap.is_ready(checkout, "run")


def test_a_moved_checkout_is_set_up_again(checkout: Path, tmp_path: Path) -> None:
    finish(checkout, "run")
    moved = tmp_path.with_name("moved")
    shutil.copytree(checkout, moved, symlinks=True)
    assert not bootstrap.is_ready(moved, "run")


def test_an_environment_whose_python_is_gone_is_set_up_again(checkout: Path) -> None:
    finish(checkout, "run")
    (checkout / ".venv" / "bin" / "python").unlink()
    assert not bootstrap.is_ready(checkout, "run")


def test_an_environment_whose_python_became_another_is_set_up_again(checkout: Path) -> None:
    finish(checkout, "run")
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(shutil.which("sh") or "")
    assert not bootstrap.is_ready(checkout, "run")


def test_an_environment_that_is_half_made_is_made_again(fake: Path) -> None:
    half = fake / ".venv" / "bin" / "python"
    half.write_text("#!/bin/sh\necho No module named pip\nexit 1\n")
    with pytest.raises(SetupError, match="the packages"):  # the lock names none that exists
        bootstrap.set_up(fake, Machine("Linux", apt=False, root=False), tests=False)
    assert bootstrap.is_whole(str(half))


def test_tools_alone_are_not_installed_into_an_environment_that_is_broken(fake: Path) -> None:
    (fake / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    finish(fake, "run")
    with pytest.raises(SetupError, match="the packages"):
        bootstrap.set_up(fake, Machine("Linux", apt=False, root=False), tests=True)


def test_where_everything_is_ready_set_up_runs_nothing(checkout: Path) -> None:
    finish(checkout, "run")
    finish(checkout, "test")
    before = sorted(checkout.rglob("*"))
    bootstrap.set_up(checkout, DEBIAN, tests=True)
    assert sorted(checkout.rglob("*")) == before


def test_without_rights_the_advice_is_a_line_to_type() -> None:
    assert bootstrap.advice(DEBIAN, ["cmake"]) == "sudo apt-get install cmake"


def test_on_macos_the_advice_is_not_apt() -> None:
    machine = Machine("Darwin", apt=False, root=False)
    assert bootstrap.advice(machine, ["build-essential"]) == "xcode-select --install"


def test_elsewhere_the_advice_names_what_is_needed() -> None:
    assert "portaudio" in bootstrap.advice(
        Machine("Linux", apt=False, root=True), ["libportaudio2"]
    )


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="no Debian packages here")
def test_an_unknown_package_is_missing_and_a_basic_one_is_not() -> None:
    assert bootstrap.installed_packages(["dpkg", "no-such-package"]) == {"dpkg"}


def test_missing_packages_without_rights_are_named_and_set_up_goes_on(
    steps: tuple[Steps, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = tmp_path / "dpkg-query"  # a Debian on which nothing is installed
    query.write_text("#!/bin/sh\n")
    query.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    bootstrap.install_system(DEBIAN, steps[0], tests=True)
    assert "sudo apt-get install libportaudio2" in steps[1][-1]


def test_as_root_missing_packages_are_installed(
    steps: tuple[Steps, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs = {  # a Debian whose package lists are out of date
        "apt-get": "[ $1 = update ] && touch lists; [ -e lists ] && echo $@ installed >> packages",
        "dpkg-query": 'tail -n 1 packages | tr " " "\\n" | sed "s/$/ installed/"',
    }
    for name, line in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\ncd {tmp_path}\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    bootstrap.install_system(Machine("Linux", apt=True, root=True), steps[0], tests=False)
    assert "Missing" not in steps[1][-1]
    assert "update" in (tmp_path / "log").read_text()


def test_without_a_compiler_set_up_ends_with_the_line_to_type(
    steps: tuple[Steps, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    machine = Machine("Linux", apt=False, root=False)
    with pytest.raises(SetupError, match=r"compiler.*\n.*dnf install"):
        bootstrap.install_system(machine, steps[0], tests=False)


def test_a_step_that_fails_says_why_and_where_the_log_is(steps: tuple[Steps, list[str]]) -> None:
    script = "print('fine'); print('ERROR: the disk is full'); print('bye'); raise SystemExit(1)"
    with pytest.raises(SetupError, match=r"the parts: ERROR: the disk is full\n.*log"):
        steps[0].run([sys.executable, "-c", script], "the parts")


def test_a_step_that_works_is_counted_and_logged(steps: tuple[Steps, list[str]]) -> None:
    steps[0].begin("parts")
    steps[0].run([sys.executable, "-c", "import os; print(os.environ['MINE'])"], "it", MINE="ours")
    assert steps[1] == ["[1/2] parts"]
    assert "ours\n" in steps[0].log.read_text()


def test_a_stopped_set_up_leaves_nothing_running(tmp_path: Path) -> None:
    script = (
        "import pathlib, signal; from companion.bootstrap import Steps\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        "shell = 'sleep 600 & sleep 1; echo $! > child; wait'\n"
        "Steps(pathlib.Path('log'), 1).run(['sh', '-c', shell], 'it')"
    )
    stopped = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=PATHS)
    child = written(tmp_path / "child")
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(60) != 0
    assert ends(int(child))


def test_torch_comes_without_gpu_libraries_where_it_can(
    steps: tuple[Steps, list[str]], tmp_path: Path
) -> None:
    bootstrap.install_torch(steps[0], ["echo"], "torch==9", Machine("Linux", apt=True, root=True))
    log = (tmp_path / "log").read_text()
    assert "torch==9+cpu" in log
    assert len(log.strip().splitlines()) == 2


def test_torch_is_the_ordinary_one_where_no_other_is_found(
    steps: tuple[Steps, list[str]], tmp_path: Path
) -> None:
    picky = [sys.executable, "-c", "import sys; sys.exit('+cpu' in sys.argv[-1])"]
    bootstrap.install_torch(steps[0], picky, "torch==9", DEBIAN)
    assert (tmp_path / "log").read_text().rstrip().endswith(" torch==9")
    assert "several GB" in steps[1][-1]


def test_an_index_that_cannot_be_reached_is_said_to_be_so() -> None:
    assert not bootstrap.reachable("http://127.0.0.1:9/simple/")


def test_two_set_ups_wait_for_each_other(checkout: Path) -> None:
    script = (
        "import fcntl, os, sys; folder = os.open(sys.argv[1], os.O_RDONLY)\n"
        "try:\n    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError:\n    print('held')\n"
    )
    ask = [sys.executable, "-c", script, str(checkout)]
    with bootstrap.one_at_a_time(checkout):
        assert subprocess.run(ask, capture_output=True, text=True, check=True).stdout == "held\n"
    assert subprocess.run(ask, capture_output=True, text=True, check=True).stdout == ""


def test_a_full_disk_is_said_before_anything_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "DISK_NEEDED", 10**18)
    with pytest.raises(SetupError, match="free disk"):
        bootstrap.install(tmp_path, DEBIAN, ["run"])
    assert not list(tmp_path.iterdir())


def test_checks_that_fail_are_a_failure(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.check(checkout, ["--no-such-option"]) == 1
    assert "FAILED" in capsys.readouterr().err


def test_the_script_runs_by_itself_on_a_bare_python() -> None:
    script = [sys.executable, "-S", str(ROOT / "companion" / "bootstrap.py"), "--help"]
    child = subprocess.run(script, capture_output=True, text=True, check=True)
    assert "talk" in child.stdout


def test_in_a_checkout_what_ships_lies_beside_the_package(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert bundled("voices", tmp_path / "companion") == tmp_path / "voices"


def test_in_a_wheel_what_ships_lies_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "companion"
    assert bundled("models/offline", package) == package / "_bundled" / "models" / "offline"


@pytest.fixture
def fake(checkout: Path) -> Path:
    """A checkout whose interpreter writes down what it is asked, and answers that all is well."""
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    whole = '[ "$3" = --version ] && exit\n'
    python.write_text(f'#!/bin/sh\n{whole}echo "$@" | tee -a "{checkout}/asked"\n')
    python.chmod(0o755)
    (checkout / "requirements.lock").write_text(LOCK + "torch==9\nllama-cpp-python==8\n")
    return checkout


def asked(checkout: Path) -> list[str]:
    """The last word of each command."""
    return [
        line.split("/")[-1].split()[-1] for line in (checkout / "asked").read_text().splitlines()
    ]


@pytest.fixture
def _signals() -> Iterator[None]:
    kept = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


def test_everything_is_installed_in_order_and_once(fake: Path) -> None:
    machine = Machine("Linux", apt=False, root=False)
    bootstrap.set_up(fake, machine, tests=True)
    tools = "requirements-dev.lock"
    order = ["packages.txt", "torch==9+cpu", "llama.txt", fake.name, "check", tools]
    assert asked(fake) == order
    bootstrap.set_up(fake, machine, tests=True)
    assert asked(fake) == order


def test_torch_and_llama_are_no_ordinary_packages(fake: Path) -> None:
    bootstrap.set_up(fake, Machine("Linux", apt=False, root=False), tests=False)
    assert (fake / ".venv" / "packages.txt").read_text() == LOCK.replace("# why\n", "")


def test_a_microphone_is_one_that_portaudio_sees(fake: Path) -> None:
    python = fake / ".venv" / "bin" / "python"
    assert bootstrap.has_microphone(python)
    python.write_text("#!/bin/sh\nexit 1\n")
    assert not bootstrap.has_microphone(python)


@pytest.mark.parametrize("words", [[], ["juno", "--as", "Sam"]])
def test_without_terminal_and_microphone_talk_becomes_the_demo(
    fake: Path, words: list[str]
) -> None:
    child = _talked(fake, *words)
    assert child.stdout == "-m companion demo PASSIVE\n"
    assert "neither a terminal nor a microphone" in child.stderr


@pytest.mark.parametrize("words", [["--text"], ["juno", "--listen", "x.wav"], ["--help"]])
def test_who_needs_neither_terminal_nor_microphone_talks(fake: Path, words: list[str]) -> None:
    assert _talked(fake, *words).stdout == f"-m companion talk {' '.join(words)} PASSIVE\n"


def _talked(fake: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What `make talk ARGS=…` becomes where nothing can be typed or recorded."""
    python = fake / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 1\necho "$@" "$OMP_WAIT_POLICY"\n')
    script = "import pathlib, sys; from companion import bootstrap\n"
    script += "bootstrap.talk(pathlib.Path(sys.argv[1]), sys.argv[2:])"
    return subprocess.run(
        [sys.executable, "-c", script, str(fake), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=PATHS,
        check=True,
    )


@pytest.mark.usefixtures("_signals")
def test_a_finished_set_up_ends_at_once(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish(checkout, "run")
    monkeypatch.setattr(bootstrap, "ROOT", checkout)
    monkeypatch.setattr(sys, "argv", ["bootstrap", "setup"])
    assert bootstrap.main() == 0


@pytest.mark.usefixtures("_signals")
def test_a_set_up_that_fails_ends_with_one_line_and_the_cure(
    fake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    python = '#!/bin/sh\n[ "$3" = --version ] && exit\necho ERROR: no such thing\nexit 1\n'
    (fake / ".venv" / "bin" / "python").write_text(python)
    monkeypatch.setattr(bootstrap, "ROOT", fake)
    monkeypatch.setattr(sys, "argv", ["bootstrap", "test"])
    assert bootstrap.main() == 69
    assert "Could not install the packages: ERROR: no such thing" in capsys.readouterr().err


@pytest.mark.usefixtures("_signals")
def test_a_full_disk_in_mid_set_up_ends_with_one_line_and_the_cure(
    fake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (fake / ".venv" / "setup.log").symlink_to("/dev/full")
    monkeypatch.setattr(bootstrap, "ROOT", fake)
    monkeypatch.setattr(sys, "argv", ["bootstrap", "setup"])
    assert bootstrap.main() == 69
    assert "No space left on device" in capsys.readouterr().err


@pytest.mark.usefixtures("_signals")
def test_the_checks_run_with_the_tests_that_were_named(
    fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(fake, "run")
    finish(fake, "test")
    monkeypatch.setattr(bootstrap, "ROOT", fake)
    monkeypatch.setattr(sys, "argv", ["bootstrap", "test", "-k", "words"])
    assert bootstrap.main() == 0
    assert (fake / "asked").read_text() == "-m pytest -k words\n"


def test_an_exam_has_full_counts(
    fake: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMPANION_EXAM", raising=False)  # it may be one that runs this
    python = fake / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "exam $COMPANION_EXAM"\n')
    assert bootstrap.check(fake, [], exam=True) == 0
    assert bootstrap.check(fake, ["x"]) == 0
    assert capfd.readouterr().out == "exam 1\nexam \n"
