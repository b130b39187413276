"""The archive itself: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import (
    BadData,
    CannotCreate,
    Forbidden,
    MissingInput,
    StoreBusy,
    StoreNewer,
)
from companion.pack import bundle, unbundle
from companion.pack.bundle import Contents, Entry, Item

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
ABOUT = Contents(made_with="0.1.0", made="2026-11-21", character="juno", name="Juno")
SETTINGS = Item("config.toml", "config", b"[companion]\n")
CARD = Item("characters/juno.yaml", "character", b"name: Juno\n")
MODEL = Item("models/toy.gguf", "llm", bytes(range(256)) * 9)


def made(folder: Path, *items: Item, name: str = "juno.tar") -> Path:
    """A bundle of these files, or of three."""
    target = folder / name
    bundle.write(target, ABOUT, items or (SETTINGS, CARD, MODEL), print, force=True)
    return target


def unpacked(archive: Path, folder: Path) -> dict[str, bytes]:
    """What came out of it."""
    unbundle.unpack(archive, folder, lambda _: None, lambda _: None)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def forged(folder: Path, *entries: Entry, members: list[tarfile.TarInfo] | None = None) -> Path:
    """An archive that says of itself what nobody checked; its members hold zeros."""
    about = ABOUT.model_copy(update={"files": entries})
    manifest = bundle.encoded(about)
    infos = members or [_info(entry.path, entry.bytes) for entry in entries]
    target = folder / "forged.tar"
    with target.open("wb") as file:
        file.write(_member("bundle.json", manifest))
        for info in infos:
            file.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(info.size + -info.size % 512))
        file.write(_member("bundle.sha256", hashlib.sha256(manifest).hexdigest().encode()))
        file.write(bytes(1024))
        file.truncate(about.archived(len(manifest)))
    return target


def _member(name: str, data: bytes) -> bytes:
    return _info(name, len(data)).tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def _info(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info


def _zeros(path: str, size: int = 0, kind: str = "llm") -> Entry:
    known = {"path": path, "bytes": size, "sha256": hashlib.sha256(bytes(size)).hexdigest()}
    return Entry.model_construct(**known, kind=kind, licence="")


CONFIG = _zeros("config.toml", 3, "config")

letters = st.text("abcXYZ0189_-äß漢 ", min_size=1, max_size=8)
safe = letters.map(lambda name: f"n{name}n")
trees = st.dictionaries(
    st.lists(safe, min_size=1, max_size=3).map(lambda parts: "models/" + "/".join(parts) + ".bin"),
    st.binary(max_size=2000),
    max_size=6,
)


@given(tree=trees)
def test_what_goes_in_comes_out_byte_for_byte(
    tree: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("round")
    items = [Item(path, "llm", data) for path, data in tree.items()]
    if len({bundle.folded(item.path) for item in items}) == len(items):
        archive = made(folder, SETTINGS, *items)
        assert unpacked(archive, folder / "new") == {"config.toml": b"[companion]\n", **tree}


@given(data=st.data())
def test_a_changed_bit_is_noticed_or_changes_nothing(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bit")
    archive = made(folder)
    raw = bytearray(archive.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    archive.write_bytes(raw)
    wanted = {item.path: item.source for item in (SETTINGS, CARD, MODEL)}
    try:
        assert unpacked(archive, folder / "new") == wanted
    except (BadData, StoreNewer):
        assert sorted(path.name for path in folder.iterdir()) == ["juno.tar"]


@given(data=st.data())
def test_an_archive_that_was_cut_short_leaves_nothing(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    archive = made(folder)
    size = archive.stat().st_size
    os.truncate(archive, data.draw(st.integers(0, size - 1)))
    with pytest.raises(BadData):
        unpacked(archive, folder / "new")
    assert [path.name for path in folder.iterdir()] == ["juno.tar"]


def test_it_is_an_ordinary_tar_file_that_lists_itself_first(tmp_path: Path) -> None:
    with tarfile.open(made(tmp_path)) as tar:
        names = tar.getnames()
        assert names[0] == "bundle.json"
        assert names[-1] == "bundle.sha256"
        found = tar.extractfile("bundle.json")
        assert found is not None
        said = Contents.model_validate_json(found.read())
    assert [file.path for file in said.files] == names[1:-1]
    assert said.files[2].sha256 == hashlib.sha256(bytes(range(256)) * 9).hexdigest()


def test_the_same_files_make_the_same_archive(tmp_path: Path) -> None:
    assert made(tmp_path).read_bytes() == made(tmp_path, name="again.tar").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "models/../../outside",
        "/etc/outside",
        "models//x",
        "models/./x",
        "models/.hidden",
        "models/x ",
        "models/a:b",
        "C:\\outside",
        "models\\x",
        "models/a\nb",
        "Makefile",
        "models",
        "memory_db/lock",
        "audio_out/x.wav",
        f"models/{'x' * 100}",
        "",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    archive = forged(tmp_path, CONFIG, _zeros(path, 3), members=[_info("config.toml", 3)])
    with pytest.raises(BadData, match=r"bundle\.json: files\.1\.path"):
        unpacked(archive, tmp_path / "new")
    assert [one.name for one in tmp_path.iterdir()] == ["forged.tar"]


KINDS = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
KINDS += [tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME]


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_that_is_no_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    link = _info("models/x", 0, kind)
    link.linkname = "/etc/passwd"
    archive = forged(tmp_path, CONFIG, _zeros("models/x"), members=[_info("config.toml", 3), link])
    with pytest.raises(BadData, match=r"models/x is no ordinary file|Not a bundle"):
        unpacked(archive, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (("models/A.gguf", "models/a.gguf"), "one file on many disks"),
        (("models/\xe9.gguf", "models/e\u0301.gguf"), "one file on many disks"),
        (("models/x", "models/x/y"), "a file and a folder"),
    ],
)
def test_names_that_a_disk_takes_for_one_are_refused(
    tmp_path: Path, paths: tuple[str, ...], says: str
) -> None:
    with pytest.raises(BadData, match=says):
        unpacked(forged(tmp_path, CONFIG, *map(_zeros, paths)), tmp_path / "new")


def test_a_member_larger_than_it_says_is_refused_before_it_is_read(tmp_path: Path) -> None:
    members = [_info("config.toml", 3), _info("models/x", 1 << 60)]
    members[1].size = 0
    archive = forged(tmp_path, CONFIG, _zeros("models/x", 0), members=members)
    raw = archive.read_bytes()
    bomb = _info("models/x", 1 << 60).tobuf(tarfile.GNU_FORMAT)
    archive.write_bytes(raw.replace(members[1].tobuf(tarfile.GNU_FORMAT), bomb))
    with pytest.raises(BadData, match=f"models/x with {1 << 60} bytes stands where"):
        unpacked(archive, tmp_path / "new")


def test_more_than_fits_the_disk_is_refused_before_it_is_read(tmp_path: Path) -> None:
    huge = Entry(path="models/x", bytes=1 << 50, sha256="0" * 64, kind="llm")
    manifest = bundle.encoded(ABOUT.model_copy(update={"files": (CONFIG, huge)}))
    archive = tmp_path / "huge.tar"
    archive.write_bytes(_member("bundle.json", manifest))
    with pytest.raises(BadData, match="cut short"):
        unpacked(archive, tmp_path / "new")
    free = shutil.disk_usage(tmp_path).free
    sparse = Entry(path="models/x", bytes=free, sha256="0" * 64, kind="llm")
    about = ABOUT.model_copy(update={"files": (CONFIG, sparse)})
    archive.write_bytes(_member("bundle.json", bundle.encoded(about)))
    os.truncate(archive, about.archived(len(bundle.encoded(about))))
    with pytest.raises(CannotCreate, match="free"):
        unpacked(archive, tmp_path / "new")
    assert [one.name for one in tmp_path.iterdir()] == ["huge.tar"]


def test_a_bundle_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    archive = made(tmp_path)
    raw = archive.read_bytes().replace(b'"schema": 1', b'"schema": 2')
    archive.write_bytes(raw)
    with pytest.raises(StoreNewer, match="newer version") as refused:
        unbundle.look(archive)
    assert refused.value.code == 76


@pytest.mark.parametrize("data", [b"", b"PK\3\4" + bytes(4000), b"\x1f\x8b" + bytes(100)])
def test_what_is_no_bundle_is_refused(tmp_path: Path, data: bytes) -> None:
    archive = tmp_path / "other.tar"
    archive.write_bytes(data)
    with pytest.raises(BadData, match=r"[Nn]o(t a)? bundle"):
        unbundle.look(archive)
    with pytest.raises(MissingInput):
        unbundle.look(tmp_path / "nothing.tar")


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    archive = made(tmp_path)
    (tmp_path / "ws" / "memory_db").mkdir(parents=True)
    with pytest.raises(CannotCreate, match="a workspace already"):
        unpacked(archive, tmp_path / "ws")
    assert [one.name for one in (tmp_path / "ws").iterdir()] == ["memory_db"]


@pytest.mark.parametrize("name", ["a" * 300, f"{'a' * 300}/b", "a" * 250])
def test_a_name_that_the_disk_does_not_take_is_the_folder_s_fault(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(CannotCreate, match=r"aaa.* (made|written): File name too long"):
        unpacked(forged(tmp_path, CONFIG), tmp_path / name)


def test_a_folder_that_may_not_be_looked_into_is_the_folder_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    archive = forged(tmp_path, CONFIG)
    monkeypatch.setattr(Path, "exists", refused)
    with pytest.raises(Forbidden, match="there may not be looked into"):
        unpacked(archive, tmp_path / "there")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "ws").mkdir()
    assert len(unpacked(made(tmp_path), tmp_path / "ws")) == 3


def test_a_file_that_is_there_is_overwritten_only_when_that_is_said(tmp_path: Path) -> None:
    target = tmp_path / "juno.tar"
    target.write_text("mine")
    with pytest.raises(CannotCreate, match="there already"):
        bundle.write(target, ABOUT, (SETTINGS,), print, force=False)
    assert target.read_text() == "mine"
    bundle.write(target, ABOUT, (SETTINGS,), print, force=True)
    assert unbundle.look(target).size == len(b"[companion]\n")


def test_a_file_that_is_not_what_was_pulled_is_refused(tmp_path: Path) -> None:
    wrong = Item("models/x.gguf", "llm", b"changed", sha256="0" * 64)
    with pytest.raises(BadData, match="not the file that was pulled"):
        made(tmp_path, SETTINGS, wrong)
    assert not list(tmp_path.iterdir())


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    source = tmp_path / "model"
    source.write_bytes(bytes(3 << 20))

    def shorten(_: int) -> None:
        os.truncate(source, 5)

    items = (SETTINGS, Item("models/x", "llm", source))
    with pytest.raises(BadData, match="changed while it was read"):
        bundle.write(tmp_path / "b.tar", ABOUT, items, shorten, force=False)
    assert [one.name for one in tmp_path.iterdir()] == ["model"]


def test_where_a_bundle_cannot_be_written_that_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(CannotCreate, match="There is no folder"):
        bundle.write(tmp_path / "no" / "b.tar", ABOUT, (SETTINGS,), print, force=False)
    with pytest.raises(MissingInput):
        made(tmp_path, SETTINGS, Item("models/x", "llm", tmp_path / "gone"))
    with pytest.raises(BadData, match="cannot be a path"):
        made(tmp_path, SETTINGS, Item(f"models/{'x' * 99}.gguf", "llm", b""))
    with pytest.raises(BadData, match="Two files would both be"):
        made(tmp_path, SETTINGS, MODEL, Item("models/TOY.gguf", "llm", b""))
    assert not list(tmp_path.iterdir())


def test_what_fails_when_it_is_almost_done_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        assert (folder / "config.toml").is_file()
        raise BadData("no")

    archive = made(tmp_path)
    with pytest.raises(BadData, match="no"):
        unbundle.unpack(archive, tmp_path / "new", lambda _: None, fail)
    assert [one.name for one in tmp_path.iterdir()] == ["juno.tar"]


KILLED = """
import os, signal, sys
from pathlib import Path
from companion.cli.leave import in_order
from companion.pack import bundle, unbundle
from companion.pack.bundle import Contents, Item
place = Path(sys.argv[1])
items = [Item("config.toml", "config", b"x")] + [
    Item(f"models/{n}", "llm", bytes(1 << 20)) for n in range(4)
]
about = Contents(made_with="1", made="2026-11-21", character="juno", name="Juno")
done = 0
def progress(more):
    global done
    done += more
    if done > int(sys.argv[3]):
        os.kill(os.getpid(), int(sys.argv[4]))
