"""`{{char}}` and its relatives: read by a parser, expanded once, never looked at again."""

from companion.cards.macros.engine import expand, fill
from companion.cards.macros.known import Scope
from companion.cards.macros.seen import Seen, seen

__all__ = ["Scope", "Seen", "expand", "fill", "seen"]
