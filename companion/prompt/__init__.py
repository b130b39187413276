"""The prompt room: wording, budget and assembly. Pure: no engine, thread, clock or network."""

from companion.prompt.assemble import Assembler
from companion.prompt.budget import Room
from companion.prompt.draft import Now

__all__ = ["Assembler", "Now", "Room"]
