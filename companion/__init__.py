"""Companion: a voice character that lives on its owner's machine and remembers them."""

__version__ = "0.1.0"
