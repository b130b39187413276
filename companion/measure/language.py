"""Which language a reply is in, by its small words. Pure: text in, a code out."""

from __future__ import annotations

from companion.measure.wer import words

_SMALL = {
    "en": "the a an and or but is are was were am be i you he she it we they my your his her its "
    "to of in on at for with from not do does did have has had what who where when how that this "
    "i'm you're it's don't there so if me him them would will can could as by very just",
    "de": "der die das ein eine einen und oder aber ist sind war waren bin sein ich du er sie es "
    "wir ihr mein dein zu von im am auf für mit aus nicht hat habe hatte was wer wo wann wie "
    "dass dies da so wenn mir dir ihm würde wird kann als bei sehr nur den dem",
    "fr": "le la les un une et ou mais est sont était suis être je tu il elle nous vous ils mon "
    "ton son à de du des dans sur pour avec pas ne a ai avait que qui où quand comment ce cette "
    "si me te lui très au aux en",
    "es": "el la los las un una y o pero es son era soy ser yo tú él ella nosotros mi tu su a de "
    "del en por para con no ha he había que quién dónde cuándo cómo este esta si me te le muy "
    "se lo al está",
    "it": "il lo la gli le un una e o ma è sono era essere io tu lui lei noi mio tuo suo a di del "
    "della in su per con non ha ho aveva che chi dove quando come questo questa se mi ti molto "
    "al si da",
}
KNOWN = tuple(_SMALL)
"""The languages that can be told apart."""
_WORDS = {code: frozenset(text.split()) for code, text in _SMALL.items()}
FEWEST = 4
"""Words below which nothing is said of the language."""


def languages(text: str) -> tuple[str, ...]:
    """The languages whose small words are the most in `text`; all, where it says too little."""
    said = words(text)
    counts = {code: sum(word in small for word in said) for code, small in _WORDS.items()}
    most = max(counts.values())
    if len(said) < FEWEST or not most:
        return KNOWN
    return tuple(code for code, count in counts.items() if count == most)
