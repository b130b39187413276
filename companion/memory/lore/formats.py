"""Which reader takes which file, and what is refused before it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.errors import BadData, Forbidden, MissingInput
from companion.memory.lore.book import read_book
from companion.memory.lore.elements import read_xml
from companion.memory.lore.markdown import read_markdown
from companion.memory.lore.pages import read_pdf
from companion.memory.lore.text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from companion.memory.lore.block import Contents, People

MOST_BYTES = 10 << 20
KINDS = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".pdf": "pdf",
    ".xml": "xml",
    ".xhtml": "xml",
    ".json": "lorebook",
}
"""Endings of file names, and what such a file is."""


def load(path: Path) -> bytes:
    """The bytes of a file that may be a document.

    Raises:
        MissingInput: There is no such file.
        Forbidden: It may not be read.
        BadData: It is too large, empty, no file, or of a kind that is not read.
    """
    if path.suffix.lower() not in KINDS:
        raise BadData(
            f"{path.name} is no document that can be read.",
            f"Those that can end in {', '.join(KINDS)}.",
        )
    try:
        if path.exists() and not path.is_file():
            raise BadData(f"{path} is not a file.")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise MissingInput(f"There is no file {path}.") from error
    except PermissionError as error:
        raise Forbidden(f"{path} may not be read by this account.") from error
    except OSError as error:
        raise MissingInput(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MOST_BYTES:
        raise BadData(
            f"{path.name} is larger than {MOST_BYTES >> 20} MB.", "Split it into several files."
        )
    _refuse_disguised(data, path)
    return data


def _refuse_disguised(data: bytes, path: Path) -> None:
    pdf = data.lstrip()[:5] == b"%PDF-"
    if pdf and KINDS[path.suffix.lower()] != "pdf":
        raise BadData(f"{path.name} is a PDF by what is in it.", "Let its name end in .pdf.")
    if not data.strip():
        raise BadData(f"{path.name} is empty.")


def read(data: bytes, name: str, people: People, progress: Callable[[float], None]) -> Contents:
    """What a document of this name says.

    Args:
        data: Its bytes.
        name: Its file name, by which its kind is known.
        people: Who is meant by the placeholders of a lorebook.
        progress: Told the share that is read, 0 to 1.

    Raises:
        BadData: It cannot be read; the message says where.
    """
    kind = KINDS["." + name.lower().rpartition(".")[2]]
    if kind == "pdf":
        contents = read_pdf(data, name, progress)
    elif kind == "lorebook":
        contents = read_book(data, name, people)
    else:
        reader = {"text": read_text, "markdown": read_markdown, "xml": read_xml}[kind]
        contents = reader(data, name)
    if not contents.blocks:
        raise BadData(f"{name} holds no text.")
    return contents
