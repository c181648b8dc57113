"""The electorate proforma of the Local Government Boundary Commission for England (LGBCE).

A sheet with one row for each polling district, or part of one: where it lies, and its electors
today and in the years of forecasts. Councils fill it in at the start of a review.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from boundaries.layers.electorates import CURRENT, FORECAST, electorate_title
from geo.errors import InputError
from geo.formats.csv_table import Table

HEADING: Final = "Polling district"
"""The heading that marks the header of the sheet."""

HEADINGS: Final = {
    "polling_district": HEADING,
    "description": "Description of area",
    "parish": "Parish",
    "parish_ward": "Parish ward",
    "grouped_parish": "Grouped parish council",
    "ward": "Existing ward",
    "proposed_ward": "Proposed ward",
}
"""Columns of `Proforma.districts` → the headings of the sheet."""

NOTABLE_GROWTH: Final = 0.25
"""A district whose electors change by more than this share until the forecast is named."""

_ALSO = {
    "ward": ("ward", "existing division", "electoral division", "division"),
    "description": ("description",),
    "grouped_parish": ("grouped parish",),
}
_ELECTORATE = re.compile(r"(?:electorate|electors)\b(?:.*?\b(\d{4}|current|forecast)\b)?")
# The table of wards, which the sheet has on the right, begins with this column.
_WARDS = ("name of ward", "name of division", "name of ward or division")
_TOTAL = re.compile(r"(.*\b)?(sub)?totals?\b.*", re.IGNORECASE)
# What tells the parts of a polling district apart.
_PLACE = ("polling_district", "parish", "parish_ward", "ward", "description")
_WHOLE = re.compile(r"\d{1,3}(,\d{3})+|\d+")
_LONGEST_NUMBER = len("999,999,999")
_MOST_FAULTS = 20


@dataclass(frozen=True)
class Proforma:
    """A proforma that was read and checked.

    Attributes
    ----------
    districts
        One row for each polling district in the order of the file, by `polling_district`: the
        columns of `HEADINGS` that the sheet has, as text, and those of `electorates`, as whole
        numbers. The rows of a district that is split over wards or parishes are added up, and
        what differs between them is joined with "; ".
    electorates
        Column of electors → its heading in the sheet. The first one is `CURRENT`, the one of
        the review `FORECAST`, and others are `electors_2028` and so on, by their years.
    wards
        The electors of each existing ward, by its name; without rows if the sheet has no wards.
    notes
        What a reader should know or explain, a sentence each.
    """

    districts: pd.DataFrame
    electorates: dict[str, str]
    wards: pd.DataFrame
    notes: tuple[str, ...]


def read_proforma(table: Table, *, forecast: str = "") -> Proforma:
    """Read and check a proforma.

    Parameters
    ----------
    table
        The sheet, with the row that has `HEADING` as its header.
    forecast
        The year of the forecast that becomes `FORECAST`; '' for the last one.

    Returns
    -------
    The proforma. Rows of totals, of a ward or of all, are checked and left out.

    Raises
    ------
    InputError
        If a column is missing, or a row is at fault: the message has every fault with its line.
    """
    columns, electorates = _columns(table, forecast)
    frame = pd.DataFrame({name: table.text(heading) for name, heading in columns.items()})
    counted = pd.DataFrame({name: table.text(heading) for name, heading in electorates.items()})
    lines = pd.Series(table.lines, index=frame.index)
    is_empty = (frame == "").all(axis=1)
    is_total = _are_totals(frame, is_empty) & (counted != "").any(axis=1)
    is_blank = is_empty & (counted == "").all(axis=1)
    is_district = ~(is_total | is_blank)
    if not is_district.any():
        raise InputError(f"{table.file} has no polling district below its header")
    faults = [*_faults(frame[is_district], counted[is_district], lines)]
    if not faults:
        numbers = counted[is_district].apply(_whole)
        faults = [*_wrong_totals(counted[is_total], numbers, lines)]
    if faults:
        raise InputError(_refusal(table.file, faults))
    rows = frame[is_district].join(numbers)
    names = [*electorates]
    districts = _districts(rows, names)
    wards = rows.groupby("ward")[names].sum() if "ward" in rows else rows[names].iloc[:0]
    return Proforma(districts, electorates, wards, tuple(_notes(rows, districts, names)))


def _columns(table: Table, forecast: str) -> tuple[dict[str, str], dict[str, str]]:
    """The columns of text and of electors, by name, with their names in the table."""
    plain = {name: _plain(name) for name in table.header}
    known = {_plain(heading): name for name, heading in HEADINGS.items()}
    known |= {other: name for name, others in _ALSO.items() for other in others}
    columns: dict[str, str] = {}
    headings: dict[str, str] = {}
    for heading, words in plain.items():
        if words in _WARDS:
            break
        electorate = _ELECTORATE.match(words)
        if words in known:
            columns.setdefault(known[words], heading)
        elif electorate:
            when = electorate[1] or ("forecast" if headings else "current")
            if when in headings:
                raise InputError(f"{table.file} has two columns of the electorate of {when}")
            headings[when] = heading
    if "polling_district" not in columns:
        raise InputError(f"{table.file} has no column '{HEADING}', as the proforma has")
    if not headings:
        raise InputError(f"{table.file} has no column such as 'Electorate 2026'")
    return columns, _named_electorates(table.file, headings, forecast)


def _named_electorates(file: str, headings: dict[str, str], forecast: str) -> dict[str, str]:
    whens = [*headings]
    years = [when for when in whens if when.isdigit()]
    if years != sorted(years) or ("current" in whens and whens[0] != "current"):
        raise InputError(
            f"{file}: the electorates are of {', '.join(whens)}; put the earliest one first"
        )
    if forecast and forecast not in whens[1:]:
        raise InputError(
            f"{file} has no forecast of {forecast}; it has: {', '.join(whens[1:]) or 'none'}"
        )
    names = {CURRENT: headings[whens[0]]}
    for when in whens[1:]:
        if when == (forecast or whens[-1]):
            names[FORECAST] = headings[when]
        elif when.isdigit():
            names[f"electors_{when}"] = headings[when]
        else:
            raise InputError(f"{file}: name the year of each forecast, such as 'Electorate 2031'")
    return names


def _faults(
    frame: pd.DataFrame, counted: pd.DataFrame, lines: pd.Series
) -> Iterator[tuple[int, str]]:
    """Each fault of a row, with its line."""
    first: dict[tuple[str, ...], int] = {}
    rows = frame.join(lines.rename("line")).to_dict("records")
    for row, electors in zip(rows, counted.to_dict("records"), strict=True):
        line, district = int(row["line"]), str(row["polling_district"])
        yield from ((line, fault) for fault in _row_faults(row, electors, district))
        place = tuple(str(row.get(name, "")) for name in _PLACE)
        if district and place in first:
            yield line, f"{district} is the same place as line {first[place]}; keep one of them"
        first.setdefault(place, line)


def _row_faults(
    row: Mapping[Hashable, object], electors: Mapping[Hashable, str], district: str
) -> Iterator[str]:
    if not district:
        yield "the polling district is empty"
    if row.get("ward") == "":
        yield f"{district}: the existing ward is empty"
    if row.get("parish_ward") and not row.get("parish"):
        yield f"{district}: a parish ward without its parish"
    for name, text in electors.items():
        if not _WHOLE.fullmatch(text):
            value = f"{text!r} is no whole number" if text else "is empty"
            yield f"{district}: {_column_words(str(name))} {value}"
        elif len(text) > _LONGEST_NUMBER:
            yield f"{district}: {_column_words(str(name))} is too large"


def _column_words(name: str) -> str:
    return f"the electorate ({electorate_title(name)})"


def _are_totals(frame: pd.DataFrame, is_empty: pd.Series) -> pd.Series:
    """Whether each row is a total: of no polling district, with or without that word."""
    district = frame["polling_district"]
    is_none = (district == "") | district.str.fullmatch(_TOTAL)
    has_word = frame.apply(lambda texts: texts.str.fullmatch(_TOTAL)).any(axis=1)
    are_totals: pd.Series = is_none & (has_word | is_empty)
    return are_totals


def _wrong_totals(
    totals: pd.DataFrame, numbers: pd.DataFrame, lines: pd.Series
) -> Iterator[tuple[int, str]]:
    """Totals that are no number, or no sum of the rows above them or of those since the last."""
    last = -1
    for row, texts in zip(totals.index, totals.to_dict("records"), strict=True):
        above = numbers[numbers.index < row]
        since = above[above.index > last]
        for name, text in texts.items():
            words = f"the total of {_column_words(str(name))} is"
            if len(text) > _LONGEST_NUMBER:
                yield int(lines[row]), f"{words} too large"
            elif _WHOLE.fullmatch(text):
                total = int(text.replace(",", ""))
                if total not in (above[name].sum(), since[name].sum()):
                    fault = f"{words} {total:,}, but the rows above come to"
                    yield int(lines[row]), f"{fault} {above[name].sum():,}"
            elif text:
                yield int(lines[row]), f"{words} {text!r}, which is no whole number"
        last = row


def _refusal(file: str, faults: list[tuple[int, str]]) -> str:
    listed = "; ".join(f"line {line}: {text}" for line, text in faults[:_MOST_FAULTS])
    more = len(faults) - _MOST_FAULTS
    return f"{file}: {listed}" + (f"; and {more:,} more faults" if more > 0 else "")


def _districts(rows: pd.DataFrame, electorates: list[str]) -> pd.DataFrame:
    """One row for each polling district."""
    texts = [name for name in rows if name not in (*electorates, "polling_district")]
    how = dict.fromkeys(texts, _joined) | dict.fromkeys(electorates, "sum")
    return rows.groupby("polling_district", sort=False).agg(how)


def _joined(values: pd.Series) -> str:
    return "; ".join(dict.fromkeys(value for value in values if value))


def _notes(rows: pd.DataFrame, districts: pd.DataFrame, electorates: list[str]) -> Iterator[str]:
    often = rows["polling_district"].value_counts(sort=False)
    split = often.index[often > 1]
    if len(split):
        verb = "has" if len(split) == 1 else "have"
        yield f"{_number(split)} {verb} several rows, which are added up: {_listed(split)}"
    empty = districts.index[(districts[electorates] == 0).all(axis=1)]
    if len(empty):
        verb = "has" if len(empty) == 1 else "have"
        yield f"{_number(empty)} {verb} no electors: {_listed(empty)}"
    if FORECAST in electorates:
        now, later = districts[CURRENT].to_numpy(float), districts[FORECAST].to_numpy(float)
        notable = districts.index[np.abs(later - now) > NOTABLE_GROWTH * now]
        if len(notable):
            verb = "changes" if len(notable) == 1 else "change"
            yield (
                f"{_number(notable)} {verb} by more than {100 * NOTABLE_GROWTH:.0f} % until the "
                f"forecast; be ready to explain why: {_listed(notable)}"
            )


def _number(districts: pd.Index) -> str:
    return "1 polling district" if len(districts) == 1 else f"{len(districts):,} polling districts"


def _listed(names: pd.Index, most: int = 5) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more


def _whole(values: pd.Series) -> pd.Series:
    return values.str.replace(",", "").astype("int64")


def _plain(heading: str) -> str:
    """A heading as it is compared: small letters, without marks."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", heading.lower()).split())
