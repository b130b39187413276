"""The demo: spoken scenes from recordings, with every engine real, without device or network."""

from companion.pack.demo.checks import check_memory
from companion.pack.demo.play import KNOWN, OWNER, Options, play, run_here
from companion.pack.demo.scenes import scenes, script

__all__ = ["KNOWN", "OWNER", "Options", "check_memory", "play", "run_here", "scenes", "script"]
