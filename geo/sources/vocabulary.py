"""A council's list of codes: which category each stands for."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from pathlib import Path
from typing import Final

from geo.errors import InputError
from geo.formats.csv_table import read_table
from geo.incidents import category_slug
from geo.sources.sections import Section, is_text, shown
from geo.sources.sheets import opened

LARGEST_VOCABULARY: Final = 16 * 2**20


def slug(section: Section, key: str, category: object) -> str:
    """A category as its slug.

    Raises
    ------
    InputError
        If nothing is left of it.
    """
    word = category_slug(category) if isinstance(category, str) else ""
    if not word:
        raise section.refuse(key, f"is no category: {shown(category)}")
    return word


def read_vocabulary(
    top: Section, section: Section, folder: Path | None
) -> Dictionary[str, str] | None:
    """Category by folded code, None where there is no code list at all.

    Raises
    ------
    InputError
        If a code is there twice, or a category is none.
    """
    if "categories" not in top.values and "vocabulary" not in section.values:
        return None
    named = Section(top.file, "categories", top.table("categories"))
    here = {
        _folded(named, code): slug(named, shown(code), category)
        for code, category in named.values.items()
    }
    if len(here) < len(named.values):
        raise named.refuse("", "has a code twice, but for its capitals")
    filed = _vocabulary_file(section, folder) if "vocabulary" in section.values else {}
    if not here and not filed:
        raise named.refuse("", "is empty")
    return {**filed, **here}


def _folded(section: Section, code: str) -> str:
    if not is_text(code):
        raise section.refuse(shown(code), "is no code")
    return code.strip().casefold()


def _vocabulary_file(section: Section, folder: Path | None) -> dict[str, str]:
    path = section.file_named("vocabulary", folder)
    with opened(path) as stream:
        content = stream.read(LARGEST_VOCABULARY + 1)
    if len(content) > LARGEST_VOCABULARY:
        raise InputError(f"{path.name} is longer than {LARGEST_VOCABULARY:,} bytes")
    table = read_table(content, file=path.name)
    table.require("code", "category")
    found: dict[str, str] = {}
    rows = zip(table.lines, table.text("code"), table.text("category"), strict=True)
    for line, code, category in rows:
        place = Section(f"{path.name}, line {line}", "", {})
        word = slug(place, "category", category)
        if found.setdefault(_folded(place, code), word) != word:
            raise place.refuse(shown(code), "has another category on an earlier line")
    return found
