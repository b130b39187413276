"""Lorebooks: what a character's world knows, told when the conversation comes to it. Pure."""

from companion.lore.book import Book, Entry, parse_book
from companion.lore.engine import Lorebook, Told, Why
from companion.lore.scene import Message
from companion.lore.timed import Timed
from companion.lore.verdict import Setting
from companion.values import Placed

__all__ = [
    "Book",
    "Entry",
    "Lorebook",
    "Message",
    "Placed",
    "Setting",
    "Timed",
    "Told",
    "Why",
    "parse_book",
]
