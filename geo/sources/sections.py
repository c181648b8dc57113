"""A mapping file as TOML: its tables and keys, and refusals that name them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo.errors import InputError

LARGEST_MAPPING: Final = 2**20

KEYS: Final = {
    "": {
        "source",
        "id",
        "sheet",
        "address",
        "reference",
        "when",
        "where",
        "what",
        "categories",
        "metadata",
    },
    "when": {"from", "to", "format"},
    "where": {"easting", "northing", "crs", "longitude", "latitude", "postcode", "lookup"},
    "what": {"column", "category", "vocabulary", "unknown"},
    "metadata": {"title", "attribution", "licence", "caveats", "snapped"},
}


@dataclass(frozen=True)
class Section:
    """A table of the mapping; every refusal names the file and the key."""

    file: str
    name: str
    values: dict[str, Any]

    def refuse(self, key: str, why: str) -> InputError:
        """The refusal of a key."""
        dotted = ".".join(part for part in (self.name, key) if part)
        return InputError(f"{self.file}: {dotted} {why}")

    def check_keys(self) -> None:
        """Refuse keys that mean nothing."""
        known = KEYS[self.name]
        for key in self.values:
            if key not in known:
                raise self.refuse(shown(key), f"is no key; known are {', '.join(sorted(known))}")

    def section(self, name: str) -> Section:
        """A table that must be there, its keys checked."""
        if name not in self.values:
            raise self.refuse(name, f"is missing: the mapping needs a table [{name}]")
        section = Section(self.file, name, self.table(name))
        section.check_keys()
        return section

    def table(self, key: str) -> dict[str, Any]:
        """A table as it stands, empty where there is none."""
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self.refuse(key, f"must be a table, written [{key}]")
        return values

    def text(self, key: str, *, needed: bool = False) -> str:
        """A text, '' where there is none."""
        value = self.values.get(key, "")
        if key in self.values and not is_text(value):
            raise self.refuse(key, f"must be text, it is {shown(value)}")
        if needed and not value:
            raise self.refuse(key, "is missing")
        return str(value).strip()

    def flag(self, key: str) -> bool:
        """True or false; false where it is not said."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.refuse(key, f"must be true or false, it is {shown(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts, each to be shown as it stands."""
        value = self.values.get(key, [])
        told = [value] if isinstance(value, str) else value
        if not isinstance(told, list) or not all(isinstance(text, str) for text in told):
            raise self.refuse(key, f"must be a text or a list of texts, it is {shown(value)}")
        return tuple(text.strip() for text in told if text.strip())

    def columns(self, key: str, *, most: int = 20) -> tuple[str, ...]:
        """The columns that a text or a list of texts names."""
        value = self.values.get(key, [])
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(is_text(name) for name in names):
            raise self.refuse(key, f"must be a column or a list of columns, it is {shown(value)}")
        if (key in self.values and not names) or len(names) > most:
            raise self.refuse(key, f"must name 1 to {most} columns")
        columns = tuple(name.strip() for name in names)
        if len(set(columns)) < len(columns):
            raise self.refuse(key, "names a column twice")
        return columns

    def file_named(self, key: str, folder: Path | None) -> Path:
        """The path of a file that a key names; None as folder knows no files."""
        name = self.text(key)
        if folder is None:
            raise self.refuse(key, f"names the file {name!r}, which does not come with the mapping")
        path = folder / name
        if "\0" in name or not path.exists():
            raise self.refuse(key, f"names the file {name!r}, which is not beside the mapping")
        return path


def read_toml(content: bytes, *, file: str) -> Section:
    """Read TOML as its top section.

    Raises
    ------
    InputError
        If it is too long, or no TOML in UTF-8.
    """
    if len(content) > LARGEST_MAPPING:
        raise InputError(f"{file} is longer than {LARGEST_MAPPING:,} bytes")
    try:
        return Section(file, "", tomllib.loads(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is no TOML: {str(error).splitlines()[0][:200]}") from error


def is_text(value: object) -> bool:
    """Tell whether a value is text that can name something."""
    return isinstance(value, str) and 0 < len(value.strip()) <= 200


def shown(value: object) -> str:
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
