"""Write the SHA-256 of every shipped model into models/manifest.toml; run it after a training.

python training/pin.py
"""

from __future__ import annotations

import hashlib
from pathlib import Path

MODELS = Path(__file__).resolve().parents[1] / "models"
HEAD = "[offline]\n"


def shipped(models: Path = MODELS) -> dict[str, str]:
    """SHA-256 of the shipped models' files, by path below the models folder."""
    files = (p for p in sorted((models / "offline").rglob("*")) if p.is_file())
    return {
        p.relative_to(models).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in files
        if "demo" not in p.parts and p.suffix != ".md" and not p.name.startswith(".")
    }


def main() -> None:
    """Replace the `[offline]` table, which is the manifest's last."""
    manifest = MODELS / "manifest.toml"
    before, _, _ = manifest.read_text("utf-8").partition(HEAD)
    lines = [f'"{name}" = "{digest}"\n' for name, digest in shipped().items()]
    manifest.write_text(before.rstrip() + f"\n\n{HEAD}{''.join(lines)}", "utf-8")
    print(f"{len(lines)} files pinned in {manifest}")


if __name__ == "__main__":
    main()
