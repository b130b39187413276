"""The picture of a character on its way between a picture file and an archive.

In a picture the card says `ccdefault:` for the picture it is in; in an archive it names a file.
Nothing here reads the network: a picture on the internet stays an address.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from companion.cards.formats import charx, png, png_write
from companion.cards.formats.tree import Repair, pointer

if TYPE_CHECKING:
    from companion.cards.formats.tree import Json

MAIN = "assets/icon/images/main.png"
"""Where the picture goes in an archive."""

_INSIDE = re.compile(r"embed{1,2}ed://", re.IGNORECASE)  # the specification has it with one d
_REMOTE = re.compile(r"https?://", re.IGNORECASE)
_CHUNK = "__asset:"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_PICTURE_LIMIT = 64 * 1024**2


def remote(data: dict[str, Json]) -> tuple[str, ...]:
    """A note on files of a card that are on the internet; none is ever fetched."""
    assets = data.get("assets")
    listed = assets if isinstance(assets, list) else []
    uris = [asset.get("uri") for asset in listed if isinstance(asset, dict)]
    found = [uri for uri in uris if isinstance(uri, str) and _REMOTE.match(uri)]
    if not found:
        return ()
    files = "1 file of the card is" if len(found) == 1 else f"{len(found)} files of the card are"
    was = "was" if len(found) == 1 else "were"
    return (f"{files} on the internet ({found[0][:100]}) and {was} not fetched.",)


def for_picture(tree: dict[str, Json]) -> tuple[dict[str, Json], tuple[Repair, ...]]:
    """A V3 tree as it stands in a picture, and which files of an archive do not fit in."""
    assets = _assets(tree)
    main = _main(assets)
    lost: list[Repair] = []
    made: list[Json] = []
    for n, asset in enumerate(assets):
        uri = _inside(asset)
        if uri is not None and n == main and isinstance(asset, dict):
            made.append({**asset, "uri": "ccdefault:", "ext": "png"})
            continue
        if uri is not None:
            said = f"{uri} is a file of an archive; a picture has no room for it."
            lost.append(Repair("ASSET_LEFT", pointer("data", "assets", n), said))
        made.append(asset)
    return (_with(tree, made) if made else tree), tuple(lost)


def not_shown(tree: dict[str, Json]) -> tuple[Repair, ...]:
    """What is to be said where no picture for a picture file came out of an archive."""
    assets = _assets(tree)
    main = _main(assets)
    uri = None if main is None else _inside(assets[main])
    if uri is None:
        return ()
    said = f"{uri} is no PNG picture, too large or not there; the picture is a blank one."
    return (Repair("PICTURE_LEFT", pointer("data", "assets", main or 0), said),)


def not_in_text(tree: dict[str, Json], *, picture: bool) -> tuple[Repair, ...]:
    """What stays behind where a card becomes JSON or YAML.

    Args:
        tree: The card.
        picture: Whether it comes out of a picture; else it comes out of an archive.
    """
    whole = Repair("PICTURE_LEFT", "", "JSON and YAML have no room for the picture.")
    where, left = ("picture", [whole]) if picture else ("archive", [])
    for n, asset in enumerate(_assets(tree)):
        uri = _in_chunk(asset) if picture else _inside(asset)
        if uri is not None:
            said = f"{uri} is a file of the {where}; JSON and YAML have no room for it."
            left.append(Repair("ASSET_LEFT", pointer("data", "assets", n), said))
    return tuple(left)


def for_archive(
    tree: dict[str, Json], picture: bytes, name: str
) -> tuple[dict[str, Json], dict[str, bytes]]:
    """A V3 tree as it stands in an archive, and the files that go in with it."""
    if not picture:
        return tree, {}
    files = {MAIN: picture_only(picture)}
    assets = _assets(tree) or [_icon("ccdefault:")]
    main = _main(assets)
    chunks = png_write.assets(picture, name)
    made: list[Json] = []
    for n, asset in enumerate(assets):
        uri = asset.get("uri") if isinstance(asset, dict) else None
        if not isinstance(asset, dict) or not isinstance(uri, str):
            made.append(asset)
        elif n == main and uri.startswith("ccdefault:"):
            made.append({**asset, "uri": f"embeded://{MAIN}", "ext": "png"})
        elif uri.removeprefix(_CHUNK) in chunks and uri.startswith(_CHUNK):
            path = f"assets/other/{n}-{_UNSAFE.sub('-', uri.removeprefix(_CHUNK))[-80:]}"
            files[path] = chunks[uri.removeprefix(_CHUNK)]
            made.append({**asset, "uri": f"embeded://{path}"})
        else:
            made.append(asset)
    return _with(tree, made), files


def picture_in(tree: dict[str, Json], archive: IO[bytes] | None, name: str) -> bytes:
    """The main picture out of an archive; empty if there is none or it is no PNG."""
    assets = _assets(tree)
    main = _main(assets)
    uri = None if main is None else _inside(assets[main])
    if archive is None or uri is None:
        return b""
    with charx.opened(archive, name) as opened:
        wanted = _INSIDE.sub("", uri, count=1)
        member = next((m for m in opened.infolist() if m.filename == wanted), None)
        if member is None or member.file_size > _PICTURE_LIMIT:
            return b""
        data = charx.content(opened, member, name, _PICTURE_LIMIT)
    return data if data.startswith(png.SIGNATURE) else b""  # some call a WEBP picture png


def picture_only(picture: bytes) -> bytes:
    """A picture without the card in it."""
    return png_write.written(picture, {})


def _icon(uri: str) -> dict[str, Json]:
    return {"type": "icon", "uri": uri, "name": "main", "ext": "png"}


def _assets(tree: dict[str, Json]) -> list[Json]:
    data = tree.get("data")
    assets = data.get("assets") if isinstance(data, dict) else None
    return assets if isinstance(assets, list) else []


def _inside(asset: Json) -> str | None:
    """The address of an asset that is a file of an archive; None of any other."""
    uri = _uri(asset)
    return uri if uri is not None and _INSIDE.match(uri) else None


def _in_chunk(asset: Json) -> str | None:
    """The address of an asset that is a chunk of a picture; None of any other."""
    uri = _uri(asset)
    return uri if uri is not None and uri.startswith(_CHUNK) else None


def _uri(asset: Json) -> str | None:
    uri = asset.get("uri") if isinstance(asset, dict) else None
    return uri if isinstance(uri, str) else None


def _main(assets: list[Json]) -> int | None:
    """Which of the assets is the picture of the character."""
    icons = [
        (n, asset.get("name"))
        for n, asset in enumerate(assets)
        if isinstance(asset, dict) and asset.get("type") == "icon"
    ]
    named = [n for n, name in icons if name == "main"]
    return named[0] if named else icons[0][0] if icons else None


def _with(tree: dict[str, Json], assets: list[Json]) -> dict[str, Json]:
    data = tree["data"]
    return {**tree, "data": {**data, "assets": assets}} if isinstance(data, dict) else tree
