"""The hub that the tests pull from speaks the real protocol: the hub's own client accepts it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import COMMIT, HubServer

pytest.importorskip("huggingface_hub", reason="the hub's own client is not installed")

BIG = random.Random(2).randbytes(50_000)
FILES = {"own/model/model.bin": BIG, "own/model/config.json": b"{}"}
SCRIPT = """
import sys
from huggingface_hub import hf_hub_download
for name in ("model.bin", "config.json"):
    print(hf_hub_download("own/model", name, endpoint=sys.argv[1], cache_dir=sys.argv[2]))
"""


def test_the_hub_s_own_client_pulls_from_the_test_hub(tmp_path: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    with HubServer(FILES) as server:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, server.url, str(tmp_path)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    big, small = done.stdout.split()
    assert COMMIT in big
    assert (Path(big).read_bytes(), Path(small).read_bytes()) == (BIG, b"{}")
