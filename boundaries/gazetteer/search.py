"""Finding what a text names: a position, a postcode, or the best of many names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from boundaries.gazetteer.folding import LONGEST_QUERY, NameQuery
from boundaries.gazetteer.lookup import POSTCODE, MetresBox, NameIndex
from boundaries.gazetteer.names import Entry, Kind
from boundaries.gazetteer.ranking import best
from boundaries.gazetteer.references import read_reference
from geo.crs import Projection

MOST: Final = 10
"""Results of a search unless it asks for more or fewer."""

LIMIT: Final = 50
"""The most results of one search."""

_POSTCODES: Final = 4  # that begin with what was typed, beside names


@dataclass(frozen=True)
class Result:
    """What a text names.

    Attributes
    ----------
    entry
        The name with its place.
    note
        What is to be known of it, such as that it lies outside the grid; '' for nothing.
    """

    entry: Entry
    note: str = ""


def search(
    text: str,
    indexes: Sequence[NameIndex],
    *,
    projection: Projection,
    near: MetresBox | None = None,
    most: int = MOST,
) -> list[Result]:
    """Find what a text names.

    Parameters
    ----------
    text
        What was typed, or a part of it: of more than 100 characters the first 100 count.
    indexes
        Where names and postcodes are looked up.
    projection
        Of the metres of all of them.
    near
        The study area: what lies in it comes first. None to prefer no place.
    most
        How many results at most.

    Returns
    -------
    The best first: a position or whole postcode that was typed, then names, then postcodes that
    begin so.
    """
    text = " ".join(text[:LONGEST_QUERY].split())
    first = [*_position(text, projection)]
    postcodes = _postcodes(text, indexes, most=most)
    if is_whole_postcode(text):
        first += postcodes
        postcodes = []
    query = NameQuery.read(text)
    entries = (entry for index in indexes for entry in index.names(query, near))
    names = [Result(entry) for entry in best(entries, query, near, most=most)]
    beside = min(len(postcodes), _POSTCODES)
    return [*first, *names[: max(0, most - len(first) - beside)], *postcodes][:most]


def is_whole_postcode(text: str) -> bool:
    """Whether a text has the form of a whole postcode."""
    match = POSTCODE.fullmatch(" ".join(text.upper().split()))
    return bool(match and match[2] and len(match[2]) == 3)


def _position(text: str, projection: Projection) -> list[Result]:
    position = read_reference(text, projection)
    if position is None:
        return []
    kind: Kind = "grid reference" if position.kind == "grid reference" else "coordinates"
    entry = Entry(
        position.title, kind, "", 0, "", position.x, position.y, position.half, position.half
    )
    return [Result(entry, position.note)]


def _postcodes(text: str, indexes: Sequence[NameIndex], *, most: int) -> list[Result]:
    # Of two sources the one that was added under the first id in the alphabet is as good.
    by_name: dict[str, Result] = {}
    for index in indexes:
        for entry in index.postcodes(text, most=most):
            by_name.setdefault(entry.name, Result(entry))
    return sorted(by_name.values(), key=lambda result: result.entry.name)[:most]
