"""Names of fields for shapefiles, of ten letters: clear, unique, and with a table of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd
import pyarrow as pa

from api.ogc.properties import DECLARED

LONGEST: Final = 10
TEXT_BYTES: Final = 254
"""A shapefile cuts text after so many bytes."""

_SHORTER: Final = {
    "after": "aft", "by": "by", "change": "chg", "compared": "cmp", "count": "cnt", "day": "day",
    "density": "dens", "difference": "diff", "from": "from", "hotspot": "hotspot", "if": "if",
    "incident": "inc", "layer": "lyr", "minutes": "min", "occurred": "occ", "pence": "pence",
    "per": "per", "posts": "posts", "rank": "rank", "rate": "rate", "share": "share",
    "travel": "trav", "updated": "upd", "weighted": "wtd",
}  # fmt: skip
"""Words that many names have, as they are shortened wherever they occur."""


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name of at most ten letters for each name, in the same order, no two alike.

    Capitals make no difference between them, as programs compare the names of fields so.
    """
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    # Those that are short enough stay as they are, whatever comes before them.
    names = list(names)
    for name in sorted(names, key=lambda name: len(name.encode()) > LONGEST):
        short = _free(_short(name), taken)
        taken.add(short.lower())
        chosen[name] = short
    return {name: chosen[name] for name in names}


def field_table(
    names: Mapping[str, str], schema: pa.Schema, cut: Mapping[str, int]
) -> pd.DataFrame:
    """Return the table of fields: each with the property that it stands for, and its meaning.

    Parameters
    ----------
    names
        Of the fields, by those of the properties.
    schema
        The types of the properties.
    cut
        How many texts of a property are longer than a shapefile can hold.
    """
    return pd.DataFrame(
        {
            "field": list(names.values()),
            "property": list(names),
            "type": [str(schema.field(name).type) for name in names],
            "texts_cut": [cut.get(name, 0) for name in names],
            "meaning": [DECLARED[name].title if name in DECLARED else "" for name in names],
        }
    )


def _short(name: str) -> str:
    plain = name.encode("ascii", "ignore").decode() or "field"
    if len(plain) <= LONGEST:
        return plain
    words = [_SHORTER.get(word.lower(), word) for word in plain.split("_")]
    for joined in ("_".join(words), "".join(words)):
        if len(joined) <= LONGEST:
            return joined
    # Consonants tell words apart, so vowels inside words go first, then the ends of the longest.
    words = [word[0] + "".join(c for c in word[1:] if c not in "aeiou") for word in words if word]
    while len("_".join(words)) > LONGEST and max(map(len, words)) > 1:
        longest = max(range(len(words)), key=lambda at: len(words[at]))
        words[longest] = words[longest][:-1]
    return "_".join(words)[:LONGEST]


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free.lower() in taken:
        number += 1
        free = f"{name[: LONGEST - len(str(number))]}{number}"
    return free
