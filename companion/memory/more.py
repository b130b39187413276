"""What is seldom said of a memory when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from pathlib import Path

    from companion.memory.recall.judge import Judge
    from companion.memory.write.candidate import Extractor


class More(TypedDict, total=False):
    """What is seldom said of a memory.

    Attributes:
        fresh: Recall nothing from earlier conversations.
        name: The character's display name, if it is not its id.
        role: What this process is, as another one that wants the memory is told.
        index: Address of a Chroma server; "": the dense index is in the folder.
        notes: Most notes that one recall gives.
        audio: Folder of kept replies: forgetting reaches them too.
        judge: The second stage of a recall; None: there is none.
        extractor: Reads lines with a language model; None: rules alone.
    """

    fresh: bool
    name: str
    role: str
    index: str
    notes: int
    audio: Path | None
    judge: Judge | None
    extractor: Extractor | None
