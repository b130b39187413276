"""Install the peers beside this checkout, each in its own environment; nothing of them is ours.

    python benchmarks/peers/install.py                          all that come from the registry
    python benchmarks/peers/install.py vtuber --checkout DIR    Open-LLM-VTuber, which you fetched

They go to `.peers/` (git-ignored), or where `--into` says. What cannot be installed is said in one
sentence, the others go on, and the exit code is 1. `side_by_side.py` measures those that are there.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TORCH = "torch==2.13.0"
"""Installed first and held, so that nothing brings another one."""

ENGINES = ["faster-whisper==1.2.1", "piper-tts==1.8.0"]
"""The versions that Companion itself uses."""

PACKAGES = {
    "wyoming": ["wyoming-faster-whisper==3.8.1", "wyoming-piper==2.5.2", *ENGINES],
    "pipecat": ["pipecat-ai[whisper,piper,openai,silero]==1.14.0", *ENGINES],
}
SERVER = ["uvicorn", "fastapi", "sse-starlette", "starlette-context", "pydantic-settings", "PyYAML"]
"""What `llama_cpp.server` needs beside the llama-cpp-python of Companion's own environment: the
same build of the same engine answers all sides."""

VTUBER = "Open-LLM-VTuber/Open-LLM-VTuber"
TRIED = "19b58b1f (v1.2.1)"


class CannotInstall(Exception):
    """One sentence that says why a peer is not there."""


def pip(python: Path | str, *wanted: str, into: Path) -> None:
    """Install with pip; its errors are kept short."""
    hold = into / "constraints.txt"
    hold.write_text(f"{TORCH}\n", "utf-8")
    command = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(hold), *wanted]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        why = (errors or done.stderr.splitlines() or ["pip failed"])[-1]
        raise CannotInstall(why)


def environment(folder: Path) -> Path:
    """A virtual environment's interpreter."""
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def from_registry(name: str, into: Path) -> None:
    """Install a peer that the package registry has."""
    pip(environment(into / name), *PACKAGES[name], into=into)


def model_server(into: Path) -> None:
    """Install what the model server needs, without touching Companion's own environment."""
    pip(sys.executable, "--upgrade", "--target", str(into / "llama-server"), *SERVER, into=into)


def vtuber(into: Path, checkout: Path | None) -> None:
    """Install the declared dependencies of a checkout; its code is run where it is copied to."""
    if checkout is None:
        raise CannotInstall(
            f"{VTUBER} is in no package registry: clone it from GitHub (tried with {TRIED}), then "
            "run this again with --checkout DIR."
        )
    app = into / "vtuber" / "app"
    shutil.rmtree(app, ignore_errors=True)
    copy(checkout, app)
    if not (app / "run_server.py").is_file():
        raise CannotInstall(f"{checkout} is no checkout of {VTUBER}: it has no run_server.py.")
    project = tomllib.loads((app / "pyproject.toml").read_text("utf-8"))["project"]
    python = environment(into / "vtuber" / "venv")
    pip(python, TORCH, into=into)
    pip(python, *project["dependencies"], *ENGINES, "silero-vad", into=into)


def copy(checkout: Path, app: Path) -> None:
    """Copy a working tree, or the newest commit of a bare git directory."""
    if not (checkout / "objects").is_dir():
        shutil.copytree(checkout, app, ignore=shutil.ignore_patterns(".git"))
        return
    git = ["git", "--git-dir", str(checkout)]
    listed = subprocess.run([*git, "ls-tree", "-rz", "HEAD"], capture_output=True, check=True)
    for row in listed.stdout.decode().split("\0")[:-1]:
        about, _, name = row.partition("\t")
        _, kind, blob = about.split()
        shown = subprocess.run([*git, "cat-file", "blob", blob], capture_output=True, check=False)
        if kind != "blob" or shown.returncode:
            print(f"  left out: {name}")  # a submodule, or a picture that was not fetched
            continue
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_bytes(shown.stdout)


def main() -> None:
    """Install what is asked for."""
    names = ["llama-server", *PACKAGES, "vtuber"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--into", type=Path, default=ROOT / ".peers")
    parser.add_argument("--checkout", type=Path, help="where Open-LLM-VTuber was fetched to")
    wish = parser.parse_args()
    if unknown := set(wish.names) - {*names}:
        parser.error(f"no peer is called {', '.join(sorted(unknown))}")
    into = wish.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in wish.names or names:
        try:
            if name == "vtuber":
                vtuber(into, wish.checkout)
            elif name == "llama-server":
                model_server(into)
            else:
                from_registry(name, into)
            print(f"{name}: installed in {into / name}")
        except (CannotInstall, OSError, subprocess.CalledProcessError) as error:
            failed = True
            print(f"{name}: not installed. {error}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
