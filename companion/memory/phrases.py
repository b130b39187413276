"""What the memory itself answers to spoken commands, in the language they came in. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_BACK = 3
"""Memories that are read back before they are forgotten."""
TOLD = 6
"""Things that are told of what is known about the owner."""

_PHRASES = {
    "en": {
        "remembered": "I will remember that: “{text}”",
        "wish": "Remember that {text}",
        "remembered last": "I will remember that.",
        "remember what": "There is nothing yet that I could remember.",
        "forgotten": "I have put this out of my mind: {texts} Shall I delete it for good?",
        "nothing last": "There is nothing that I could forget yet.",
        "nothing about": "I know nothing about “{text}”.",
        "ask about": "I would forget {count}: {texts} Shall I?",
        "one": "one memory",
        "some": "{n} memories",
        "more": "And {n} more.",
        "ask all": "That is everything between us: {count}. Shall I really forget it all?",
        "ask again": "It cannot be brought back. Are you sure?",
        "purged": "Done: {count} deleted for good.",
        "purged some": "Done: {count} deleted, but words of it are still in {files}.",
        "purging": "It is out of my mind, and I am deleting {count} for good.",
        "elsewhere": "What the index server keeps of it, without words, I cannot see.",
        "kept": "All right, I keep it.",
        "hidden": "All right. I will not mention it, and it can still be restored.",
        "nothing known": "I know nothing about you yet.",
        "known": "This is what I know about you. {texts}",
        "used": "Because of this. {texts}",
        "had": "I had this in mind, but did not use it. {texts}",
        "no reason": "No memory brought me to it. It came from this talk, or from who I am.",
        "no reply": "I have not said anything yet.",
        "told on": "On {date} you said: “{text}”",
        "i said on": "On {date} I said: “{text}”",
        "private": "All right. I keep nothing of what is said, until you say: remember again.",
        "already private": "I am not keeping anything. Say “remember again” when I may.",
        "open": "I remember again. What you said in private is gone.",
        "already open": "I am remembering.",
        "date": "{month} {day}",
    },
    "de": {
        "remembered": "Das merke ich mir: „{text}“",
        "wish": "Merk dir: {text}",
        "remembered last": "Das merke ich mir.",
        "remember what": "Es gibt noch nichts, was ich mir merken könnte.",
        "forgotten": "Daran denke ich nicht mehr: {texts} Soll ich es endgültig löschen?",
        "nothing last": "Es gibt noch nichts, was ich vergessen könnte.",
        "nothing about": "Über „{text}“ weiß ich nichts.",
        "ask about": "Ich würde {count} vergessen: {texts} Soll ich?",
        "one": "eine Erinnerung",
        "some": "{n} Erinnerungen",
        "more": "Und {n} weitere.",
        "ask all": "Das ist alles, was wir haben: {count}. Soll ich wirklich alles vergessen?",
        "ask again": "Das lässt sich nicht zurückholen. Bist du sicher?",
        "purged": "Erledigt: {count} endgültig gelöscht.",
        "purged some": "Erledigt: {count} gelöscht, aber Worte davon stehen noch in {files}.",
        "purging": "Daran denke ich nicht mehr, und ich lösche {count} jetzt endgültig.",
        "elsewhere": "Was der Indexserver davon behält, ohne Worte, kann ich nicht sehen.",
        "kept": "Gut, ich behalte es.",
        "hidden": "Gut. Ich erwähne es nicht mehr, und es lässt sich noch zurückholen.",
        "nothing known": "Ich weiß noch nichts über dich.",
        "known": "Das weiß ich über dich. {texts}",
        "used": "Deswegen. {texts}",
        "had": "Daran dachte ich, habe es aber nicht benutzt. {texts}",
        "no reason": "Dazu hat mich keine Erinnerung gebracht, nur unser Gespräch oder meine Art.",
        "no reply": "Ich habe noch nichts gesagt.",
        "told on": "Am {date} sagtest du: „{text}“",
        "i said on": "Am {date} sagte ich: „{text}“",
        "private": "Gut. Ich behalte nichts, bis du sagst: merk dir wieder alles.",
        "already private": "Ich behalte gerade nichts. Sag „merk dir wieder alles“, wenn ich darf.",
        "open": "Ich merke mir wieder alles. Was privat war, ist weg.",
        "already open": "Ich merke mir alles.",
        "date": "{day}. {month}",
    },
}
_ENDS = (".", "!", "?", "…", "”", "“")
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}


def phrase(lang: str, name: str, **parts: object) -> str:
    """The answer of this name."""
    return _PHRASES[lang][name].format(**parts)


def counted(lang: str, number: int) -> str:
    """So many memories."""
    return phrase(lang, "one") if number == 1 else phrase(lang, "some", n=number)


def listed(lang: str, texts: Sequence[str], most: int) -> str:
    """The first of some texts as sentences, and how many more there are."""
    sentences = [text if text.endswith(_ENDS) else f"{text}." for text in texts[:most]]
    if len(texts) > most:
        sentences.append(phrase(lang, "more", n=len(texts) - most))
    return " ".join(sentences)


def day(lang: str, month: int, number: int) -> str:
    """A day of the year, as it is spoken."""
    return phrase(lang, "date", month=_MONTHS[lang].split()[month - 1], day=number)
