"""A council's list of codes, with the category of each."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from pathlib import Path
from typing import Final

from geo.incidents import category_slug
from geo.sources.sections import Section, is_text, quoted
from geo.sources.sheets import read_table_file

LARGEST_VOCABULARY: Final = 16 * 2**20
"""Bytes of a code list."""


def checked_slug(section: Section, key: str, category: object) -> str:
    """The slug of a category in a mapping file.

    Parameters
    ----------
    section, key
        Where the category stands, for messages.
    category
        The value read from the file.

    Returns
    -------
    slug
        See `geo.incidents.category_slug`.

    Raises
    ------
    InputError
        If the value is not a text with a letter or a digit.
    """
    slug = category_slug(category) if isinstance(category, str) else ""
    if not slug:
        raise section.error(key, f"must be a category, not {quoted(category)}")
    return slug


def read_vocabulary(
    top: Section, section: Section, folder: Path | None
) -> Dictionary[str, str] | None:
    """Read the code lists of a mapping file.

    Parameters
    ----------
    top
        The mapping file, with or without a table `[categories]`.
    section
        Its table `[what]`, which can name a vocabulary file.
    folder
        The folder of the vocabulary file; None if there is none.

    Returns
    -------
    vocabulary
        Category by case-folded code; None if there is no code list.

    Raises
    ------
    InputError
        If a code appears twice, or a category is empty.
    """
    if "categories" not in top.values and "vocabulary" not in section.values:
        return None
    categories = Section(top.file, "categories", top.table("categories"))
    inline = {
        _folded(categories, code): checked_slug(categories, quoted(code), category)
        for code, category in categories.values.items()
    }
    if len(inline) < len(categories.values):
        raise categories.error("", "has two codes that differ only in capitals; remove one")
    from_file = _vocabulary_file(section, folder) if "vocabulary" in section.values else {}
    if not inline and not from_file:
        raise categories.error("", "is empty")
    return {**from_file, **inline}


def _folded(section: Section, code: str) -> str:
    if not is_text(code):
        raise section.error(quoted(code), "is empty or too long for a code")
    return code.strip().casefold()


def _vocabulary_file(section: Section, folder: Path | None) -> dict[str, str]:
    path = section.file_named("vocabulary", folder)
    table = read_table_file(path, most=LARGEST_VOCABULARY)
    table.require("code", "category")
    categories: dict[str, str] = {}
    rows = zip(table.lines, table.text("code"), table.text("category"), strict=True)
    for line, code, category in rows:
        place = Section(f"{path.name}, line {line}", "", {})
        slug = checked_slug(place, "category", category)
        if categories.setdefault(_folded(place, code), slug) != slug:
            raise place.error(quoted(code), "has another category on an earlier line")
    return categories
