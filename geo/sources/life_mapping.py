"""The tables `[life]`, `[kinds]` and `[channels]` of a mapping file: what happens to a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geo.errors import InputError
from geo.records.life import CHANNELS, KINDS
from geo.sources.dates import DateFormat
from geo.sources.sections import Section, quoted

_TIMES: Final[tuple[str, ...]] = ("received", "due", "answered", "closed")
_TEXTS: Final[tuple[str, ...]] = ("outcome", "service", "stated_area", "reopened", "extracted")
WHOLE: Final = "whole"
CHANGES: Final = "changes"


@dataclass(frozen=True)
class Coded:
    """How a row gets its kind, or its channel.

    Attributes
    ----------
    column
        The column of codes, '' if every row has the same.
    every
        What every row has, '' if there is a column or nothing is known.
    known
        What each case-folded code means.
    """

    column: str
    every: str
    known: Mapping[str, str]


@dataclass(frozen=True)
class Life:
    """The checked table `[life]` of a mapping file.

    Attributes
    ----------
    kind, channel
        How a row gets them.
    times
        The columns of `received`, `due`, `answered` and `closed`, each a date, or a date and a
        time; without those that the mapping does not name.
    texts
        The columns of `outcome`, `service`, `stated_area`, `reopened` and `extracted`, likewise.
    form
        How the dates are written.
    withdrawn
        Case-folded outcomes of records that were withdrawn.
    stated_layer
        The layer of the stated areas; '' where none is stated.
    whole
        Whether each extract holds all records.
    """

    kind: Coded
    channel: Coded
    times: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]
    form: DateFormat
    withdrawn: frozenset[str]
    stated_layer: str
    whole: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        coded = [one.column for one in (self.kind, self.channel) if one.column]
        times = [column for columns in self.times.values() for column in columns]
        return (*coded, *times, *self.texts.values())


def read_life(top: Section, form: DateFormat) -> Life:
    """Read what a mapping file says of lives.

    Parameters
    ----------
    top
        The mapping file, with a table `[life]`.
    form
        How its other dates are written.

    Returns
    -------
    The checked table.

    Raises
    ------
    InputError
        If a value is wrong, or a key that is needed is missing; the line names the key.
    """
    section = top.section("life")
    times = {name: section.columns(name, most=2) for name in _TIMES if name in section.values}
    texts = {name: section.text(name, needed=True) for name in _TEXTS if name in section.values}
    own = _form(section, form)
    if own.finest == "month":
        raise section.error("format", "has no day; lives need days")
    layer = section.text("stated_layer")
    if bool(layer) != ("stated_area" in texts):
        raise section.error("stated_layer", "and stated_area need each other")
    if "withdrawn" in section.values and "outcome" not in texts:
        raise section.error("withdrawn", "lists outcomes, and needs outcome")
    extract = section.text("extract", needed=True)
    if extract not in (WHOLE, CHANGES):
        raise section.error("extract", f"must be {WHOLE} or {CHANGES}, not {extract!r}")
    return Life(
        kind=_coded(top, section, "kind", KINDS),
        channel=_coded(top, section, "channel", CHANNELS),
        times=times,
        texts=texts,
        form=own,
        withdrawn=frozenset(text.casefold() for text in section.texts("withdrawn")),
        stated_layer=layer,
        whole=extract == WHOLE,
    )


def _form(section: Section, form: DateFormat) -> DateFormat:
    text = section.text("format")
    try:
        return DateFormat.read(text) if text else form
    except InputError as error:
        raise section.error("format", f"is wrong: {error}") from error


def _coded(top: Section, section: Section, name: str, known: Sequence[str]) -> Coded:
    column, every = section.text(name), section.text(f"every_{name}")
    if column and every:
        raise section.error(name, f"and every_{name} exclude each other; keep one")
    if name == "kind" and not column and not every:
        raise section.error(name, "is missing; name a column, or every_kind for all rows")
    listed = ", ".join(known)
    if every and every not in known:
        raise section.error(f"every_{name}", f"must be one of {listed}, not {every!r}")
    codes = Section(top.file, f"{name}s", top.table(f"{name}s"))
    if codes.values and not column:
        raise codes.error("", f"needs life.{name}, the column of the codes")
    meanings = {one: one for one in known}
    for code, meaning in codes.values.items():
        if meaning not in known:
            raise codes.error(quoted(code), f"must be one of {listed}, not {quoted(meaning)}")
        meanings[code.strip().casefold()] = str(meaning)
    return Coded(column, every, meanings)
