"""The sides as processes: started, asked, timed in processor seconds, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pace import processor_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
START_SECONDS = 120
REST_SECONDS = 0.7
"""Between two turns: what a side still does after its reply must not be in the next one's way."""

OURS = ("companion", "naive")
"""What runs in Companion's own environment."""

CONTEXT, REPLY_TOKENS = 2048, 120


@dataclass(frozen=True)
class Models:
    """The files that all sides load."""

    whisper: Path
    gguf: Path
    voice: Path

    def files(self) -> list[Path]:
        """All of them."""
        return [self.whisper, self.gguf, self.voice]

    def names(self) -> list[str]:
        """Their names, for the report."""
        return [file.name for file in self.files()]

    def voice_rate(self) -> int:
        """Samples a second of the voice."""
        about = json.loads(self.voice.with_name(f"{self.voice.name}.json").read_text("utf-8"))
        return int(about["audio"]["sample_rate"])


def python_of(name: str, peers: Path) -> Path:
    """The interpreter of a side."""
    if name in OURS:
        return Path(sys.executable)
    return peers / name / ("venv" if name == "vtuber" else "") / "bin" / "python"


def missing(name: str, peers: Path) -> str:
    """Why a peer cannot be measured; "" where it can."""
    if name in OURS:
        return ""
    if not (peers / "llama-server" / "uvicorn").is_dir():
        return "no model server. Run: python benchmarks/peers/install.py llama-server"
    if not python_of(name, peers).exists():
        return f"not installed. Run: python benchmarks/peers/install.py {name}"
    return ""


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def tree(roots: list[int]) -> list[int]:
    """These processes and all that they have started."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = list(roots)
    for one in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == one]
    return found


@dataclass
class Side:
    """A side that runs."""

    name: str
    process: subprocess.Popen[str]
    others: list[subprocess.Popen[str]]
    spent: list[float]
    log: Path

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a line and read one."""
        if self.process.stdin is None or self.process.stdout is None:
            raise SystemExit(f"{self.name} has no pipes.")
        print(json.dumps(message), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name} ended:\n{tail(self.log)}")
        heard: dict[str, Any] = json.loads(answer)
        return heard

    def turn(self, audio: Path, reply: str) -> dict[str, Any]:
        """One recording; whether the wanted reply was said, and what it cost."""
        pids = tree([self.process.pid, *(one.pid for one in self.others)])
        before = processor_seconds(pids)
        answer = self.ask({"audio": str(audio), "pids": pids})
        time.sleep(REST_SECONDS)
        answer["cpu_s"] = processor_seconds(pids) - before
        self.spent.append(answer["cpu_s"])
        answer["same_reply"] = letters(answer.get("reply", "")) == letters(reply)
        return answer | {"audio": audio.name}


def tail(log: Path) -> str:
    """The last of what a side has written."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])


def letters(text: str) -> str:
    """What must be equal of two replies; one peer drops spaces."""
    return "".join(character for character in text.lower() if character.isalnum())


@dataclass
class Bench:
    """Everything that all sides share.

    Attributes:
        words: Whether Whisper's words are set too: its weights are random.
        known: What each side said of itself.
        spent: Processor seconds of all turns.
    """

    models: Models
    peers: Path
    threads: int
    home: Path
    words: bool = False
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    spent: list[float] = field(default_factory=list)

    def said_environment(self) -> dict[str, str]:
        """The environment that the threads of every side see."""
        return {"OMP_NUM_THREADS": str(self.threads), "OMP_WAIT_POLICY": "PASSIVE"}

    def say(self, reply: str, words: str) -> None:
        """What is said in the next turn."""
        file = self.home / "said.json"
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"reply": reply, "words": words if self.words else None}))
        part.replace(file)

    @contextmanager
    def open(self, endpoint: str, names: list[str]) -> Iterator[dict[str, Side]]:
        """Start these sides; they are ended on the way out."""
        with contextlib.ExitStack() as stack:
            if "card" not in self.known and "companion" not in names:
                with contextlib.ExitStack() as once:
                    self._side(once, "companion", endpoint)
            self.say("Good evening, Sam. It is good to hear you.", "hello")
            yield {name: self._side(stack, name, endpoint) for name in names}

    def _side(self, stack: contextlib.ExitStack, name: str, endpoint: str) -> Side:
        wish: dict[str, Any] = {
            "whisper": str(self.models.whisper),
            "gguf": str(self.models.gguf),
            "voice": str(self.models.voice),
            "voice_rate": self.models.voice_rate(),
            "threads": self.threads,
            "endpoint": endpoint,
            "reply_tokens": REPLY_TOKENS,
        }
        others = []
        if name == "companion":
            wish |= {"rate": 48_000, "other_voice": self.words}
        elif name != "naive":
            port = free_port()
            others.append(self._model_server(stack, name, port))
            wish |= {"llm_url": f"http://127.0.0.1:{port}/v1", "card": self.known["card"]}
            wish |= {"ports": [free_port(), free_port()]} | self._checkout(name)
        script = str(HERE / f"{name}_side.py")
        process = self._start(stack, name, [str(python_of(name, self.peers)), script])
        side = Side(name, process, others, self.spent, self.home / f"{name}.log")
        ready = side.ask(wish)
        if "card" in ready:
            self.known["card"] = ready["card"]
        known = {"version": ready["version"], "settings": ready["settings"]}
        self.known.setdefault(name, known)
        return side

    def _checkout(self, name: str) -> dict[str, str]:
        if name != "vtuber":
            return {}
        app = self.peers / "vtuber" / "app"
        project = tomllib.loads((app / "pyproject.toml").read_text("utf-8"))["project"]
        return {"checkout": str(app), "version": project["version"]}

    def _model_server(
        self, stack: contextlib.ExitStack, name: str, port: int
    ) -> subprocess.Popen[str]:
        """A model server for one side alone: two would take each other's context away."""
        command = [sys.executable, str(HERE / "said.py"), "llama_cpp.server", "--port", str(port)]
        command += ["--model", str(self.models.gguf), "--n_ctx", str(CONTEXT)]
        command += ["--n_threads", "1", "--n_threads_batch", str(self.threads)]
        command += ["--logits_all", "false", "--verbose", "false"]
        path = {"PYTHONPATH": str(self.peers / "llama-server")}
        server = self._start(stack, f"{name}-model", command, path)
        end = time.monotonic() + START_SECONDS
        while server.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).close()
                return server
            if time.monotonic() > end:
                break
            time.sleep(0.2)
        raise SystemExit("llama_cpp.server does not answer.")

    def _start(
        self,
        stack: contextlib.ExitStack,
        name: str,
        command: list[str],
        more: dict[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        environ = os.environ | self.said_environment() | (more or {})
        environ["COMPANION_SAID"] = str(self.home / "said.json")
        environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        if self.words:
            environ["COMPANION_SAID_WORDS"] = str(self.models.whisper / "tokenizer.json")
        log: IO[str] = stack.enter_context((self.home / f"{name}.log").open("a"))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
        process = subprocess.Popen(command, text=True, env=environ, cwd=self.home, **pipes)  # type: ignore[call-overload]
        stack.callback(end, process)
        started: subprocess.Popen[str] = process
        return started


def end(process: subprocess.Popen[str]) -> None:
    """Close its pipe, and wait for it to go."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    if "llama_cpp.server" in process.args:  # type: ignore[operator]  # it reads no pipe
        process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
