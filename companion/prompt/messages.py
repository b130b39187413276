"""The messages of a conversation, as a chat template will take them.

Templates differ: some drop a system message, some refuse a character that speaks first, most
refuse a system message in the middle and two messages of one role in a row. What a template does
not take is folded into the next message of the owner, in brackets where it is an instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from companion.prompt import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.prompt.marked import Parts
    from companion.values import Exchange, Placed


@dataclass(frozen=True, slots=True)
class Message:
    """One message: what is folded in, then the volatile part, then the words.

    Attributes:
        role: "system", "user" or "assistant".
        text: The words.
        volatile: What stands before them for one turn only.
        lead: What stands before them for good.
        name: What it is, where that is more than its role.
        parts: What the card in `text` or `lead` is made of.
        now: What `volatile` is made of.
    """

    role: str
    text: str
    volatile: str = ""
    lead: str = ""
    name: str = ""
    parts: Parts = ()
    now: Parts = ()


def spoken(turns: Sequence[Exchange], words: str) -> list[Message]:
    """The history and the newest words, the roles in turn.

    Words whose answer was stopped before it was heard stay in front of the next ones.
    """
    messages: list[Message] = []
    unanswered = ""
    for turn in turns:
        said = unanswered + wording.plain(turn.user)
        if turn.reply.strip():
            messages.append(Message("user", said, turn.frozen))
            messages.append(Message("assistant", turn.reply))
        unanswered = "" if turn.reply.strip() else f"{said}\n"
    return [*messages, Message("user", unanswered + wording.plain(words), name="words")]


def folded(messages: Sequence[Message]) -> list[Message]:
    """The card in the first message of the owner, for templates that drop a system message."""
    system, *rest = messages
    first = next(i for i, m in enumerate(rest) if m.role == "user")
    lead = f"{system.text}\n\n{rest[first].lead}"
    rest[first] = replace(rest[first], lead=lead, parts=system.parts)
    return rest


def at_depth(messages: Sequence[Message], notes: Sequence[Placed]) -> list[Message]:
    """Notes put just as many messages above the newest as they ask for.

    No template takes such a message everywhere, so a note leads the owner's message that comes
    next there. The model reads everything behind it anew in each turn.
    """
    placed = list(messages)
    for note in notes:
        start = max(len(placed) - max(note.depth, 1), 0)
        place = next(i for i in range(start, len(placed)) if placed[i].role == "user")
        text = note.text if note.role == "user" else f"[{note.text}]"
        placed[place] = replace(placed[place], lead=f"{placed[place].lead}{text}\n")
    return placed
