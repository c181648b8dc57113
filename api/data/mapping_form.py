"""A mapping file as the fields of a form, and back; what the form does not show stays as it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from geo.errors import InputError
from geo.sources.suggest import quoted

WAYS: Final = {
    "easting": ("easting", "northing"),
    "longitude": ("longitude", "latitude"),
    "postcode": ("postcode", "lookup"),
}
"""How the place of an incident is given, and the two keys of the mapping for each."""

COLUMN_FIELDS: Final = ("id", "from", "from_time", "to", "to_time", "x", "y", "column")
"""Fields that name a column."""

FIELDS: Final = (
    *COLUMN_FIELDS,
    *("source", "title", "sheet", "format", "way", "crs", "lookup", "category"),
)
"""All fields, by name."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def mapping_values(text: str) -> dict[str, str]:
    """The fields of a mapping file; '' for what it leaves open.

    Parameters
    ----------
    text
        TOML, which may lack what it needs.
    """
    top = _parsed(text)
    when, where, what = (_table(top, name) for name in ("when", "where", "what"))
    values = dict.fromkeys(FIELDS, "")
    for name in ("source", "id", "sheet"):
        values[name] = _text(top.get(name))
    for name in ("from", "to"):
        columns = _listed(when.get(name))
        values[name], values[f"{name}_time"] = (*columns, "", "")[:2]
    values["format"] = _text(when.get("format"))
    values["crs"] = _text(where.get("crs"))
    values["way"] = next((way for way, keys in WAYS.items() if keys[0] in where), "easting")
    first, second = WAYS[values["way"]]
    values["x"] = _text(where.get(first))
    values["lookup" if second == "lookup" else "y"] = _text(where.get(second))
    values["column"], values["category"] = _text(what.get("column")), _text(what.get("category"))
    values["title"] = _text(_table(top, "metadata").get("title"))
    return values


def extract_column(text: str) -> str | None:
    """The column in which a mapping file has the day of an extract; '' where it names none.

    Parameters
    ----------
    text
        TOML.

    Returns
    -------
    None where the file has no `[life]`, so that its rows are no extract of records.
    """
    top = _parsed(text)
    return _text(_table(top, "life").get("extracted")) if "life" in top else None


def mapping_text(values: Mapping[str, str], base: str) -> str:
    """A mapping file with the values of the form.

    Parameters
    ----------
    values
        By the names of `FIELDS`.
    base
        The mapping file that the form was made from: its other keys stay.
    """
    top = _parsed(base)
    top |= {name: values.get(name, "") for name in ("source", "id", "sheet")}
    when = _table(top, "when") | {"format": values.get("format", "")}
    for name in ("from", "to"):
        columns = [values.get(name, ""), values.get(f"{name}_time", "")]
        when[name] = [column for column in columns if column] if columns[0] else ""
    way = values.get("way", "easting")
    first, second = WAYS.get(way, WAYS["easting"])
    where = {first: values.get("x", "")}
    where[second] = values.get("lookup" if second == "lookup" else "y", "")
    if way == "easting":
        where["crs"] = values.get("crs", "")
    what = _table(top, "what") | {name: values.get(name, "") for name in ("column", "category")}
    if what["category"] and not what["column"]:
        top.pop("categories", None)
        what = {"category": what["category"]}
    metadata = _table(top, "metadata") | {"title": values.get("title", "")}
    top |= {"when": when, "where": where, "what": what, "metadata": metadata}
    return _written(top)


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the mapping file is not TOML: {str(error).splitlines()[0]}") from error


def _table(top: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = top.get(name)
    return dict(table) if isinstance(table, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _listed(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for text in value if isinstance(text, str)]
    return [value] if isinstance(value, str) and value else []


def _written(top: Mapping[str, Any]) -> str:
    """TOML of texts, numbers, flags, lists of them, and tables; without what is empty."""
    lines = [f"{_key(name)} = {_value(value)}" for name, value in top.items() if _is_plain(value)]
    for name, table in top.items():
        if isinstance(table, dict):
            inside = [
                f"{_key(key)} = {_value(one)}" for key, one in table.items() if _is_plain(one)
            ]
            if inside:
                lines += ["", f"[{_key(name)}]", *inside]
    return "\n".join(lines) + "\n"


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict) and value not in ("", [])


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else quoted(name)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)
