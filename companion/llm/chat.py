"""A model's chat template, rendered by us so that we know where every message begins and ends.

The template is rendered once for each list of roles, with a placeholder for each message, and
split at the placeholders. What is between them is the template's own text and may hold control
tokens; what goes into the gaps never may. Knows nothing of llama.cpp.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from companion.errors import BadData

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARK = "\ue000{}\ue001"  # private use: no template text and no tokenizer rule meets it
_MARKS = re.compile("\ue000(\\d+)\ue001")


class _Refused(Exception):
    """The template refuses this order of roles."""


def _refuse(message: str) -> NoReturn:
    raise _Refused(message)


def _compile(source: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.globals["raise_exception"] = _refuse
    # The date belongs to the volatile part: a template that prints it gets one fixed day, so
    # that the beginning of the prompt stays the same.
    environment.globals["strftime_now"] = lambda form: datetime(2000, 1, 1).strftime(form)  # noqa: DTZ001
    environment.filters["tojson"] = lambda value, **_: str(value)
    return environment.from_string(source)


class ChatTemplate:
    """A Jinja chat template from a model file.

    Args:
        source: The template.
        bos: Text of the token that begins a sequence, or "".
        eos: Text of the token that ends a message, or "".
        where: File name, for messages.

    Raises:
        BadData: The template cannot be read, or does not show the user's words.
    """

    def __init__(self, source: str, bos: str = "", eos: str = "", where: str = "the model") -> None:
        self._names = {"bos_token": bos, "eos_token": eos}
        self._cache: dict[tuple[str, ...], list[str]] = {}
        try:
            self._template = _compile(source)
        except jinja2.TemplateError as error:
            raise BadData(
                f"The chat template of {where} cannot be read: {error}.",
                "Use another GGUF of this model.",
            ) from error
        self.takes_system = self._accepts(["system", "user", "assistant", "user"])
        lead = ["system"] if self.takes_system else []
        self.takes_opening = self._accepts([*lead, "assistant", "user"])
        if not self._accepts(["user"]):
            raise BadData(
                f"The chat template of {where} does not show the user's words.",
                "Use another GGUF of this model.",
            )

    def frame(self, roles: Sequence[str]) -> list[str]:
        """The template's own text around messages of these roles.

        Returns:
            One piece before each message, and one after the last, which opens the answer.

        Raises:
            BadData: The template does not show each message exactly once and in order.
        """
        key = tuple(roles)
        if key not in self._cache:
            pieces = self._split(key)
            if pieces is None:
                raise BadData(f"The chat template refuses messages in the order {', '.join(key)}.")
            self._cache = {key: pieces}  # roles only grow: the last answer is the one that helps
        return self._cache[key]

    def _accepts(self, roles: Sequence[str]) -> bool:
        return self._split(tuple(roles)) is not None

    def _split(self, roles: tuple[str, ...]) -> list[str] | None:
        messages = [{"role": r, "content": _MARK.format(n)} for n, r in enumerate(roles)]
        try:
            text = self._render(messages)
        except (_Refused, jinja2.TemplateError, TypeError, ValueError, KeyError, IndexError):
            return None
        parts = _MARKS.split(text)
        if parts[1::2] != [str(n) for n in range(len(roles))]:
            return None
        return parts[0::2]

    def _render(self, messages: list[dict[str, Any]]) -> str:
        # enable_thinking: a spoken character must not think aloud.
        return self._template.render(
            messages=messages,
            add_generation_prompt=True,
            enable_thinking=False,
            thinking=False,
            tools=None,
            documents=None,
            **self._names,
        )