target = place / "b.tar"
with in_order():
    if sys.argv[2] == "write":
        bundle.write(target, about, items, progress, force=False)
    else:
        bundle.write(target, about, items, lambda more: None, force=True)
        unbundle.unpack(target, place / "new", progress, lambda folder: None)
"""


@pytest.mark.parametrize("verb", ["write", "unpack"])
@pytest.mark.parametrize("after", [0, 1 << 20, 3 << 20])
def test_a_kill_leaves_nothing_and_the_next_try_tidies_up(
    tmp_path: Path, verb: str, after: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), verb]
    killed = subprocess.run([*command, str(after), "9"], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "new").exists()
    assert (tmp_path / "b.tar").exists() == (verb == "unpack")
    subprocess.run([*command, str(1 << 30), "9"], cwd=ROOT, check=True)
    left = {"write": ["b.tar"], "unpack": ["b.tar", "new"]}[verb]
    assert sorted(one.name for one in tmp_path.iterdir()) == left


@pytest.mark.parametrize("verb", ["write", "unpack"])
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_to_end_leaves_nothing_at_all(
    tmp_path: Path, verb: str, sign: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), verb, str(1 << 20), str(int(sign))]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == code
    left = {"write": [], "unpack": ["b.tar"]}[verb]
    assert [one.name for one in tmp_path.iterdir()] == left


FULL = """
import resource, sys
from pathlib import Path
from companion.errors import CannotCreate
from companion.pack import bundle, unbundle
from companion.pack.bundle import Contents, Item
place = Path(sys.argv[1])
about = Contents(made_with="1", made="2026-11-21", character="juno", name="Juno")
items = [Item("config.toml", "config", b"x"), Item("models/x", "llm", bytes(3 << 20))]
bundle.write(place / "b.tar", about, items, lambda more: None, force=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    if sys.argv[2] == "write":
        bundle.write(place / "c.tar", about, items, lambda more: None, force=False)
    else:
        unbundle.unpack(place / "b.tar", place / "new", lambda more: None, lambda folder: None)
except CannotCreate as error:
    print(error)
"""


@pytest.mark.parametrize("verb", ["write", "unpack"])
def test_a_disk_that_takes_no_more_is_said_and_nothing_is_left(tmp_path: Path, verb: str) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path), verb]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "too large for that disk" in done.stdout
    assert [one.name for one in tmp_path.iterdir()] == ["b.tar"]


def test_two_at_once_do_not_write_into_each_other(tmp_path: Path) -> None:
    def meanwhile(_: int) -> None:
        with pytest.raises(StoreBusy):
            bundle.write(tmp_path / "b.tar", ABOUT, (SETTINGS,), print, force=True)

    bundle.write(tmp_path / "b.tar", ABOUT, (SETTINGS, MODEL), meanwhile, force=True)
    assert len(unpacked(tmp_path / "b.tar", tmp_path / "new")) == 2


def test_two_at_once_do_not_unpack_into_each_other(tmp_path: Path) -> None:
    archive = made(tmp_path)
    inner: Callable[[int], None] = lambda _: None  # noqa: E731

    def meanwhile(_: int) -> None:
        with pytest.raises(StoreBusy):
            unbundle.unpack(archive, tmp_path / "new", inner, lambda _: None)

    unbundle.unpack(archive, tmp_path / "new", meanwhile, lambda _: None)
    assert (tmp_path / "new" / "config.toml").is_file()
