"""The TOML tables of a mapping file: known keys, checked values, errors that name the key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeGuard

from geo.errors import InputError
from geo.text import refuse_control_characters

LARGEST_MAPPING: Final = 2**20
"""Bytes of a mapping file; with long code lists they reach some 50,000."""

_LONGEST_NAME = 200
_LONGEST_QUOTE = 60

METADATA: Final = "metadata"
METADATA_DEPRECATED: Final = "papers"
"""The earlier name of the table `[metadata]`; users' mapping files still have it."""

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
        "covers",
        "life",
        "kinds",
        "channels",
        METADATA,
        METADATA_DEPRECATED,
    },
    "when": {"from", "to", "format"},
    "where": {"easting", "northing", "crs", "longitude", "latitude", "postcode", "lookup"},
    "what": {"column", "category", "vocabulary", "unknown"},
    "covers": {"from", "to", "categories"},
    "life": {
        *("kind", "every_kind", "channel", "every_channel", "received", "due", "answered"),
        *("closed", "format", "outcome", "withdrawn", "service", "stated_area", "stated_layer"),
        *("reopened", "extract", "extracted"),
    },
}
KEYS[METADATA] = KEYS[METADATA_DEPRECATED] = {
    "title",
    "attribution",
    "licence",
    "caveats",
    "snapped",
}


@dataclass(frozen=True)
class Section:
    """A table of the mapping file; every error names the file and the key."""

    file: str
    name: str
    values: dict[str, object]

    def error(self, key: str, reason: str) -> InputError:
        """An error about a key, to raise.

        Parameters
        ----------
        key
            The key at fault.
        reason
            What is wrong with it, and what to do.

        Returns
        -------
        The error.
        """
        dotted = ".".join(part for part in (self.name, key) if part)
        return InputError(f"{self.file}: {dotted} {reason}")

    def check_keys(self) -> None:
        """Refuse unknown keys."""
        known = KEYS[self.name]
        for key in self.values:
            if key not in known:
                listed = ", ".join(sorted(known - {METADATA_DEPRECATED}))
                raise self.error(quoted(key), f"is not a known key; known keys are {listed}")

    def section(self, name: str) -> Section:
        """A table that must exist, its keys checked."""
        if name not in self.values:
            raise self.error(name, f"is missing: the mapping needs a table [{name}]")
        return self.optional_section(name)

    def optional_section(self, name: str) -> Section:
        """A table, empty if it does not exist, its keys checked."""
        section = Section(self.file, name, self.table(name))
        section.check_keys()
        return section

    def table(self, key: str) -> dict[str, object]:
        """The unchecked content of a table, empty if it does not exist."""
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self.error(key, f"must be a table, written [{key}]")
        return values

    def text(self, key: str, *, needed: bool = False) -> str:
        """A text, '' if the key does not exist.

        Parameters
        ----------
        key
            The key of the text.
        needed
            Whether it must exist.

        Returns
        -------
        The text.
        """
        value = self.values.get(key, "")
        if key in self.values and not is_text(value):
            raise self.error(key, f"must be text, not {quoted(value)}")
        if needed and not value:
            raise self.error(key, "is missing; add it")
        return str(value).strip()

    def flag(self, key: str) -> bool:
        """True or false; false if the key does not exist."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, f"must be true or false, not {quoted(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts; empty ones are left out."""
        value = self.values.get(key, [])
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise self.error(key, f"must be a text or a list of texts, not {quoted(value)}")
        return tuple(text.strip() for text in texts if text.strip())

    def columns(self, key: str, *, most: int = 20) -> tuple[str, ...]:
        """The columns that a text or a list of texts names.

        Parameters
        ----------
        key
            An optional key.
        most
            The largest number of columns allowed.

        Returns
        -------
        columns
            Empty if the key does not exist.

        Raises
        ------
        InputError
            If the value has another type, is empty, too long, or repeats a column.
        """
        value = self.values.get(key, [])
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(is_text(name) for name in names):
            raise self.error(key, f"must be a column or a list of columns, not {quoted(value)}")
        if (key in self.values and not names) or len(names) > most:
            raise self.error(key, f"must name 1 to {most} columns")
        columns = tuple(name.strip() for name in names)
        if len(set(columns)) < len(columns):
            raise self.error(key, "names a column twice; remove one")
        return columns

    def file_named(self, key: str, folder: Path | None) -> Path:
        """The path of an existing file that a key names.

        Parameters
        ----------
        key
            A key whose value is a file name.
        folder
            Where the file must lie; None if the mapping came without a folder.

        Returns
        -------
        path
            A file or a folder.

        Raises
        ------
        InputError
            If there is no such file.
        """
        name = self.text(key)
        if folder is None:
            raise self.error(key, f"names the file {name!r}, which was not sent with the mapping")
        path = folder / name
        # A NUL byte would raise ValueError in `exists`.
        if "\0" in name or not path.exists():
            raise self.error(
                key, f"names the file {name!r}; put that file in the folder of the mapping"
            )
        return path


def read_toml(content: bytes, *, file: str) -> Section:
    """Read a TOML file as its top section.

    Parameters
    ----------
    content
        UTF-8, with or without a byte order mark.
    file
        Its name, for messages.

    Returns
    -------
    top
        The section without a name; its keys are not checked yet.

    Raises
    ------
    InputError
        If it is too long, or not TOML in UTF-8.
    """
    if len(content) > LARGEST_MAPPING:
        raise InputError(f"{file} is longer than {LARGEST_MAPPING:,} bytes")
    try:
        top = Section(file, "", tomllib.loads(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text; save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not TOML: {str(error).splitlines()[0][:200]}") from error
    refuse_control_characters("".join(_texts(top.values)), file)
    return top


def _texts(value: object) -> Iterator[str]:
    """Every key and text of a parsed TOML file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from (key, *_texts(below))
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below)


def is_text(value: object) -> TypeGuard[str]:
    """Whether a value is a text that can name something."""
    return isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_NAME


def quoted(value: object) -> str:
    """A value as messages quote it, shortened."""
    text = repr(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 3]}..."
