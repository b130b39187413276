"""Records of every shape, from all of Unicode, for the tests of the memory."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from companion.memory.record import (
    Claim,
    Covered,
    Due,
    Entity,
    Quote,
    Record,
    Source,
    clean,
    scope_of,
)
from companion.memory.record.fields import KINDS, MODALITIES, SENSITIVITIES, STATUSES

NOW = datetime(2026, 3, 2, 18, 9, 40, tzinfo=UTC)


def words(most: int = 20) -> st.SearchStrategy[str]:
    """Texts that can be said."""
    return st.text(min_size=1, max_size=most).map(clean).filter(lambda one: 0 < len(one) <= most)


def names() -> st.SearchStrategy[str]:
    """What stands behind a colon: no line end in it."""
    return words().map(lambda one: " ".join(one.split())).filter(bool)


def _ids() -> st.SearchStrategy[str]:
    return st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=12, max_size=26)


def _refs() -> st.SearchStrategy[tuple[str, ...]]:
    one = st.tuples(_ids(), st.integers(1, 10**6)).map(lambda pair: f"{pair[0]}#{pair[1]}")
    return st.lists(one, max_size=2).map(tuple)


def _dates() -> st.SearchStrategy[str]:
    moments = st.datetimes().map(lambda one: f"{one.isoformat(timespec='seconds')}Z")
    cut = st.sampled_from((4, 7, 10, 20))
    return st.builds(lambda one, size: one[:size], moments, cut)


def _turns() -> st.SearchStrategy[str]:
    return st.from_regex(r"[0-9]{1,4}(-[0-9]{1,4})?", fullmatch=True)


def _tokens() -> st.SearchStrategy[str]:
    return st.from_regex(r"[A-Za-z0-9._:-]{1,8}", fullmatch=True)


def _moments() -> st.SearchStrategy[datetime]:
    early, late = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001
    return st.datetimes(early, late, timezones=st.timezones()).filter(lambda one: one.fold == 0)


def _units() -> st.SearchStrategy[float]:
    return st.floats(0, 1)


def _entities() -> st.SearchStrategy[Entity]:
    kind = st.sampled_from(("char", "person", "place", "thing"))
    ids = st.builds("{}:{}".format, kind, names()) | st.sampled_from(("", "user"))
    roles = st.sampled_from(("subject", "object", "other"))
    return st.builds(Entity, role=roles, name=words(80), id=ids, type=_tokens() | st.just(""))


def _sources() -> st.SearchStrategy[Source]:
    quotes = st.builds(Quote, turn=st.integers(0, 10**17), text=words(300))
    return st.builds(
        Source,
        speaker=st.sampled_from(("user", "character", "import", "operator")),
        session=words() | st.just(""),
        turns=_turns() | st.just(""),
        method=words(),
        confidence=_units(),
        quotes=st.lists(quotes, max_size=2).map(tuple),
    )


def _claims() -> st.SearchStrategy[Claim]:
    return st.builds(
        Claim,
        predicate=_tokens(),
        polarity=st.sampled_from("+-"),
        modality=st.sampled_from(MODALITIES),
        cardinality=st.sampled_from(("", "one", "many")),
    )


def records(foreign: tuple[str, ...] = ()) -> st.SearchStrategy[Record]:
    """Any record."""
    scopes = names().map(scope_of) | st.just("global") | names().map("profile:{}".format)
    dues = st.builds(
        Due,
        at=_dates(),
        state=st.sampled_from(("open", "done", "missed", "cancelled")),
        by=st.sampled_from(("user", "character")),
    )
    return st.builds(
        Record,
        id=_ids(),
        v=st.integers(1, 10**17),
        kind=st.sampled_from(KINDS),
        status=st.sampled_from(STATUSES),
        text=words(400),
        lang=st.sampled_from(("en", "de", "und", "zh-Hant-TW")),
        about=st.lists(_entities(), min_size=1, max_size=3).map(tuple),
        claim=st.none() | _claims(),
        sources=st.lists(_sources(), min_size=1, max_size=2).map(tuple),
        observed=_moments(),
        valid_from=_dates() | st.just(""),
        valid_to=_dates() | st.just(""),
        precision=st.sampled_from(("", "year", "month", "day", "minute")),
        due=st.none() | dues,
        covers=st.lists(st.builds(Covered, session=words(), turns=_turns()), max_size=2).map(tuple),
        importance=_units(),
        confidence=_units(),
        recalls=st.integers(0, 10**17),
        last=st.none() | _moments(),
        pinned=st.booleans(),
        created_by=words(),
        supersedes=_refs(),
        superseded_by=_refs(),
        derived_from=_refs(),
        scope=scopes,
        sensitivity=st.sampled_from(SENSITIVITIES),
        foreign=st.just(foreign),
    )
