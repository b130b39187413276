"""Pulling against a local hub with real connections: resumed, checked, never half-written."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hub_server import COMMIT, Fault, HubServer

from companion.errors import BadData, CannotCreate, Forbidden, MissingInput, Offline, StoreBusy
from companion.pack import lock
from companion.pack.hub import Hub
from companion.pack.manifest import File, Part
from companion.pack.pull import Plan, fetch, plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = "2026-11-21"
BIG = random.Random(1).randbytes(300_000)
SMALL = b'{"a": 1}'
FILES = {"own/model/sub/model.bin": BIG, "own/model/config.json": SMALL}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def part(**changes: object) -> Part:
    files = (
        File(name="sub/model.bin", size=len(BIG), sha256=sha(BIG)),
        File(name="config.json", size=len(SMALL)),
    )
    values: dict[str, object] = {
        "kind": "stt",
        "about": "a model",
        "licence": "MIT",
        "repo": "own/model",
        "folder": "m",
        "files": files,
    }
    return Part.model_validate(values | changes)


def pull(server: HubServer, folder: Path, what: Part | None = None, **more: object) -> list[str]:
    seen: list[tuple[str, int, int]] = []
    with Hub(server.url) as hub:
        planned = plan(what or part(), folder, hub)
        paths = fetch(
            planned, hub, lambda *a: seen.append(a), day=DAY, pause=lambda _: None, **more
        )
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def left(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_model_is_pulled_whole_and_written_down(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        assert pull(server, tmp_path) == ["m/config.json", "m/model.bin"]
    assert (tmp_path / "m/model.bin").read_bytes() == BIG
    entry = lock.read(tmp_path)["m/model.bin"]
    assert entry == lock.Entry(sha(BIG), len(BIG), "own/model", COMMIT, DAY)
    assert left(tmp_path) == ["m/config.json", "m/model.bin", "manifest.lock"]


def test_what_is_here_is_not_fetched_again(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        pull(server, tmp_path)
        server.asked.clear()
        pull(server, tmp_path)
        assert server.asked == []


def test_a_pinned_file_put_here_by_hand_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/model.bin").write_bytes(BIG)
    with HubServer(FILES) as server, Hub(server.url) as hub:
        planned = plan(part(), tmp_path, hub)
    assert [job.file.name for job in planned.jobs] == ["config.json"]
    assert planned.present == (tmp_path / "m/model.bin",)


def test_a_plan_says_size_and_how_the_files_are_checked(tmp_path: Path) -> None:
    with HubServer(FILES) as server, Hub(server.url) as hub:
        planned = plan(part(), tmp_path, hub)
        pinned = plan(part(files=part().files[:1]), tmp_path, hub)
    assert planned.size == planned.left == len(BIG) + len(SMALL)
    assert planned.trust.startswith("hash reported by the hub")
    assert pinned.trust == "SHA-256 pinned by Companion"


def test_progress_ends_at_the_whole_file(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with HubServer(FILES) as server, Hub(server.url) as hub:
        fetch(plan(part(), tmp_path, hub), hub, lambda *a: seen.append(a), day=DAY)
    assert ("model.bin", len(BIG), len(BIG)) in seen
    assert [done for name, done, _ in seen if name == "model.bin"][-1] == len(BIG)


def test_a_cut_connection_is_resumed_where_it_was_cut(tmp_path: Path) -> None:
    with HubServer(FILES, Fault(cuts=3, after=70_000)) as server:
        pull(server, tmp_path)
        ranges = [r for method, path, r in server.asked if method == "GET" and r]
    assert (tmp_path / "m/model.bin").read_bytes() == BIG
    assert {"bytes=70000-", "bytes=140000-", "bytes=210000-"} <= set(ranges)


def test_a_hub_that_sends_no_ranges_sends_the_file_again(tmp_path: Path) -> None:
    with HubServer(FILES, Fault(cuts=1, after=70_000, ranges=False)) as server:
        pull(server, tmp_path)
    assert (tmp_path / "m/model.bin").read_bytes() == BIG


def test_a_connection_cut_again_and_again_is_given_up_and_goes_on_next_time(tmp_path: Path) -> None:
    with HubServer(FILES, Fault(cuts=1, after=70_000)) as server:
        server.fault.cuts = 99
        server.fault.after = 0
        with pytest.raises(Offline, match=r"cut 5 times .*0 bytes of 300 kB are here"):
            pull(server, tmp_path)
        server.fault.cuts, server.fault.after = 1, 70_000
        with pytest.raises(KeyboardInterrupt), Hub(server.url) as hub:
            fetch(plan(part(), tmp_path, hub), hub, lambda *_: None, day=DAY, pause=interrupt)
        assert not (tmp_path / "m/model.bin").exists()
        pull(server, tmp_path)
    assert ("GET", "/own/model/sub/model.bin", "bytes=70000-") in server.asked
    assert (tmp_path / "m/model.bin").read_bytes() == BIG


def interrupt(_: float) -> None:
    raise KeyboardInterrupt


def test_a_wrong_hash_deletes_what_came(tmp_path: Path) -> None:
    with (
        HubServer(FILES, Fault(broken="model.bin")) as server,
        pytest.raises(BadData, match=r"model\.bin came with the wrong SHA-256 .*it was deleted"),
    ):
        pull(server, tmp_path)
    assert left(tmp_path) == []


def test_a_small_file_is_checked_by_its_git_hash(tmp_path: Path) -> None:
    what = part(files=part().files[1:])
    with (
        HubServer(FILES, Fault(broken="config.json")) as server,
        pytest.raises(BadData, match="wrong git hash"),
    ):
        pull(server, tmp_path, what)


def test_a_file_changed_at_the_hub_is_refused_before_it_is_downloaded(tmp_path: Path) -> None:
    changed = {**FILES, "own/model/sub/model.bin": BIG[::-1]}
    with HubServer(changed) as server, pytest.raises(BadData, match="not the file that was pinned"):
        pull(server, tmp_path)
    assert not [path for method, path, _ in server.asked if method == "GET"]


def test_what_was_trusted_at_first_use_is_compared_from_then_on(tmp_path: Path) -> None:
    what = part(files=(File(name="sub/model.bin", size=len(BIG)),))
    with HubServer(FILES) as server:
        pull(server, tmp_path, what)
        (tmp_path / "m/model.bin").unlink()
        server.files = {"own/model/sub/model.bin": BIG[::-1]}
        with pytest.raises(BadData, match="not the file that was pinned"):
            pull(server, tmp_path, what)


def test_a_hub_without_hashes_is_written_down_and_said(tmp_path: Path) -> None:
    what = part(files=(File(name="config.json", size=len(SMALL)),))
    with HubServer(FILES, Fault(silent={"ETag"})) as server, Hub(server.url) as hub:
        planned = plan(what, tmp_path, hub)
        fetch(planned, hub, lambda *_: None, day=DAY)
    assert planned.trust.startswith("no hash known")
    assert lock.read(tmp_path)["m/config.json"].sha256 == sha(SMALL)


def test_a_hub_that_sends_too_much_is_stopped(tmp_path: Path) -> None:
    what = part(files=(File(name="config.json", size=3),))
    with (
        HubServer(FILES, Fault(silent={"Content-Length", "ETag"})) as server,
        pytest.raises(BadData, match="sends more than it should"),
    ):
        pull(server, tmp_path, what)


def test_a_partial_that_is_too_long_is_begun_again(tmp_path: Path) -> None:
    partial = tmp_path / ".partial" / f"model.bin.{sha(BIG)[:12]}"
    partial.parent.mkdir()
    partial.write_bytes(BIG + b"more")
    with HubServer(FILES) as server:
        pull(server, tmp_path)
    assert (tmp_path / "m/model.bin").read_bytes() == BIG


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: writing fails like on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_and_what_came_is_resumed(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        with largest_file(100_000), pytest.raises(CannotCreate, match="no space left on"):
            pull(server, tmp_path)
        assert not (tmp_path / "m/model.bin").exists()
        server.asked.clear()
        pull(server, tmp_path)
    assert next(r for m, _, r in server.asked if m == "GET" and r).startswith("bytes=")
    assert (tmp_path / "m/model.bin").read_bytes() == BIG


def test_too_little_room_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    with HubServer(FILES) as server, Hub(server.url) as hub:
        planned = plan(part(), tmp_path, hub)
        huge = planned.jobs[0].file.model_copy(update={"size": 10**15})
        remote = planned.jobs[0].remote
        job = type(planned.jobs[0])(
            huge, type(remote)(remote.url, 10**15), tmp_path / "x", tmp_path / ".partial/x", ""
        )
        with pytest.raises(CannotCreate, match=r"1000000\.00 GB are still to be downloaded"):
            fetch(Plan(part(), tmp_path, (job,), ()), hub, lambda *_: None, day=DAY)


def test_no_network_is_said_with_the_address(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        url = server.url
    with Hub(url) as hub, pytest.raises(Offline, match=f"hub at {url} cannot be reached") as caught:
        plan(part(), tmp_path, hub)
    assert caught.value.code == 69


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, Forbidden, "set HF_TOKEN"),
        (404, MissingInput, "has no own/model/sub/model.bin"),
        (503, Offline, "it answered 503"),
    ],
)
def test_what_the_hub_refuses_is_said(
    tmp_path: Path, status: int, error: type[Exception], says: str
) -> None:
    with (
        HubServer(FILES, Fault(status={"HEAD": status})) as server,
        pytest.raises(error, match=says),
    ):
        pull(server, tmp_path)


def test_a_busy_hub_is_asked_again_and_then_given_up(tmp_path: Path) -> None:
    with (
        HubServer(FILES, Fault(status={"GET": 503})) as server,
        pytest.raises(Offline, match="the hub answered 503"),
    ):
        pull(server, tmp_path)


def test_a_token_goes_to_the_hub_and_to_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    with HubServer(FILES) as server:
        pull(server, tmp_path)
        tokens = {role: {t for r, t in server.tokens if r == role} for role in ("hub", "cdn")}
    assert tokens == {"hub": {"Bearer secret"}, "cdn": {""}}


def test_the_endpoint_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9/")
    with Hub() as hub:
        assert hub.endpoint == "http://127.0.0.1:9"
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    with pytest.raises(BadData, match="no web address"):
        Hub()


def test_two_pulls_of_one_file_do_not_meet(tmp_path: Path) -> None:
    partial = tmp_path / ".partial" / f"model.bin.{sha(BIG)[:12]}"
    partial.parent.mkdir()
    with partial.open("ab") as held, HubServer(FILES) as server:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreBusy, match="Another process is downloading"):
            pull(server, tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with HubServer(FILES) as server, pytest.raises(Forbidden, match="may not be written"):
        pull(server, tmp_path)


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("")
    with HubServer(FILES) as server, pytest.raises(CannotCreate, match="cannot be written"):
        pull(server, tmp_path)


def test_a_damaged_lock_is_said_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "manifest.lock").write_text("{")
    with pytest.raises(BadData, match="Delete it"):
        lock.read(tmp_path)
