"""The prompt room: wording, budget and assembly. Pure: no engine, thread, clock or network."""

from companion.prompt.assemble import Assembler, Now, Room

__all__ = ["Assembler", "Now", "Room"]
