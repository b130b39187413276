"""Where what ships with the program lies: in the checkout it runs from, or inside the wheel.

This module knows neither settings nor formats; it only names places.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def bundled(name: str, package: Path = PACKAGE) -> Path:
    """The shipped file or folder of this name.

    Args:
        name: `characters`, `voices`, `models`, `models/offline` or `config.toml`.
        package: The folder of the `companion` package.

    Returns:
        Its path, whether or not anything is there: beside the package in a checkout (that is where
        a pyproject.toml stands), in the package's `_bundled` folder where a wheel was installed.
    """
    checkout = package.parent
    return (checkout if (checkout / "pyproject.toml").is_file() else package / "_bundled") / name
