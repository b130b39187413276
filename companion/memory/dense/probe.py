"""Looks into a Chroma folder from a process of its own: a damaged one can crash whoever opens it.

`python -m companion.memory.dense.probe FOLDER COLLECTION` prints one line of JSON: how many records
there are, their ids, and some of their vectors as hex. Any other end means that the folder is not
to be opened.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

SAMPLES = 48
"""Vectors that are looked for, and shown."""
BATCH = 500
"""Vectors that are read at once."""
LOST = 0.1
"""Share of these that may not be found; a sound index loses one in 250."""
CLOSE = 1e-3


class Damaged(Exception):
    """It opens, and does not hold what it says or does not find what it holds."""


def look(folder: str, name: str) -> dict[str, Any]:
    """Count, ids and some vectors of a collection in a folder; see `examine`."""
    from companion.memory.dense.chroma import client_of

    return examine(client_of(folder), name)


def examine(client: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - untyped library
    """Count, ids and some vectors of a collection; `count` is -1 when it is not there.

    All vectors are read once and some are looked for: of a damaged index, some files are missed
    only then (https://github.com/chroma-core/chroma/issues/7090).

    Raises:
        Damaged: Vectors are missing or are not found.
    """
    if name not in {one.name for one in client.list_collections()}:
        return {"count": -1}
    collection = client.get_collection(name, embedding_function=None)
    ids = sorted(collection.get(include=[])["ids"])
    some = set(ids[:: max(1, len(ids) // SAMPLES)][:SAMPLES])
    vectors, lost = {}, 0
    for at in range(0, len(ids), BATCH):
        held = collection.get(ids=ids[at : at + BATCH], include=["embeddings"])
        if len(held["ids"]) != len(ids[at : at + BATCH]):
            raise Damaged(name)
        for one, vector in zip(held["ids"], np.asarray(held["embeddings"], "<f4"), strict=True):
            if one in some:
                vectors[one] = vector.tobytes().hex()
                lost += not _found(collection, vector)
    if lost > LOST * len(some):
        raise Damaged(name)
    return {"count": collection.count(), "ids": ids, "vectors": vectors}


def _found(collection: Any, vector: Any) -> bool:  # noqa: ANN401 - untyped library
    """Whether a vector is found by itself."""
    seen = collection.query(query_embeddings=vector[None], n_results=1, include=["distances"])
    return bool(seen["distances"][0]) and seen["distances"][0][0] < CLOSE


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1], sys.argv[2])))  # noqa: T201 - read by our own process
