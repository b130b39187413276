"""The scenes of the demo as data: what the owner says, on which day, and where it interrupts.

A scene is a folder with recordings and a `script.json`. This module knows no engine.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, NaiveDatetime, ValidationError, model_validator

from companion.errors import BadData, MissingInput, UsageError
from companion.pack.bundled import bundled

TURN = timedelta(seconds=20)
"""What the clock of a scene goes on by from one line to the next."""


class Line(BaseModel):
    """One line of the owner.

    Attributes:
        audio: The recording, beside the script.
        text: What is spoken in it.
        interrupts: Seconds of the reply before it after which the key is pressed for this line;
            0 where the reply is heard to its end.
        corrects: A word of it that puts right what was said before, for later answers to hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    audio: str
    text: str
    interrupts: float = Field(default=0.0, ge=0.0)
    corrects: str = ""


class Scene(BaseModel):
    """A scene: one conversation, or several on days that follow, linked by the memory alone.

    Attributes:
        name: Its name for files and for `--scene`.
        title: Its name for people.
        character: Id of a shipped card; "" is the workspace's character.
        days: When each run begins, in local time. Prompts tell the time of day: with a clock that
            is set, the same models give the same replies.
        more: The scenes after the first one, as folders below it.
        runs: The owner's lines, by run.
        folder: Where the recordings are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_: int = Field(alias="schema", ge=1, le=1)
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str
    character: str = ""
    days: tuple[NaiveDatetime, ...]
    more: tuple[str, ...] = ()
    runs: tuple[tuple[Line, ...], ...] = Field(min_length=1)
    folder: Path = Path()

    @model_validator(mode="after")
    def _a_day_for_each_run(self) -> Scene:
        if len(self.days) != len(self.runs):
            raise ValueError(f"{len(self.runs)} runs and {len(self.days)} days")
        return self

    def recording(self, line: Line) -> Path:
        """The file of a line."""
        return self.folder / line.audio

    def moment(self, run: int, turns: int) -> datetime:
        """The time in a run, from 1, after so many turns of it."""
        return (self.days[run - 1] + turns * TURN).astimezone()


def scenes(folder: Path | None = None) -> tuple[Scene, ...]:
    """Every scene, in the order of the demo.

    Raises:
        MissingInput: The recordings are not there.
        BadData: A script is not what it should be.
    """
    first = _load(folder or bundled("models") / "offline" / "demo")
    return (first, *(_load(first.folder / name) for name in first.more))


def chosen(name: str, folder: Path | None = None) -> tuple[Scene, ...]:
    """The scene of this name, or all of them for "".

    Raises:
        UsageError: There is none of this name; says which there are.
    """
    every = scenes(folder)
    found = tuple(scene for scene in every if name in {"", scene.name})
    if not found:
        names = ", ".join(scene.name for scene in every)
        raise UsageError(f"The demo has no scene {name!r}.", f"There are: {names}.")
    return found


def script() -> list[list[dict[str, str]]]:
    """The first scene's lines by run: {"audio": absolute path, "text": what is spoken}."""
    first = scenes()[0]
    return [
        [{"audio": str(first.recording(line)), "text": line.text} for line in run]
        for run in first.runs
    ]


def _load(folder: Path) -> Scene:
    file = folder / "script.json"
    if not file.is_file():
        raise MissingInput(f"The demo's recordings are not at {folder}.", "Reinstall Companion.")
    try:
        scene = Scene.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise BadData(
            f"{file}: {place or 'it'}: {first['msg']}.", "Reinstall Companion."
        ) from error
    return scene.model_copy(update={"folder": folder})
