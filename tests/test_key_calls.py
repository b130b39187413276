import os
import socket
import stat
import subprocess
import sys

import pytest

from companion.errors import DeviceError
from companion.key.calls import NAME, Calls, call


@pytest.fixture
def path(tmp_path):
    return tmp_path / NAME


@pytest.fixture
def calls(path):
    made = Calls(path, {"start": lambda: "listening"})
    yield made
    made.close()


def test_a_word_is_answered_with_a_line(calls, path):
    assert call(path, "start") == "listening"


def test_an_unknown_word_is_answered_with_the_known_ones(calls, path):
    assert call(path, "dance") == "unknown word; known: start"


def test_only_the_owner_may_use_the_socket(calls, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root, to be somebody else")
def test_another_user_is_not_answered(calls, path, tmp_path):
    path.chmod(0o666)
    tmp_path.chmod(0o755)
    script = (
        "import os, socket\n"
        "os.setresuid(65534, 65534, 65534)\n"
        "line = socket.socket(socket.AF_UNIX)\n"
        f"line.connect({NAME!r})\n"
        "line.sendall(b'start')\n"
        "print(line.recv(100))\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "listening" not in child.stdout
    assert "Pipe" in child.stderr or "Reset" in child.stderr or child.stdout == "b''\n"


def test_a_socket_that_a_dead_process_left_is_replaced(path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    calls = Calls(path, {"stop": lambda: "idle"})
    assert call(path, "stop") == "idle"
    calls.close()


def test_a_second_conversation_does_not_take_the_socket_away(calls, path):
    with pytest.raises(DeviceError, match="Another conversation answers"):
        Calls(path, {})
    assert call(path, "start") == "listening"


def test_nothing_is_left_afterwards(path):
    Calls(path, {}).close()
    assert not path.exists()


def test_a_caller_that_says_nothing_does_not_keep_others_waiting_for_ever(calls, path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(path))
        silent.shutdown(socket.SHUT_WR)
        assert call(path, "start") == "listening"


def test_a_workspace_with_a_long_path_can_be_called(tmp_path):
    folder = tmp_path / ("long " * 20) / ("path " * 20)
    folder.mkdir(parents=True)
    calls = Calls(folder / NAME, {"start": lambda: "listening"})
    assert call(folder / NAME, "start") == "listening"
    calls.close()


def test_without_a_conversation_the_caller_is_told_how_to_start_one(path):
    with pytest.raises(DeviceError, match="companion talk"):
        call(path, "start")


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(DeviceError, match="calls = false"):
        Calls(tmp_path / "missing" / NAME, {})
