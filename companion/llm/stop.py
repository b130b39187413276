"""A stop sign that llama.cpp reads by itself, in the middle of a token, without waiting for Python.

llama.cpp asks before each of the hundred steps of a token whether to go on. A Python function
that answers needs the interpreter's lock each time, and while another thread works that is a wait
of up to 5 ms: a token of the shipped model then took 124 ms instead of 6. So a C function answers:
`strlen`, of a text that is empty until the turn is stopped.
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from companion.flow import Cancel


class StopSign:
    """The stop sign of one use of a model; what stopped an earlier use cannot stop this one.

    Args:
        context: The llama.cpp context that looks at it; it must be kept as long as that works.
        cancel: What sets it.
    """

    def __init__(self, context: Any, cancel: Cancel) -> None:  # noqa: ANN401 - llama_cpp has no types
        import llama_cpp

        self._text = ctypes.create_string_buffer(2)
        ask = ctypes.cast(_library().strlen, llama_cpp.ggml_abort_callback)
        llama_cpp.llama_set_abort_callback(context, ask, ctypes.cast(self._text, ctypes.c_void_p))
        cancel.then(self._set)

    def _set(self) -> None:
        self._text[0] = b"\x01"


def _library() -> Any:  # noqa: ANN401 - the C library of this system
    return ctypes.CDLL("msvcrt" if os.name == "nt" else None)
