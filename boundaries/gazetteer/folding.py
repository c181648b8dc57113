"""Names as they are compared: without case, accents, apostrophes and abbreviations.

One folding for what is stored and what is typed: "St. Peter's" and "saint peters" are the same.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

MOST_TERMS: Final = 8
"""Words of a query that are looked for; further ones are ignored."""

LONGEST_QUERY: Final = 100
"""Characters of a query."""

_APOSTROPHES: Final = "'’‘ʼ`´"
_LETTERS: Final = (
    {code: (chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)}
    | {ord(mark): "" for mark in _APOSTROPHES}
    | {ord("&"): " and "}
)

# Never the first word of a name: "Court Lane" and "St Peter's" begin with whole words.
_ABBREVIATED: Final = {
    "av": "avenue",
    "ave": "avenue",
    "bldgs": "buildings",
    "cl": "close",
    "cres": "crescent",
    "ct": "court",
    "dr": "drive",
    "gdns": "gardens",
    "ln": "lane",
    "pl": "place",
    "rd": "road",
    "sq": "square",
    "tce": "terrace",
    "terr": "terrace",
}


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without accents and punctuation; "saint" is "st"."""
    if not text.isascii():
        letters = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    plain = text.translate(_LETTERS)
    if not plain.isascii():
        plain = "".join(letter if letter.isalnum() else " " for letter in plain)
    return ["st" if word == "saint" else word for word in plain.split()]


def folded(name: str) -> str:
    """A name as it is compared.

    Abbreviations are written out after the first word, and "st" at the end is a street: it is a
    saint elsewhere.
    """
    words = words_of(name)
    if len(words) > 1 and words[-1] == "st":
        words[-1] = "street"
    return " ".join(words[:1] + [_ABBREVIATED.get(word, word) for word in words[1:]])


@dataclass(frozen=True)
class NameQuery:
    """A text to look for among names.

    Attributes
    ----------
    name
        The whole text, folded.
    terms
        Its words. A name has to have one that begins with each, in any order. An abbreviation is
        written out unless it begins the word that it stands for anyway.
    """

    name: str
    terms: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> NameQuery:
        """Fold what somebody typed."""
        words = words_of(text[:LONGEST_QUERY])
        terms = words[:1] + [
            word if _ABBREVIATED.get(word, word).startswith(word) else _ABBREVIATED[word]
            for word in words[1:]
        ]
        return cls(folded(text[:LONGEST_QUERY]), tuple(dict.fromkeys(terms))[:MOST_TERMS])
