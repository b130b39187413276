"""Chat templates of real models, from the public test data."""

import json
import os
from pathlib import Path
from typing import Any


def cases() -> list[dict[str, Any]]:
    """All of them; none where the data is not at hand."""
    folder = os.environ.get("COMPANION_TESTDATA")
    if not folder:
        return []
    file = Path(folder) / "cases" / "chat_templates_llamacpp.json"
    tests: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["tests"]
    return tests
