"""Cards out: as JSON, in a picture, in an archive, or as YAML for people.

What is written is what the specifications ask for; what is not ours to understand goes along
unchanged. A file is replaced as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from json import dumps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, TypeAlias, get_args

from companion.cards import formats
from companion.cards.formats import (
    charx,
    charx_write,
    json,
    png,
    png_write,
    yaml,
    yaml_patch,
    yaml_write,
)
from companion.cards.icon import for_archive, for_picture, not_in_text, not_shown, picture_in
from companion.cards.project import as_v2, as_v3, flat, is_v3
from companion.errors import CannotCreate, CardError, undoing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.cards.formats.tree import Repair
    from companion.cards.model import Card

Kind: TypeAlias = Literal["json", "json-v2", "json-v3", "png", "charx", "yaml"]
"""What a card can be written as; "json" is its own tree as it was read, nothing added to it."""

SUFFIX: dict[Kind, str] = {
    "json": ".json",
    "json-v2": ".json",
    "json-v3": ".json",
    "png": ".png",
    "charx": ".charx",
    "yaml": ".yaml",
}


def write(card: Card, kind: Kind) -> bytes:
    """The card as the bytes of a file.

    A picture and the files of an archive are taken from the file the card came from.

    Raises:
        CardError: The card does not fit into that kind of file.
    """
    out = io.BytesIO()
    _write(card, kind, out)
    return out.getvalue()


def save(card: Card, path: Path, kind: Kind | None = None) -> None:
    """Write the card to a file, which is replaced as a whole or not at all.

    Args:
        card: The card.
        path: The file; its suffix says what kind it becomes.
        kind: What kind, where the suffix does not say it.

    Raises:
        CardError: The suffix is none of a card, or the card does not fit.
        CannotCreate: The file cannot be written.
    """
    with replacing(path) as file:
        _write(card, kind or kind_of(card, path), file)


def kind_of(card: Card, path: Path) -> Kind:
    """What kind of file a path asks for.

    A JSON file that is written in its place keeps its own tree; another gets the version that
    holds all of the card.

    Raises:
        CardError: The suffix is none of a card.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        if card.path and card.path.resolve() == path.resolve():
            return "json"
        return "json-v3" if is_v3(card) else "json-v2"
    kinds: dict[str, Kind] = {".png": "png", ".charx": "charx", ".yaml": "yaml", ".yml": "yaml"}
    if suffix not in kinds:
        raise CardError(
            f"{path.name}: no card is written to a file of that name.",
            f"Let it end with one of {', '.join(formats.SUFFIXES)}.",
            "FOREIGN_FORMAT",
        )
    return kinds[suffix]


def lost(card: Card, kind: Kind) -> tuple[Repair, ...]:
    """What of the card does not fit into that kind of file.

    Raises:
        CardError: The archive it came from is damaged.
    """
    fields = as_v2(card)[1] if kind == "json-v2" else ()
    with _source(card) as (file, start):
        archive = file if start.startswith(charx.STARTS) else None
        picture = start.startswith(png.SIGNATURE)
        if kind == "png":
            fits = picture or _picture(card, archive)
            return for_picture(as_v3(card))[1] + (() if fits else not_shown(as_v3(card)))
    if kind == "charx" or not (picture or archive):
        return fields
    return fields + not_in_text(as_v3(card), picture=picture)


def kinds() -> tuple[Kind, ...]:
    """All kinds of file that other programs read."""
    return tuple(kind for kind in get_args(Kind) if kind != "json")


def _write(card: Card, kind: Kind, out: IO[bytes]) -> None:
    if kind == "yaml":
        out.write(_yaml(card))
    elif kind == "png":
        out.write(_png(card))
    elif kind == "charx":
        _charx(card, out)
    elif kind == "json":
        out.write(_json(card))
    else:
        tree = as_v2(card)[0] if kind == "json-v2" else as_v3(card)
        out.write(json.text(tree, indent=1) + b"\n")


def _json(card: Card) -> bytes:
    """The tree of the file with what changed; halves of characters stay, as their escapes."""
    return dumps(card.raw, ensure_ascii=False, indent=1).encode(errors="backslashreplace") + b"\n"


def _yaml(card: Card) -> bytes:
    """YAML: the owner's own text with what changed, or a fresh one."""
    text = ""
    if card.path and card.path.suffix.lower() in {".yaml", ".yml"}:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = card.path.read_bytes()[: yaml.LIMIT].decode("utf-8-sig")
    made = yaml_patch.patched(text, card.raw) if text else yaml_write.text(flat(card))
    data = made.encode()
    try:
        yaml.read(data, card.id)
    except CardError as error:  # larger than we read, or a letter that YAML cannot hold
        raise CardError(
            f"{card.id} cannot be kept as YAML: {error}", "Use JSON, PNG or CHARX.", error.reason
        ) from error
    return data


def _png(card: Card) -> bytes:
    """A picture with the card in it twice, for readers of version 2 and of version 3."""
    with _source(card) as (file, start):
        if start.startswith(png.SIGNATURE) and file is not None:
            picture = file.read(formats.LARGEST)
        else:
            archive = file if start.startswith(charx.STARTS) else None
            picture = _picture(card, archive) or png_write.blank()
    tree = for_picture(as_v3(card))[0]
    older = as_v2(card, beside_v3=True)[0]
    return png_write.written(picture, {"chara": json.text(older), "ccv3": json.text(tree)})


def _picture(card: Card, archive: IO[bytes] | None) -> bytes:
    """The picture of the character inside an archive, if it is a PNG."""
    name = card.path.name if card.path else card.id
    return picture_in(as_v3(card), archive, name)


def _charx(card: Card, out: IO[bytes]) -> None:
    with _source(card) as (file, start):
        if file is not None and start.startswith(charx.STARTS):
            text = json.text(as_v3(card))
            charx_write.rewritten(file, out, text, card.path.name if card.path else card.id)
            return
        picture = file.read(formats.LARGEST) if file and start.startswith(png.SIGNATURE) else b""
    name = card.path.name if card.path else card.id
    tree, files = for_archive(as_v3(card), picture, name)
    charx_write.written(out, json.text(tree), files)


@contextlib.contextmanager
def _source(card: Card) -> Iterator[tuple[IO[bytes] | None, bytes]]:
    """The file a card came from and how it begins; nothing where there is none any more."""
    try:
        file = card.path.open("rb") if card.path else None
    except OSError:
        file = None
    if file is None:
        yield None, b""
        return
    with file:
        start = file.read(8)
        file.seek(0)
        yield file, start


def make_folder(folder: Path) -> None:
    """Make a folder, for its owner only, where there is none.

    Raises:
        CannotCreate: It cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(folder, error) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its place when all of it is on the disk.

    Raises:
        CannotCreate: It cannot be written; `path` is what it was.
    """
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    except OSError as error:
        raise _unwritten(path, error) from error
    part = Path(name)
    with undoing(lambda: part.unlink(missing_ok=True)):
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.chmod(mode)
            part.replace(path)
        except OSError as error:
            raise _unwritten(path, error) from error


def _unwritten(path: Path, error: OSError) -> CannotCreate:
    return CannotCreate(
        f"{path} cannot be written ({error.strerror}).",
        "See that its folder is there, may be written and has room, or name another place.",
    )
