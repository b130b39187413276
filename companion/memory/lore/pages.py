"""PDF to blocks: the text of each page under the entries of its outline."""

from __future__ import annotations

import io
import re
import zlib
from typing import TYPE_CHECKING, Any

from companion.errors import BadData
from companion.memory.lore.block import Block, Contents, headed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_PAGES = 2_000
MOST_CHARACTERS = 10_000_000
RUNNING = 3
"""Pages from which a line that stands at the edge of half of them is no text of theirs."""
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"^(?:\d+\.)*\d+\.?\s+")
_BROKEN = re.compile(r"(\w)[-\u00ad]\n(?=[a-z\u00e0-\u00ff])")
_ITEM = re.compile(r"\s*(?:[\u2022\u25aa\u25cf\u2023\u2043*\u2013-]|\d{1,2}[.)])\s+")


def read_pdf(data: bytes, name: str, progress: Callable[[float], None]) -> Contents:
    """A PDF file with text in it.

    Raises:
        BadData: It is encrypted, damaged, too long, or holds pictures of text only.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

    # pypdf checks little of what a damaged file says, so a wrong type surfaces as any of these
    broken = (PyPdfError, ValueError, LookupError, TypeError, AttributeError, AssertionError)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted(name)
        pages = _pages(reader, name, progress)
        sections = _sections(reader)
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except (DependencyError, FileNotDecryptedError) as error:
        raise _encrypted(name) from error
    except (*broken, ArithmeticError, RecursionError, NotImplementedError, zlib.error) as error:
        raise BadData(
            f"{name} is not a PDF that can be read: {error}.",
            "Open it in a viewer and print or save it as a new PDF.",
        ) from error
    blocks = tuple(_blocks(_without_running(pages), sections))
    if not blocks:
        raise BadData(
            f"{name} holds no text: its {len(pages)} pages are pictures.",
            "Save it with text from the program that recognised its letters.",
        )
    empty = [str(number) for number, page in enumerate(pages, 1) if not any(page)]
    skipped = (f"pages without text: {', '.join(empty)}",) if empty else ()
    return Contents(title.strip(), blocks, skipped)


def _encrypted(name: str) -> BadData:
    return BadData(f"{name} is encrypted.", "Save it without a password first.")


def _pages(reader: Any, name: str, progress: Callable[[float], None]) -> list[list[str]]:  # noqa: ANN401 - untyped where it is damaged
    """The lines of each page."""
    count = len(reader.pages)
    if count > MOST_PAGES:
        raise BadData(f"{name} has {count} pages; {MOST_PAGES} are the most.", "Split it.")
    pages, characters = [], 0
    for number, page in enumerate(reader.pages, 1):
        text = page.extract_text()
        characters += len(text)
        if characters > MOST_CHARACTERS:
            raise BadData(f"{name} holds more than {MOST_CHARACTERS} characters.", "Split it.")
        pages.append([line.rstrip() for line in text.strip().split("\n")])
        progress(number / count)
    return pages


def _sections(reader: Any) -> dict[int, list[tuple[int, str]]]:  # noqa: ANN401
    """Level and heading of the entries of the outline, by the page on which each begins."""
    found: dict[int, list[tuple[int, str]]] = {}

    def walk(entries: list[Any], level: int) -> None:
        for entry in entries:
            if isinstance(entry, list):
                walk(entry, level + 1)
            elif (page := reader.get_destination_page_number(entry)) is not None:
                found.setdefault(page, []).append((level, str(entry.title).strip()))

    walk(reader.outline, 1)
    return found


def _without_running(pages: list[list[str]]) -> list[list[str]]:
    """The pages without the header, the footer and the number that most of them carry."""
    kept = [list(page) for page in pages]
    for edge in (0, -1):
        found: dict[str, int] = {}
        for page in kept:
            if page:
                shape = _DIGITS.sub("0", page[edge].strip())
                found[shape] = found.get(shape, 0) + 1
        running = {shape for shape, n in found.items() if n >= max(RUNNING, len(pages) / 2)}
        for page in kept:
            if page and _DIGITS.sub("0", page[edge].strip()) in running:
                del page[edge]
    return kept


def _blocks(pages: list[list[str]], sections: dict[int, list[tuple[int, str]]]) -> Iterator[Block]:
    path: list[tuple[int, str]] = []
    for number, lines in enumerate(pages):
        held: list[str] = []
        waiting = list(sections.get(number, ()))
        there = {_bare(line) for line in lines}
        while waiting and _bare(waiting[0][1]) not in there:  # written otherwise than it is listed
            path = headed(path, *waiting.pop(0))
        for line in lines:
            if waiting and _bare(line) == _bare(waiting[0][1]):
                yield from _paragraphs(held, path, number)
                held = []
                path = headed(path, *waiting.pop(0))
            else:
                held.append(line)
        yield from _paragraphs(held, path, number)
        for left in waiting:
            path = headed(path, *left)


def _paragraphs(lines: list[str], path: list[tuple[int, str]], number: int) -> Iterator[Block]:
    """Lines joined to paragraphs: an empty line or the mark of a list item begins another."""
    text = ""
    for line in [*lines, ""]:
        if text.strip() and (not line.strip() or _ITEM.match(line)):
            words = _BROKEN.sub(r"\1", text).strip()
            if not words.isdigit():  # the number of the page
                yield Block(words, tuple(heading for _, heading in path), number + 1)
            text = ""
        text += _ITEM.sub("", line, count=1) + "\n" if _ITEM.match(line) else f"{line}\n"


def _bare(text: str) -> str:
    """A heading without its number, which an outline may leave out."""
    return _NUMBER.sub("", " ".join(text.split()).lower())
