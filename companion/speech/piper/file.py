"""The two files of a Piper voice, checked before they are used: Piper itself checks nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from companion.errors import BadData, ModelMissing

if TYPE_CHECKING:
    from pathlib import Path

CURE = "Fetch a voice with `companion voices pull NAME`, or name another one."


class _Sound(BaseModel):
    sample_rate: Annotated[int, Field(ge=8000, le=96_000, strict=True)]


class _Inference(BaseModel):
    noise_scale: float = 0.667
    length_scale: Annotated[float, Field(gt=0)] = 1.0
    noise_w: float = 0.8


class _VoiceFile(BaseModel):
    """What a voice's `.onnx.json` must hold (M11)."""

    audio: _Sound
    num_symbols: Annotated[int, Field(gt=0)]
    num_speakers: Annotated[int, Field(gt=0)]
    hop_length: Annotated[int, Field(gt=0)] = 256
    inference: _Inference = _Inference()
    phoneme_id_map: dict[str, list[int]]


def read_config(model: Path) -> Any:  # noqa: ANN401 - piper's own, untyped for mypy
    """The configuration beside a voice.

    Raises:
        ModelMissing: One of the two files is not there.
        BadData: It cannot be read, or is not what it should be.
    """
    import piper

    file = model.with_name(f"{model.name}.json")
    for needed in (model, file):
        if not needed.is_file():
            raise ModelMissing(f"There is no {needed}.", f"A voice needs both files. {CURE}")
    try:
        raw = json.loads(str(content(file), "utf-8"))
        checked = _VoiceFile.model_validate(raw)
        config = piper.PiperConfig.from_dict(raw)
    except (UnicodeDecodeError, json.JSONDecodeError, ValidationError) as error:
        raise BadData(f"{file} is no Piper configuration: {first_line(error)}", CURE) from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"{file} is no Piper configuration: {error!r}", CURE) from error
    missing = [mark for mark in "^$_" if not checked.phoneme_id_map.get(mark)]
    if missing:
        raise BadData(f"{file}: phoneme_id_map lacks {' '.join(missing)}.", CURE)
    return config


def content(file: Path) -> bytes:
    """All of a file.

    Raises:
        BadData: The disk does not give it.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        what = f"{file} cannot be read: {error.strerror}."
        raise BadData(what, "Check its permissions and the disk.") from error


def open_graph(model: Path | bytes, threads: int) -> Any:  # noqa: ANN401 - onnxruntime is untyped
    """A session of our own: Piper's takes every core and spins between sentences."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    # Its own pool doubles whenever a sentence is longer than all before: 170 MB more after two
    # turns (P26). Without it a long sentence takes 3 to 12 % longer to render.
    options.enable_cpu_mem_arena = False
    given = model if isinstance(model, bytes) else str(model)
    session = onnxruntime.InferenceSession(given, options, ["CPUExecutionProvider"])
    if isinstance(model, bytes):
        session._model_bytes = b""  # noqa: SLF001 - kept for other providers only: 60 MB
    return session


def open_voice(model: Path, threads: int) -> Any:  # noqa: ANN401 - onnxruntime is untyped
    """A session of a whole voice.

    Raises:
        BadData: The file is damaged, or no Piper voice.
    """
    try:
        session = open_graph(model, threads)
    except engine_errors() as error:
        raise BadData(f"{model} is damaged: {first_line(error)}", CURE) from error
    wanted = {"input", "input_lengths", "scales"}
    if not wanted <= {given.name for given in session.get_inputs()}:
        raise BadData(f"{model} is no Piper voice: its graph does not take {sorted(wanted)}.", CURE)
    if session.get_outputs()[0].type != "tensor(float)":
        raise BadData(f"{model} is no Piper voice: its graph gives no float32 sound.", CURE)
    return session


def engine_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; its errors have no common parent of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = "Fail InvalidArgument InvalidGraph InvalidProtobuf NoModel NoSuchFile NotImplemented"
    found = [getattr(state, name) for name in [*names.split(), "RuntimeException", "EPFail"]]
    return (RuntimeError, ValueError, *found)


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return (str(error).strip() or type(error).__name__).splitlines()[0]
