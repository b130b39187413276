"""Model files are looked at before they are loaded, and what is wrong is said with the cure."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.errors import BadData, DeviceError, ModelMissing
from companion.pack import fits
from companion.pack.gguf import BLOCKS, Header, gigabytes, read_header

if TYPE_CHECKING:
    from pathlib import Path

FORMS = {0: "<B", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q"}


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def setting(key: str, kind: int, value: object) -> bytes:
    head = string(key) + struct.pack("<I", kind)
    if kind == 8:
        return head + string(str(value))
    if kind == 9:
        items = list(value)  # type: ignore[call-overload]
        inner = 8 if isinstance(items[0], str) else 4
        body = b"".join(string(i) if inner == 8 else struct.pack("<I", i) for i in items)
        return head + struct.pack("<IQ", inner, len(items)) + body
    return head + struct.pack(FORMS[kind], value)


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    dims = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return string(name) + dims + struct.pack("<IQ", kind, offset)


MODEL = (
    setting("general.architecture", 8, "llama"),
    setting("general.name", 8, "Tiny"),
    setting("llama.context_length", 4, 2048),
    setting("llama.embedding_length", 4, 64),
    setting("llama.block_count", 4, 2),
    setting("llama.attention.head_count", 4, 8),
    setting("llama.attention.head_count_kv", 4, 4),
    setting("tokenizer.ggml.tokens", 9, [f"t{n}" for n in range(3000)]),
    setting("tokenizer.ggml.token_type", 9, list(range(2000))),
    setting("tokenizer.chat_template", 8, "{{ messages }}"),
)


def model(
    path: Path,
    parts: tuple[bytes, ...] = MODEL,
    tensors: tuple[bytes, ...] = (tensor("w", (64, 64)),),
    data: int = 64 * 64 * 4,
    start: bytes = b"GGUF\x03\0\0\0",
) -> Path:
    head = start + struct.pack("<QQ", len(tensors), len(parts)) + b"".join([*parts, *tensors])
    head += b"\0" * (-len(head) % 32)
    path.write_bytes(head + b"\0" * data)
    return path


def test_a_header_says_what_the_model_is(tmp_path: Path) -> None:
    header = fits.check_gguf(model(tmp_path / "m.gguf"))
    assert (header.architecture, header.context, header.version) == ("llama", 2048, 3)
    assert (header.tensors, header.tensor_bytes) == (1, 64 * 64 * 4)
    assert header.has_template
    assert header.needs == header.size
    assert header.lengths["tokenizer.ggml.tokens"] == 3000
    assert header.metadata["tokenizer.ggml.tokens"] is None


def test_a_model_without_a_template_says_so(tmp_path: Path) -> None:
    assert not fits.check_gguf(model(tmp_path / "m.gguf", MODEL[:-1])).has_template


@pytest.mark.parametrize("missing", [1, 5000, 16384])
def test_a_truncated_model_says_how_much_there_is(tmp_path: Path, missing: int) -> None:
    path = model(tmp_path / "m.gguf", data=64 * 64 * 4 - missing)
    with pytest.raises(BadData, match=r"m\.gguf is incomplete: its header needs .*Download it"):
        read_header(path)


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "a web page was saved instead"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab", "Run: git lfs pull"),
        (b"PK\x03\x04pytorch", "is not a GGUF file"),
        (b"GGUF", "it ends in its header"),
        (b"GGUF\x04\0\0\0" + b"\0" * 20, "of version 4; versions 2 and 3"),
        (b"GGUF\0\0\0\x03" + b"\0" * 20, "big-endian"),
        (b"GGUF\x03\0\0\0" + struct.pack("<QQ", 1, 0), "it ends in its header"),
        (b"GGUF\x03\0\0\0" + struct.pack("<QQ", 2**60, 0), "damaged at byte"),
        (b"GGUF\x03\0\0\0" + struct.pack("<QQ", 0, 0), "holds no language model"),
    ],
)
def test_what_is_no_model_is_said_by_name(tmp_path: Path, start: bytes, says: str) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(start)
    with pytest.raises(BadData, match=r"m\.gguf") as caught:
        fits.check_gguf(path)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "tensors", "says"),
    [
        (MODEL, (tensor("w", (8,), kind=77),), "tensor 'w' is of type 77"),
        ((setting("general.architecture", 8, "clip"), *MODEL[1:]), (tensor("w", (1,)),), "a part"),
        ((*MODEL, setting("general.type", 8, "adapter")), (tensor("w", (1,)),), "(adapter)"),
        ((string("x") + struct.pack("<I", 99),), (), "damaged at byte"),
        ((setting("general.alignment", 4, 0),), (), "damaged at byte"),
    ],
)
def test_a_model_that_cannot_be_run_is_said_by_name(
    tmp_path: Path, parts: tuple[bytes, ...], tensors: tuple[bytes, ...], says: str
) -> None:
    with pytest.raises(BadData, match=r"m\.gguf") as caught:
        fits.check_gguf(model(tmp_path / "m.gguf", parts, tensors))
    assert says in str(caught.value)


def test_a_model_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="companion models pull"):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(BadData, match="cannot be read"):
        read_header(tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_mutated_header_is_read_or_refused_with_one_error(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = model(tmp_path / "m.gguf", (*MODEL[:5], *MODEL[9:]), data=64)
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        fits.check_gguf(path)
        said = path.name
    except BadData as refused:
        said = str(refused)
    assert "m.gguf" in said


def test_the_block_sizes_are_those_of_the_format_s_own_library() -> None:
    constants = pytest.importorskip("gguf.constants", reason="the gguf package is not installed")
    theirs = {int(kind): size for kind, size in constants.GGML_QUANT_SIZES.items()}
    assert {kind: theirs[kind] for kind in BLOCKS} == BLOCKS


def test_a_real_model_is_read(testdata: Path) -> None:
    header = fits.check_gguf(testdata / "gguf/stories260K.gguf")
    assert (header.architecture, header.context, header.tensors) == ("llama", 2048, 48)
    assert header.needs == header.size
    assert not header.has_template


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gguf-unknown-type", "is of type 43"),
        ("gguf-unsupported-version", "of version 4"),
        ("gguf-v2-f32", "holds no language model"),
        ("gguf-v3-q4-0", "holds no language model"),
    ],
)
def test_the_hand_made_headers_are_refused_by_name(testdata: Path, name: str, says: str) -> None:
    with pytest.raises(BadData, match=says):
        fits.check_gguf(testdata / f"gguf/mini/{name}.gguf")


def header(**numbers: int) -> Header:
    metadata: dict[str, object] = {f"x.{key}": value for key, value in numbers.items()}
    metadata["general.architecture"] = "x"
    return Header(3, metadata, {"tokenizer.ggml.tokens": 1000}, 1, 10**9, 1, 1)  # type: ignore[arg-type]


def test_the_context_takes_two_bytes_for_each_key_and_value() -> None:
    sizes = {"embedding_length": 3072, "block_count": 28, "attention.head_count": 24}
    found = header(**sizes, **{"attention.head_count_kv": 8})
    assert fits.context_bytes(found, 1) == 2 * 28 * 8 * 256  # Llama-3.2-3B: 115 kB a token
    wider = header(**sizes, **{"attention.key_length": 64, "attention.value_length": 32})
    assert fits.context_bytes(wider, 10) == 2 * 10 * 28 * 24 * 96


def test_a_setting_for_each_layer_counts_as_its_largest() -> None:
    found = header(embedding_length=64, block_count=2)
    found.metadata["x.attention.head_count"] = [8, 4]
    assert found.number("attention.head_count") == 8


def test_memory_is_said_before_loading(tmp_path: Path) -> None:
    path = model(tmp_path / "m.gguf")
    found = fits.check_fits(path, 2048, free=10**9)
    assert found.fits
    assert found.needed > path.stat().st_size


def test_too_little_memory_says_what_would_do(tmp_path: Path) -> None:
    path = model(tmp_path / "m.gguf")
    need = fits.memory_needed(read_header(path), 100_000)
    with pytest.raises(
        DeviceError, match=r"context 131072; .*Set \[llm\] context = 65536"
    ) as caught:
        fits.check_fits(path, 131_072, free=math.ceil(need / 0.95))
    assert caught.value.code == 69
    with pytest.raises(DeviceError, match="Choose a smaller model"):
        fits.check_fits(path, 2048, free=1000)


def test_free_memory_is_what_the_system_says(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    1234 kB\n")
    assert fits.free_memory(tmp_path / "meminfo") == 1234 * 1024
    assert fits.free_memory(tmp_path / "nowhere") == fits.total_memory() > 0
    (tmp_path / "meminfo").write_text("")
    assert fits.free_memory(tmp_path / "meminfo") == fits.total_memory()


@pytest.mark.parametrize(
    ("size", "text"),
    [(12, "12 bytes"), (12_300, "12 kB"), (7_249_000, "7.2 MB"), (2.5e9, "2.50 GB")],
)
def test_sizes_are_said_as_people_read_them(size: float, text: str) -> None:
    assert gigabytes(size) == text
