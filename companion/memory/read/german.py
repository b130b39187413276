"""German words: which are not looked for, which ask, and what is left of one without its ending.

Lists only; `words.py` decides when they count.
"""

# ruff: noqa: SIM905  (lists of words are read as text)

from __future__ import annotations

STOP = frozenset(
    """
    aber ach ah alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist bitte
    da dabei dafür damit danach danke dann daran darauf das dass davon dazu dein deine deinem deinen
    deiner dem den denen denn der deren des dessen dich die dies diese diesem diesen dieser dieses
    dir doch du durch eh ein eine einem einen einer eines er es etwa etwas euch euer eure für
    gar ganz genau gern gerne gibt gut hab habe haben habt hallo hat hatte hatten hattest hi hier
    hm ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes
    kann kannst kein keine keinem keinen keiner können könnte mal man manche mein meine meinem
    meinen meiner meines mich mir mit muss musst mm mmh mhm nach na ne nee nein nicht nichts noch
    nun nur ob oder oh ohne okay per schon sehr sei seid sein seine seinem seinen seiner selbst
    sich sie sind so soll sollen sollte sondern sonst tja tschüss über um und uns unser unsere
    unserem unseren unserer unter viel vom von vor war waren warst was welche welchem welchen
    welcher welches wenn wer wem wen weil weiß weißt werde werden wie wieder wieso will willst wir
    wird wirst wo wofür woher wohin womit woran worauf worüber wovon wovor wozu wurde wurden
    während wann warum würde zu zum zur zwischen
    """.split()
)
"""Words that are not looked for."""

ASKING = frozenset(
    """
    bin bist darf hab habe haben habt hast hat ist kann kannst können seid sind soll war waren warum
    was weißt welche welchem welchen welcher welches wem wen wer wie wieso wieviel willst wird wo
    wofür woher wohin womit woran worauf worüber wovon wovor wozu wann
    """.split()
)
"""First words of a question."""

ENDINGS = (
    "ungen",
    "ung",
    "est",
    "end",
    "en",
    "em",
    "er",
    "es",
    "et",
    "st",
    "te",
    "e",
    "n",
    "s",
    "t",
)
LEAST = 4
"""Letters that must be left of a word."""


def stem(word: str) -> str:
    """The beginning that all forms of a word share, with `*`; short words stay as they are."""
    if word.isdigit():
        return word
    body = word
    if body.startswith("ge") and body.endswith(("t", "en")) and len(body) >= LEAST + 3:
        body = body[2:]
    for ending in ENDINGS:
        if body.endswith(ending) and len(body) - len(ending) >= LEAST:
            return body[: -len(ending)] + "*"
    return body + "*" if len(body) > LEAST else body


SMALL = frozenset(
    stem(word)
    for word in """
    damals einmal früher heute immer jetzt mehr morgen nochmal vorher weiter wollte wollten zuerst
    """.split()
)
"""Words that are looked for beside others, and ask nothing alone, as `stem` leaves them."""

FAINT = frozenset(
    stem(word)
    for word in """
    bedeutet denke erinnern erzählen erzählt genannt gemacht gesagt gesprochen glaube hieß heißen
    laut lautet machen machst meinst nennen sache sachen sage sagen sagt sagte
    """.split()
)
"""Words that ask rather than name, as `stem` leaves them."""
