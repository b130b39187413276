"""Why an entry of a lorebook was told or not, as a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from companion.lore.told import Why

_SENTENCES = {
    # told
    "key": 'the key "{detail}" was said',
    "misheard": 'the key "{detail}" was nearly said',
    "constant": "it is constant",
    "activate": "@@activate: in any case",
    "kept": "it matched before, and stays (@@keep_activate_after_match)",
    "sticky": "it is sticky, and stays; messages left: {detail}",
    # not told
    "no key": "none of its keys was said",
    "keyless": "it has no key, and is not constant",
    "dead key": 'its key "{detail}" is no valid pattern',
    "disabled": "it is switched off",
    "never": "@@dont_activate: in no case",
    "once": "it matched before, and speaks once (@@dont_activate_after_match)",
    "character": "it is for other characters",
    "trigger": "it is for other occasions: {detail}",
    "delay": "it waits; messages to come: {detail}",
    "cooldown": "it rests after it was told; messages left: {detail}",
    "waits": "it waits for other entries to be told (delay_until_recursion {detail})",
    "deaf": "the words of other entries do not call it",
    "greeting": "it is for greeting {detail}",
    "user icon": "it is for a picture of you that is not shown: {detail}",
    "after": "it waits; replies to come: {detail}",
    "every": "it speaks at every reply that is a multiple of {detail}",
    "excluded": 'the excluded key "{detail}" was said',
    "additional": "none of these further keys was said: {detail}",
    "secondary any": '"{detail}" was said, but none of its secondary keys',
    "secondary not_all": '"{detail}" was said, but so were all of its secondary keys',
    "secondary not_any": '"{detail}" was said, but so was a secondary key',
    "secondary all": '"{detail}" was said, but not all of its secondary keys',
    "probability": "chance was against it ({detail} %)",
    "group": 'another one of its group "{detail}" is told',
    "budget": "there was no room for it",
    "empty": "it has no content",
    "outlet": "it is for an outlet, and no prompt here has one",
}


def sentence(why: Why) -> str:
    """Why, without the name of the entry."""
    said = _SENTENCES[why.reason].format(detail=why.detail)
    if why.reason not in {"key", "misheard"}:
        return said
    if why.message is None:
        return f"{said}, as a pattern, by another entry or by the card"
    return f"{said} in the newest message" if why.message == -1 else f"{said} at {why.message}"
