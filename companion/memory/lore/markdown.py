"""Markdown to blocks: paragraphs, list items, table rows and code under their headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from companion.memory.lore.block import Block, Contents, headed
from companion.memory.lore.text import decoded

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:\s*(?P<quote>[\"']?)(.+?)(?P=quote)\s*$", re.MULTILINE)
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[/!?A-Za-z][^<>]*>", re.DOTALL)
_TEXT = {"inline", "fence", "code_block", "html_block"}


def read_markdown(data: bytes, name: str) -> Contents:
    """A Markdown file (CommonMark with tables). Tags and comments in it are left out."""
    from markdown_it import MarkdownIt

    text = decoded(data, name)
    title = ""
    if front := _FRONT.match(text):
        found = _TITLE.search(front[1])
        title, text = found[2] if found else "", text[front.end() :]
    reading = _Reading(title)
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        reading.take(token)
    return Contents(reading.title, tuple(reading.blocks))


class _Reading:
    """A document while its tokens come by."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._level = 0
        self._columns: list[str] = []
        self._cells: list[str] | None = None

    def take(self, token: Token) -> None:
        if token.type == "heading_open":
            self._level = int(token.tag[1:])
        elif token.type == "tr_open":
            self._cells = []
        elif token.type == "tr_close":
            self._row(self._cells or [])
        elif token.type == "table_open":
            self._columns = []
        elif token.type in _TEXT:
            self._words(_words(token))

    def _words(self, words: str) -> None:
        if self._cells is not None:
            self._cells.append(words)
        elif self._level:
            self._heading(words)
        elif words:
            self._add(words)

    def _heading(self, words: str) -> None:
        level, self._level = self._level, 0
        if level == 1 and not self.title and not self.blocks and not self._path:
            self.title = words
        else:
            self._path = headed(self._path, level, "" if words == self.title else words)

    def _row(self, cells: list[str]) -> None:
        """A row of a table as "Name: Mira; Age: 30"; the first one names the columns."""
        self._cells = None
        if not self._columns:
            self._columns = cells
            return
        named = [
            f"{column}: {cell}" if column else cell
            for column, cell in zip(self._columns, cells, strict=False)
            if cell
        ]
        if named:
            self._add("; ".join(named) + ".")

    def _add(self, words: str) -> None:
        self.blocks.append(Block(words, tuple(heading for _, heading in self._path)))


def _words(token: Token) -> str:
    """What is read out of a token: no marks, no addresses, no tags."""
    if token.type in {"fence", "code_block"}:
        return token.content.strip()
    if token.type == "html_block":
        return _TAG.sub(" ", token.content).strip()
    parts = []
    for one in token.children or ():
        if one.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif one.type in {"text", "code_inline", "image"}:
            parts.append(one.content)
    return "".join(parts).strip()
