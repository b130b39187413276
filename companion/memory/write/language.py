"""What a language must bring so that facts can be found in it and retold: one table of words.

A rule is a pattern in which `<I>` is the owner, `<X>` somebody of theirs, and `<o>` what is said
of them; how it is read stands in `companion.memory.write.rules`. To add a language, write a module
like `companion.memory.write.english` and name it in `LANGUAGES` there.
"""

from __future__ import annotations

from dataclasses import dataclass

FUNCTIONAL = frozenset(
    {"name", "called", "age", "birthday", "lives_in", "job", "works_at", "marital_status"}
)
"""What only one thing can be at a time, beside `favourite_*` and the relations below."""
ONLY_ONE = frozenset(
    {"wife", "husband", "partner", "girlfriend", "boyfriend", "fiance", "boss", "mother", "father"}
)
"""Relations of which one has one at a time."""
PREFERENCES = frozenset(
    {"likes", "called", "diet", "eats", "drinks", "afraid_of", "prefers", "wants"}
)
IMPORTANCE = {
    "promise": 0.9,
    "relationship": 0.8,
    "preference": 0.6,
    "fact": 0.5,
    "event": 0.4,
    "summary": 0.3,
}
REMEMBERED = 0.2
"""More important by this where the owner said "remember"."""
SOURCES = 12
"""Lines that are named as the source of one memory; saying it again after that changes nothing."""


def functional(predicate: str) -> bool:
    """Whether a new object of this predicate ends the old one."""
    return predicate in FUNCTIONAL or predicate in ONLY_ONE or predicate.startswith("favourite_")


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to say one thing.

    Attributes:
        predicate: What is said; `@rel` stands for the relation that the pattern names.
        pattern: How, see the module.
        text: The sentence that is kept: `{s}` who, `{o}` what, `{when}`; "" is the template of
            the predicate.
        polarity: "+" or "-".
        words: Most words of the object.
        proper: The object is a name: its words begin with capitals.
        listed: "x and y" are two objects.
        dated: Takes the date that is said with it.
        needs: Keep it only with a date.
        past: It tells of the past.
        changed: It says that something changed, not that something was wrong.
        mine: A promise that the owner gave.
    """

    predicate: str
    pattern: str
    text: str = ""
    polarity: str = "+"
    words: int = 4
    proper: bool = False
    listed: bool = False
    dated: bool = False
    needs: bool = False
    past: bool = False
    changed: bool = False
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language.

    Attributes:
        code: "en", "de".
        rules: How things are said, the more particular first.
        templates: Sentence of each predicate; with a `-` before its name, of its negation.
        tokens: Patterns for `<I>` and the like.
        relations: Words for those around the owner, by what they are.
        not_names: Words that are no name, though one could stand there.
        cut: Where an object ends, a pattern.
        tail: What may be left out at its end, a pattern.
        bad: An object that begins so says nothing, a pattern.
        articles: A pattern for the beginning of an object.
        binders: Words before a match that make it part of something else.
        others: What before "my sister" makes it somebody else, as in "a friend of", a pattern.
        question: A sentence that begins so asks, a pattern.
        doubtful: What makes what follows uncertain or imagined, a pattern.
        reported: What makes what follows somebody else's words, a pattern.
        pretend: What opens a game of pretending, a pattern.
        serious: What ends it, a pattern.
        orders: What tells the assistant how to be, a pattern.
        negations: Words that turn a sentence round.
        corrects: What opens a correction, a pattern.
        bare: A correction that says only the right word, a pattern with `o`.
        instead: The wrong word in a correction, a pattern with `o`.
        remember: A request to remember, a pattern with `o`.
        retell: Replacements that turn the owner's words into words about the owner.
    """

    code: str
    rules: tuple[Rule, ...]
    templates: dict[str, str]
    tokens: dict[str, str]
    relations: dict[str, str]
    not_names: frozenset[str]
    cut: str
    tail: str
    bad: str
    articles: str
    binders: frozenset[str]
    others: str
    question: str
    doubtful: str
    reported: str
    pretend: str
    serious: str
    orders: str
    negations: frozenset[str]
    corrects: str
    bare: str
    instead: str
    remember: str
    retell: tuple[tuple[str, str], ...]
