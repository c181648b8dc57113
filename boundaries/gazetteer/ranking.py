"""Which of the names that may match do, and which comes first.

A match of the whole name comes before one of its beginning, that before one of all words in any
order, and that before one that needs the name of the place too. Inside the study area comes before
nearby, and that before elsewhere; then settlements before streets before other things, then the
nearer. An exact match elsewhere does not push the streets of the study area off a short list,
unless it is a settlement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from boundaries.gazetteer.folding import NameQuery, folded
from boundaries.gazetteer.lookup import NEAR_M, MetresBox
from boundaries.gazetteer.names import Entry

SAME_M: Final = 500.0
"""Entries of one kind and name that are closer are one: sections of a road are listed apart."""

_EXACT, _BEGINS, _WORDS, _BEGINNINGS, _WITH_PLACE = range(5)
_WITHIN_WORD = 0.5  # "Mill Row" comes before "Millbeck Place" for "mill"
_BY_OTHER_NAME = 0.1
_INSIDE, _NEARBY = 0.0, 0.3
_ELSEWHERE: Final = {"settlement": 0.6, "area": 0.6}
_FAR = 2.2


@dataclass(frozen=True, order=True)
class Rank:
    """How good a match is; the least is the best."""

    match: float
    order: int
    distance: float
    name: str


def rank(entry: Entry, query: NameQuery, near: MetresBox | None) -> Rank | None:
    """How well a name matches; None if it does not.

    Parameters
    ----------
    entry
        A name, or an area with its code.
    query
        What was typed.
    near
        The study area; None to prefer no place.

    Returns
    -------
    The rank: of several the least is the best match.
    """
    match = _match(entry, query)
    if match is None:
        return None
    away, distance = _away(entry, near)
    if entry.kind == "area":
        # The ward of a name before the many small areas that are named after it.
        distance = len(entry.name)
    return Rank(match + away, entry.order, distance, entry.name)


def _match(entry: Entry, query: NameQuery) -> float | None:
    place = folded(entry.place).split()
    own = _match_of(folded(entry.name), query, place)
    if entry.also and (own is None or own > _BEGINS):
        also = _match_of(folded(entry.also), query, place)
        if also is not None and (own is None or also < own):
            return also + _BY_OTHER_NAME
    return own


def _match_of(name: str, query: NameQuery, place: Sequence[str]) -> float | None:
    if query.name == name:
        return _EXACT
    if query.name and name.startswith(query.name):
        return _BEGINS if name[len(query.name)] == " " else _BEGINS + _WITHIN_WORD
    words = name.split()
    if all(term in words for term in query.terms):
        return _WORDS
    missing = [term for term in query.terms if not any(word.startswith(term) for word in words)]
    if not missing:
        return _BEGINNINGS
    in_place = all(any(word.startswith(term) for word in place) for term in missing)
    return _WITH_PLACE if in_place and len(missing) < len(query.terms) else None


def _away(entry: Entry, near: MetresBox | None) -> tuple[float, float]:
    """How much a place counts for less than one in the study area, and its distance in metres."""
    if near is None:
        return _INSIDE, 0.0
    east = max(near.west - entry.x, 0.0, entry.x - near.east)
    north = max(near.south - entry.y, 0.0, entry.y - near.north)
    gap = math.hypot(east, north)
    centre = math.hypot(
        entry.x - (near.west + near.east) / 2, entry.y - (near.south + near.north) / 2
    )
    if gap == 0:
        return _INSIDE, centre
    return (_NEARBY if gap <= NEAR_M else _ELSEWHERE.get(entry.kind, _FAR)), centre


def best(
    entries: Iterable[Entry], query: NameQuery, near: MetresBox | None, *, most: int
) -> list[Entry]:
    """The best matches.

    Parameters
    ----------
    entries
        What may match.
    query, near
        As for `rank`.
    most
        How many at most.

    Returns
    -------
    The best first; of several for one thing, such as the sections of a road or its names in two
    languages, the best. Outside the study area the same holds for what reads the same.
    """
    ranked = ((rank(entry, query, near), entry) for entry in entries)
    matches = sorted(
        ((own, entry) for own, entry in ranked if own is not None), key=lambda pair: pair[0]
    )
    chosen: list[Entry] = []
    for _, entry in matches:
        if not any(_same(entry, other, near) for other in chosen):
            chosen.append(entry)
        if len(chosen) == most:
            break
    return chosen


def _same(one: Entry, other: Entry, near: MetresBox | None) -> bool:
    # A street of a layer is also named by incidents, which know no layer.
    if one.kind != other.kind or (one.ref != other.ref and one.kind != "street"):
        return False
    if folded(one.name) not in (folded(other.name), folded(other.also)):
        return False
    if math.hypot(one.x - other.x, one.y - other.y) <= SAME_M:
        return True
    both_outside = all(_away(entry, near)[0] > _INSIDE for entry in (one, other))
    return both_outside and one.place == other.place
