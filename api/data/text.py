"""Messages of readers and commands as the page shows them: its own words for options and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from api.pages.templating import templates
from geo.incidents import category_title
from geo.period import Period

_OPTIONS: Final = {
    "--key and --layer": "the column of area codes and the layer",
    "--code-field": "“Codes”",
    "--name-field": "“Names”",
    "--repair": "“Repair invalid polygons”",
    "--id": "the id",
    "--layer": "the layer",
    "--key": "the column of area codes",
    "--partition NAME": "a name of the import",
    "--partition": "the name of the import",
    "--crs": "the coordinate reference system",
    "--id, --title, --unit and --kind": "its id, title, unit and kind",
    "--dates": "written as",
    "--period": "the period",
}
_HALVE = re.compile(r"import it again with --halve \S+")
_COLUMN = re.compile(r"name it with --column \S+")
_OPTION = re.compile("|".join(re.escape(name) for name in sorted(_OPTIONS, key=len, reverse=True)))


def sentence(text: str, file: str = "") -> str:
    """A message as a sentence.

    Parameters
    ----------
    text
        As a reader or a command words it.
    file
        The file that the page is about, which need not be named again.
    """
    text = own_words(text.removeprefix(f"{file}: "))
    text = text.removeprefix(f"{file}, ") if file else text
    # The name of a file or the id of a layer stays as it is.
    named = bool(re.match(r"[\w.-]+\.[a-z]{2,7}\b|[a-z\d]+(-[a-z\d]+)+: ", text))
    text = text if named else text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def own_words(text: str) -> str:
    """A message or a reason in the page's words for options.

    Parameters
    ----------
    text
        As a reader or a command words it.
    """
    text = _HALVE.sub("count it once, below", text)
    text = _COLUMN.sub("choose it above", text)
    return _OPTION.sub(lambda match: _OPTIONS[match[0]], text)


def halved_title(halved: str) -> str:
    """What is counted once, for people.

    Parameters
    ----------
    halved
        As `halves_of` reads it: `derbyshire:2024-02:anti-social-behaviour`.
    """
    force, month, category = halved.split(":", 2)
    return f"{category_title(category)}, {Period.of_months(month, month).title} ({force})"


templates.filters["sentence"] = sentence
templates.filters["own_words"] = own_words
templates.filters["halved_title"] = halved_title


def missing(values: Mapping[str, str], *, published: bool) -> list[str]:
    """What a form of incidents still has to say, a sentence for each.

    Parameters
    ----------
    values
        By the names of the form's fields.
    published
        Whether the file needs no mapping.
    """
    if published:
        return []
    postcode = values.get("way") == "postcode"
    place = bool(values.get("x") and values.get("lookup" if postcode else "y"))
    wanted = {
        "Choose the column of dates.": values.get("from"),
        "Say how dates are written.": values.get("format"),
        "Choose the column of postcodes, and name their lookup file."
        if postcode
        else "Choose the two columns of the place.": place,
        "Choose the column of categories, or give one category for every row.": values.get("column")
        or values.get("category"),
        "Give the source a short name, such as council.": values.get("source"),
        "Choose a column that holds an id for each row, or give the import a name.": values.get(
            "id"
        )
        or values.get("partition"),
    }
    return [words for words, given in wanted.items() if not given]
