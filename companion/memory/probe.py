"""Looks into a Chroma folder from a process of its own: a damaged one can crash whoever opens it.

`python -m companion.memory.probe FOLDER COLLECTION` prints one line of JSON: how many records
there are, their ids, and some of their vectors as hex. Any other end means that the folder is not
to be opened.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

SAMPLES = 3


def look(folder: str, name: str) -> dict[str, Any]:
    """Count, ids and some vectors of a collection in a folder; see `examine`."""
    from companion.memory.chroma import client_of

    return examine(client_of(folder), name)


def examine(client: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - untyped library
    """Count, ids and some vectors of a collection; `count` is -1 when it is not there."""
    if name not in {one.name for one in client.list_collections()}:
        return {"count": -1}
    collection = client.get_collection(name, embedding_function=None)
    ids = collection.get(include=[])["ids"]
    some = sorted(ids)[:: max(1, len(ids) // SAMPLES)][:SAMPLES]
    vectors = {}
    if some:
        held = collection.get(ids=some, include=["embeddings"])
        for one, vector in zip(held["ids"], np.asarray(held["embeddings"], "<f4"), strict=True):
            collection.query(query_embeddings=vector[None], n_results=2, include=["distances"])
            vectors[one] = vector.tobytes().hex()
    return {"count": collection.count(), "ids": ids, "vectors": vectors}


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1], sys.argv[2])))  # noqa: T201 - read by our own process
