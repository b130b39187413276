"""Promises: open until they are done, missed or cancelled. Pure.

A reminder that the character was asked for is done once it has been spoken. A promise of the
owner is done when they say so; both are missed when nobody did anything for long enough.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from companion.errors import UsageError
from companion.memory.write import dates
from companion.memory.write.calendars import CALENDARS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from companion.memory.record import Record

ENDS = ("done", "missed", "cancelled")
GRACE = {"character": timedelta(days=2), "user": timedelta(days=7)}
"""How long after its day a promise is missed: a reminder nobody heard, a promise of the owner."""

_UNNEEDED = re.compile(
    r"\b(?:no need to|you (?:really )?(?:don'?t (?:really )?|do not |won't |no longer )"
    r"(?:have|need) to|you needn't|never mind(?: about)?) remind(?:ing)? me\b"
    r"|(?<!n't )(?<!not )(?<!never )(?<!always )"
    r"\b(?:(?<!did you )(?:cancel|delete|drop|scrap)|(?<!\bi )(?<!you )forget)"
    r" (?:the|that|my|this) (?P<it>[\w' ]{0,40}?)reminders?\b"
    r"|\b(?:brauchst|musst) mich (?P<was>[\w ]{0,40}?)\bnicht (?:mehr )?(?P<an>[\w ]{0,40}?)"
    r"(?:zu )?erinnern\b"
    r"|\b(?:don'?t|do not|stop) remind(?:ing)? me any ?more\b(?! (?:of|about|for|to|that)\b)"
    r"|\berinner(?:e|n sie)? mich (?:bitte )?nicht mehr\b(?! (?:an|für)\b| daran,? \w)"
    r"|\b(?:streich|lösch|vergiss)e? (?:die|meine) erinnerung\b(?! nicht)",
    re.IGNORECASE,
)
"""Words that end a reminder, the newest one where none is named."""
_UNWISHED = re.compile(
    r"\b(?:don'?t|do not|stop) remind(?:ing)? me\b"
    r"|\berinner(?:e|n sie)? mich (?:bitte |bloß |ja |jetzt )*nicht\b",
    re.IGNORECASE,
)
"""Words that end the reminder they name, and else only tell how it feels to be reminded."""
_NAMED = re.compile(
    r"(?: any ?more| again| mehr)?,? (?:(?:of|about|for|to|that|an|für|daran,? dass)\b|daran\b,?)"
    r"(?P<what>[^.,;:!?]*)",
    re.IGNORECASE,
)
_NO_NAMES = (
    "it that this them again anymore any more please now morning evening afternoon"
    " daran mehr noch jetzt bitte extra abend um uhr"
)

_ENGLISH = re.compile(
    r"\b(?:i|we)(?:'ve| have)?"
    r" (?:(?:already|just|finally|actually|also|then|even|both) )*"
    r"(?P<lead>(?:did|managed to|remembered to) )?(?P<verb>\w+)"
    r"(?P<more>(?:(?!\b(?:i|we)\b)[\w ,'])*)",
    re.IGNORECASE,
)
_ENGLISH_NOT = re.compile(
    r"n't\b|'ll\b|'d\b|\b(?:not|never|no|nor|nobody|without|hardly|barely|almost|nearly|dont|havent"
    r"|have to|had to|has to|got to|going to|used to|want\w*|wish\w*|hop(?:e|ed|ing)|thought|think"
    r"|would|could|should|will|if|unless|until|till|once|as soon as|pretend\w*|dream\w*|imagin\w*"
    r"|forg[eo]t\w*|tried|instead of|tomorrow|every|always|usually|often)\b",
    re.IGNORECASE,
)
_ENGLISH_WHEN = re.compile(r"\b(?:when|whenever|after|before|by the time) *$", re.IGNORECASE)
"""What makes of what comes next the time of something else, where it stands before it."""
_ENGLISH_NEXT = re.compile(
    r",| (?=(?:but|because|so)\b)| and (?=(?:i|we|he|she|they)\b)|\b(?=(?:i|we)\b)", re.IGNORECASE
)
"""Where another clause can begin, and with it what is true of that one alone."""
_ENGLISH_OTHERS = re.compile(
    r",? *(?:(?:and|but) )?(?:because|so|he|she|they|you)\b", re.IGNORECASE
)
"""How a clause begins that tells of somebody else, or why."""
_ENGLISH_AFTER_ALL = re.compile(
    r",?(?: but| or so)? (?:i|we) (?:think|thought|guess|hope|wish\b"
    r"|(?:didn't|did not|haven't|have not)(?: really)? *(?:[.,!;]|$))"
    r"|,(?: or)? not *(?:[.!;]|$)",
    re.IGNORECASE,
)
"""What takes back the whole of what was said before it."""
_GERMAN = re.compile(
    r"\b(?:(?:ich|wir) (?:habe?n?|hab's|bin|sind|hatten?)"
    r"|(?:habe?n?|bin|sind|hatten?) (?:ich|wir))\b",
    re.IGNORECASE,
)
_GERMAN_NOT = re.compile(
    r"\b(?:nicht|nichts|nie|niemals|niemand|kein\w*|kaum|fast|beinahe|will|wollt?e?n?|möcht\w*|muss"
    r"|müss\w*|musst?en?|soll\w*|kann|könn\w*|konnten?|würd\w*|werden?|hätten?|wären?|dachten?"
    r"|gedacht|denken?|glaub\w*|wenn|falls|ob|sobald|bevor|ohne|statt|vergessen|versucht|geträumt"
    r"|jeden|immer|oft)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"^\W*(?:no|nope|nein)\b[,:]? ?"
    r"|\b(?:(?:don't|do not) worry|no (?:worries|problem)|keine sorge|kein problem)\b",
    re.IGNORECASE,
)
"""What is denied beside the sentence: the one before it, or a worry."""


def _forms(table: str) -> dict[str, str]:
    """Irregular forms: the form as it is known, before those that tell of the past."""
    rows = (row.split() for row in table.split(","))
    return {form: known for known, *forms in rows for form in forms}


_PAST = _forms(
    "begin began begun, break broke broken, bring brought, build built, buy bought, catch caught,"
    "choose chose chosen, come came, deal dealt, do did done, draw drew drawn, drink drank drunk,"
    "drive drove driven, eat ate eaten, feed fed, find found, fly flew flown, get got gotten,"
    "give gave given, go went gone, hang hung, have had, hear heard, hide hid hidden, hold held,"
    "keep kept, lay laid, lead led, leave left, lend lent, light lit, lose lost, make made,"
    "meet met, pay paid, ride rode ridden, ring rang rung, run ran, say said, see saw seen,"
    "sell sold, send sent, shake shook shaken, sing sang sung, sit sat, sleep slept,"
    "speak spoke spoken, spend spent, stand stood, swear swore sworn, sweep swept, swim swam swum,"
    "take took taken, teach taught, tell told, throw threw thrown, wake woke woken, wear wore worn,"
    "win won, wind wound, write wrote written"
)
_SAME = frozenset("put read cut let set hit shut quit spread cast split beat bet".split())  # noqa: SIM905
"""Verbs that tell of the past in the form they always have."""
_BEFORE = "ab|an|auf|aus|bei|durch|ein|fest|her|hin|los|mit|nach|um|vor|vorbei|weg|zu|zurück|"
_DONE = re.compile(
    rf"(?P<before>{_BEFORE})ge(?P<stem>\w{{2,}}?)(?:t|en)"
    r"|(?P<whole>(?:be|ver|er|ent|zer|über|unter)\w{3,}|\w{2,}ier)t"
)
_STRONG = _forms(
    "beiß biss, bind bund, biet bot, bitt bet, bleib blieb, brech broch, bring brach, denk dach,"
    "ess gess, find fund, flieg flog, geh gang, gieß goss, greif griff, heb hob, helf holf,"
    "kenn kann, leih lieh, nehm nomm, pfeif pfiff, reit ritt, renn rann, schieb schob,"
    "schließ schloss, schneid schnitt, schreib schrieb, schwimm schwomm, sing sung, sprech sproch,"
    "steh stand, steig stieg, streich strich, treff troff, trink trunk, weis wies, werf worf,"
    "wieg wog, zieh zog"
)
_STRONG_WHOLE = _forms(
    "überweisen überwiesen, unterschreiben unterschrieben, verschieben verschoben,"
    "übernehmen übernommen, besprechen besprochen, beschreiben beschrieben, verbinden verbunden,"
    "tun getan"
)
_TO = re.compile(rf"(?P<before>{_BEFORE.strip('|')})zu(?P<stem>\w{{2,}}e?n)")
_SMALL = (
    "the a an my our to and of for it on at in den die das dem der zu mit am mein meine meinen"
    " meiner meinem unser unsere unseren"
)
_LITTLE = frozenset(_SMALL.split())


def ended(record: Record, state: str) -> Record:
    """The promise as its next version, done, missed or cancelled.

    Raises:
        UsageError: It is no open promise.
    """
    if record.due is None or record.due.state != "open" or state not in ENDS:
        raise UsageError(f"The memory {record.id} is no open promise that could be {state}.")
    return replace(record, status="expired", due=replace(record.due, state=state))


def is_missed(record: Record, now: datetime) -> bool:
    """Whether an open promise has waited for too long."""
    if record.due is None or record.due.state != "open":
        return False
    last = dates.last_day(record.due.at)
    return now.date() > last + GRACE[record.due.by]


def cancelled(text: str, promises: Sequence[Record]) -> Record | None:
    """The open promise that these words take back: the one they name, else the newest.

    Who only wishes not to be reminded of something takes back what they name, or nothing.
    """
    told = text.replace("\u2019", "'")
    unneeded = _UNNEEDED.search(told)
    match = unneeded or _UNWISHED.search(told)
    if match is None:
        return None
    reminders = [one for one in promises if one.due is not None and one.due.by == "character"]
    named = _named(match)
    if named:
        return _best(reminders, named, len(named) / 2)
    if unneeded is None:
        return None
    newest = max(reminders, key=lambda one: one.observed, default=None)
    return _best(reminders, _telling(told), 1) or newest


def fulfilled(text: str, promises: Sequence[Record]) -> Record | None:
    """The open promise of which these words say that it is done."""
    told = text.replace("\u2019", "'")
    for sentence in re.split(r"(?<=[.!?;])\s+|\n", told):
        if sentence.rstrip().endswith("?"):
            continue
        for verbs, did in _done(_ASIDE.sub("", sentence)):
            for one in promises:
                wanted = _wanted(one)
                if len(wanted) > 1 and wanted <= did and wanted & verbs:
                    return one
    return None


def _named(match: re.Match[str]) -> set[str]:
    """What the words name that take a reminder back; days and hours name none."""
    groups = match.groupdict()
    inside = " ".join(groups.get(name) or "" for name in ("it", "was", "an"))
    after = _NAMED.match(match.string, match.end())
    return _telling(f"{inside} {after['what'] if after else ''}") - _no_names()


@cache
def _no_names() -> frozenset[str]:
    """Words that name no promise: those that point, and those of days and hours."""
    tables = (
        table
        for one in CALENDARS.values()
        for table in (one.weekdays, one.months, one.days, one.periods, one.numbers)
    )
    return frozenset(_telling(" ".join([_NO_NAMES, *(word for one in tables for word in one)])))


def _best(reminders: Sequence[Record], named: set[str], least: float) -> Record | None:
    """The reminder that has most of these words, at least so many; the newest of them."""
    held = [(len(_wanted(one) & named), one.observed, one) for one in reminders]
    good = [one for one in held if one[0] >= max(least, 1)]
    return max(good, key=lambda one: one[:2])[2] if good else None


def _wanted(record: Record) -> set[str]:
    """The words of what was promised; the owner is not named to tell of it."""
    names = {entity.role: entity.name for entity in record.about}
    return _telling(names.get("object", "")) - _telling(names.get("subject", ""))


def _done(sentence: str) -> Iterator[tuple[set[str], set[str]]]:
    """What a sentence says that its speaker did: the verbs, and all its words."""
    denied = _ENGLISH_NOT.search(sentence)
    for match in _ENGLISH.finditer(sentence):
        if denied and denied.start() < match.start():
            break
        said = _said(sentence, match)
        if not said or _ENGLISH_WHEN.search(sentence, max(match.start() - 30, 0), match.start()):
            continue
        verb, joined = match["verb"].lower(), _joined(said)
        lead = {"do"} if (match["lead"] or "").lower().startswith("did") else set()
        if match["lead"] or verb in _SAME or _is_past(verb):
            yield lead | {_stem(word) for word in (verb, *joined)}, _telling(said)
        elif joined:
            then = said.lower().index(f" {joined[0]}")
            yield {_stem(word) for word in joined}, _telling(said[then:])
    if not _GERMAN_NOT.search(sentence):
        for clause in re.split(r"[,;:]", sentence):
            if _GERMAN.search(clause):
                words = re.findall(r"\w+", clause.lower())
                yield {_stem(word) for word in words if _is_done(word)}, _telling(clause)


def _said(sentence: str, match: re.Match[str]) -> str:
    """What somebody says that they did, up to the clause that denies something; else nothing."""
    start, stop = match.start("verb"), match.end()
    if _ENGLISH_AFTER_ALL.search(sentence, start, stop + 30):
        return ""
    good = start
    while good < stop:
        following = _ENGLISH_NEXT.search(sentence, good + 1)
        end = following.start() if following else len(sentence)
        clause = sentence[good:end]
        if _ENGLISH_NOT.search(clause) or (good > start and _ENGLISH_OTHERS.match(clause)):
            break
        good = end
    return sentence[match.start() : min(good, stop)] if good > start else ""


def _joined(said: str) -> list[str]:
    """The verbs of the past that go on with the same somebody: "and bought"."""
    found = re.findall(r"\b(?:and|then) (\w+)", said.lower())
    return [word for word in found if _is_past(word)]


def _is_past(word: str) -> bool:
    """Whether an English verb tells of the past."""
    plain = word.lower()
    return plain in _PAST or (plain.endswith("ed") and not plain.endswith("eed"))


def _is_done(word: str) -> bool:
    """Whether a German word can be the participle of a verb."""
    return word in _STRONG_WHOLE or _DONE.fullmatch(word) is not None


def _telling(text: str) -> set[str]:
    """The words of a text that tell something, in one form."""
    found = re.findall(r"[^\W_]+", text.lower().replace("'s", ""))
    return {_stem(word) for word in found if word not in _LITTLE}


def _stem(word: str) -> str:
    """A word without its ending, so that what was to be done and what was done are the same."""
    plain = _infinitive(_PAST.get(word) or _STRONG_WHOLE.get(word) or word)
    for ending in ("ed", "ing", "en", "es", "s", "e"):
        if plain.endswith(ending) and len(plain) - len(ending) > 2:  # noqa: PLR2004
            plain = plain.removesuffix(ending)
            break
    if len(plain) > 3 and plain[-1] == plain[-2]:  # noqa: PLR2004 - planned, plan
        plain = plain[:-1]
    return f"{plain[:-1]}i" if plain.endswith("y") else plain  # tidied, tidy


def _infinitive(word: str) -> str:
    """A German verb without what makes it a participle, or parts it: "angerufen", "anzurufen"."""
    if match := _TO.fullmatch(word):
        return f"{match['before']}{match['stem']}"
    match = _DONE.fullmatch(word)
    if match is None:
        return word
    if match["whole"]:
        return f"{match['whole'].removesuffix('e')}en"
    stem = match["stem"].removesuffix("e")
    return f"{match['before']}{_STRONG.get(stem, stem)}en"
