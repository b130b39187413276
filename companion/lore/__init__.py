"""Lorebooks: what a character's world knows, told when the conversation comes to it. Pure."""

from companion.lore.book import Book, Entry, parse_book
from companion.values import Placed

__all__ = ["Book", "Entry", "Placed", "parse_book"]
