"""What each macro stands for. One function each; None leaves the macro as it is written."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from companion.cards.macros import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from companion.cards.macros.engine import Call

MOST_DICE = 100
MOST_FACES = 1_000_000
MOST_BLANKS = 100
MOST_VARIABLES = 200

_DICE = re.compile(r"(\d{0,6})\s*d?\s*(\d{1,7})\s*([+-]\s*\d{1,7})?", re.IGNORECASE)
_FIELDS = ("description", "personality", "scenario", "persona", "charversion", "mesexamplesraw")
_SAID = ("lastmessage", "lastusermessage", "lastcharmessage", "input", "maxprompt", "model")


@dataclass(frozen=True, slots=True)
class Scope:
    """What macros stand for in one text.

    Attributes:
        char: What the character is called.
        user: What the owner is called.
        fields: Texts of the card by the macro that puts them in, as they are written.
        original: What a text replaces: `{{original}}`.
        seed: What chances are drawn from, the same for one conversation; "" takes the first.
        turn: Number of the turn: `{{random}}` and `{{roll}}` are drawn anew in each.
        now: The time; None leaves the macros of time as they are written.
        said: What was said last, by macro.
        variables: Those of this conversation; macros change them.
        aloud: Whether the text is to be spoken: what is not known is left out.
        matching: Whether lore words are looked for in it: then hidden keys are seen.
    """

    char: str
    user: str
    fields: Mapping[str, str] = field(default_factory=dict)
    original: str = ""
    seed: str = ""
    turn: int = 0
    now: datetime | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    aloud: bool = False
    matching: bool = False


# ── names and fields ─────────────────────────────────────────────────────────────────────────


def _char(call: Call) -> str | None:
    return call.scope.char if call.bare() else None


def _user(call: Call) -> str | None:
    return call.scope.user if call.bare() else None


def _field(call: Call) -> str | None:
    return call.field(call.name) if call.bare() else None


def _examples(call: Call) -> str | None:
    if not call.bare():
        return None
    blocks = re.split(r"<START>", call.field("mesexamplesraw"), flags=re.IGNORECASE)
    return "\n".join(block.strip() for block in blocks if block.strip())


def _greeting(call: Call) -> str:
    which = call.whole().strip()
    return call.field(f"charfirstmessage{'' if which == '0' else which}")


def _original(call: Call) -> str | None:
    return call.original() if call.bare() else None


def _said(call: Call) -> str | None:
    return call.scope.said.get(call.name, "") if call.bare() else None


def _idle(call: Call) -> str:
    return call.scope.said.get("idleduration", "") or "just now"


# ── chance ───────────────────────────────────────────────────────────────────────────────────


def _drawn(call: Call, most: int, *, again: int | None = None) -> int:
    """A number below `most` that hangs on the conversation, the text and the place only."""
    place = f"{call.scope.seed}\0{call.name}\0{call.written}\0{call.start}\0{again}"
    digest = hashlib.blake2b(place.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest) % most


def _random(call: Call) -> str | None:
    return _choice(call, call.scope.turn)


def _pick(call: Call) -> str | None:
    return _choice(call, None)


def _choice(call: Call, again: int | None) -> str | None:
    if call.bare():
        return None
    choices = call.choices()
    return choices[_drawn(call, len(choices), again=again) if call.scope.seed else 0]


def _roll(call: Call) -> str:
    match = _DICE.fullmatch(call.whole().strip())
    if match is None:
        return ""
    single = "d" not in match[0].lower()
    dice = 1 if single else int(match[1] or 1)
    faces = int(match[1] + match[2]) if single else int(match[2])
    if not (1 <= dice <= MOST_DICE and 1 <= faces <= MOST_FACES):
        return ""
    turn = call.scope.turn * MOST_DICE
    total = sum(1 + _drawn(call, faces, again=turn + n) for n in range(dice))
    return str(total + int((match[3] or "0").replace(" ", "")))


# ── time ─────────────────────────────────────────────────────────────────────────────────────


def _at(tell: Callable[[datetime, str], str]) -> Callable[[Call], str | None]:
    def told(call: Call) -> str | None:
        return None if call.scope.now is None else tell(call.scope.now, call.whole().strip())

    return told


def _time(now: datetime, offset: str) -> str:
    there = clock.elsewhere(now, offset) if offset else now
    return clock.clock(there) if there else ""


def _difference(call: Call) -> str:
    first, second, *_ = (*call.values(), "", "")
    return clock.between(first, second)


# ── variables ────────────────────────────────────────────────────────────────────────────────


def _key(call: Call, name: str) -> str:
    return ("global " if "global" in call.name else "") + name


def _set(call: Call) -> str:
    name, *value = call.values()
    variables = call.scope.variables
    if _key(call, name) in variables or len(variables) < MOST_VARIABLES:
        variables[_key(call, name)] = "::".join(value)[:4096]
    return ""


def _get(call: Call) -> str:
    return call.scope.variables.get(_key(call, call.whole().strip()), "")


def _add(call: Call) -> str:
    name, *value = call.values()
    _changed(call, name, "::".join(value))
    return ""


def _more(call: Call) -> str:
    return _changed(call, call.whole().strip(), "1")


def _less(call: Call) -> str:
    return _changed(call, call.whole().strip(), "-1")


def _changed(call: Call, name: str, by: str) -> str:
    """Add a number to a number, or text to text; gives what came of it."""
    variables, key = call.scope.variables, _key(call, name)
    if key not in variables and len(variables) >= MOST_VARIABLES:
        return ""
    old = variables.get(key, "")
    try:
        value = f"{float(old or '0') + float(by or '0'):.15g}"
    except ValueError:
        value = f"{old}{by}"
    variables[key] = value[:4096]
    return variables[key]


def _has(call: Call) -> str:
    return "true" if _key(call, call.whole().strip()) in call.scope.variables else "false"


def _delete(call: Call) -> str:
    call.scope.variables.pop(_key(call, call.whole().strip()), None)
    return ""


# ── text ─────────────────────────────────────────────────────────────────────────────────────


def _blank(character: str) -> Callable[[Call], str]:
    def blanks(call: Call) -> str:
        count = call.whole().strip() or "1"
        return character * min(int(count), MOST_BLANKS) if re.fullmatch("[0-9]{1,6}", count) else ""

    return blanks


def _reverse(call: Call) -> str | None:
    return None if call.bare() else call.whole()[::-1]


def _hidden(call: Call) -> str:
    text = call.whole()
    return text if call.scope.matching else ""


def _nothing(call: Call) -> str:
    call.whole()  # what is inside may set a variable
    return ""


_VARIABLES: dict[str, Callable[[Call], str | None]] = {
    "set": _set,
    "get": _get,
    "add": _add,
    "inc": _more,
    "dec": _less,
    "has": _has,
    "delete": _delete,
}

KNOWN: dict[str, Callable[[Call], str | None]] = {
    **dict.fromkeys(("char", "bot", "group", "groupnotmuted", "charifnotgroup"), _char),
    **dict.fromkeys(("user", "notchar"), _user),
    **dict.fromkeys(_FIELDS, _field),
    **dict.fromkeys(_SAID, _said),
    **{f"{verb}{kind}": do for kind in ("var", "globalvar") for verb, do in _VARIABLES.items()},
    "mesexamples": _examples,
    "charfirstmessage": _greeting,
    "original": _original,
    "random": _random,
    "pick": _pick,
    "roll": _roll,
    "time": _at(_time),
    "time_utc": _at(_time),
    "date": _at(lambda now, _: clock.day(now)),
    "weekday": _at(lambda now, _: f"{now:%A}"),
    "isotime": _at(lambda now, _: f"{now:%H:%M}"),
    "isodate": _at(lambda now, _: f"{now:%Y-%m-%d}"),
    "datetimeformat": _at(clock.formed),
    "timediff": _difference,
    "idleduration": _idle,
    "idle_duration": _idle,
    "newline": _blank("\n"),
    "space": _blank(" "),
    "reverse": _reverse,
    "hidden_key": _hidden,
    **dict.fromkeys(("noop", "trim", "//", "comment", "banned"), _nothing),
}
CLOCK = {"time", "time_utc", "date", "weekday", "isotime", "isodate", "datetimeformat"} | {
    *("idleduration", "idle_duration", "random", "roll"),
    *("lastmessage", "lastusermessage", "lastcharmessage", "input"),
}
"""Macros whose text is another one the next time."""
