"""Characters: cards in, personas out. Pure but for reading the files it is pointed at."""

from companion.cards.change import changed
from companion.cards.fields import Fields, VoiceSettings
from companion.cards.folder import Broken, card_path, find_card, list_cards, load_card
from companion.cards.formats.tree import Repair
from companion.cards.model import DEFAULT_CARD, Card, DepthPrompt
from companion.cards.write import Kind, kind_of, kinds, lost, save, write

__all__ = [
    "DEFAULT_CARD",
    "Broken",
    "Card",
    "DepthPrompt",
    "Fields",
    "Kind",
    "Repair",
    "VoiceSettings",
    "card_path",
    "changed",
    "find_card",
    "kind_of",
    "kinds",
    "list_cards",
    "load_card",
    "lost",
    "save",
    "write",
]
