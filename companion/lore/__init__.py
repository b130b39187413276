"""Lorebooks: what a character's world knows, told when the conversation comes to it. Pure."""

from companion.lore.book import Book, Entry, parse_book
from companion.lore.engine import Lorebook
from companion.lore.scene import Message
from companion.lore.timed import Timed
from companion.lore.told import Told, Why
from companion.lore.verdict import Setting
from companion.lore.world import World
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
    "World",
    "parse_book",
]
