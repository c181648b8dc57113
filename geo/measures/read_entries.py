"""Reads entries of money and time from a CSV or XLSX: one row per dated amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.measures.amounts import TimeUnit, minutes_of, pence_of
from geo.measures.entry_checks import check_entries
from geo.measures.model import ENTRY_COLUMNS, ENTRY_KINDS, EntryKind, entries_frame
from geo.measures.rejected_rows import (
    AreaFinder,
    RejectedRows,
    Texts,
    columns_of,
    first_reasons,
    reasons_where,
)
from geo.personal_texts import names_payee, personal_text
from geo.sources.sheets import read_sheet

DateOrder = Literal["iso", "dd/mm/yyyy"]

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("entry_id", "reference", "transaction number", "transaction id"),
    "kind": (),
    "day": ("date", "payment date", "transaction date"),
    "amount": ("pounds", "gbp", "net amount"),
    "hours": ("time", "hours worked"),
    "minutes": ("mins",),
    "area": ("area_code", "area name", "ward", "ward code", "ward name"),
    "state": ("status",),
    "activity": (),
    "post": (),
    "priority": (),
    "task": (),
    "payee_kind": ("payee", "supplier type"),
    "note": ("notes", "description", "purpose"),
    "reverses": (),
    "settles": (),
}
"""What a row can hold, and the names that its column may have besides."""

CITY_WIDE: Final = frozenset(
    {"", "city-wide", "citywide", "city", "all", "borough-wide", "all wards"}
)
"""What stands in place of an area where an entry is of the whole city."""

LONGEST: Final = 300
"""Most characters of a text of an entry."""

_TEXTS: Final = ("post", "priority", "task", "payee_kind", "note")
_NAMES: Final = ("state", "activity", "kind")


@dataclass(frozen=True)
class EntryOptions:
    """How a table of entries is written.

    Attributes
    ----------
    layer_id
        The layer that its areas are of.
    kind
        Of all rows, where the file has no column of it.
    columns
        What a row holds, as in `COLUMNS` → the file's column.
    dates
        How days are written.
    state, activity
        Of all rows, where the file has no column of it.
    """

    layer_id: str
    kind: EntryKind = "money"
    columns: Mapping[str, str] | None = None
    dates: DateOrder = "iso"
    state: str = ""
    activity: str = ""


@dataclass(frozen=True)
class ReadEntries:
    """What was read of a file: every row is an entry, or rejected with a reason.

    Attributes
    ----------
    entries
        With `ENTRY_COLUMNS`; those that are stored already among them.
    rejected
        The other rows.
    rows_read
        How many rows the file has.
    rows_present
        How many of the entries are stored already, or stand twice in the file.
    notices
        What a reader should know, a line each.
    """

    entries: pd.DataFrame
    rejected: RejectedRows
    rows_read: int
    rows_present: int
    notices: tuple[str, ...] = ()


def read_entries(
    path: Path, areas: gpd.GeoDataFrame, how: EntryOptions, *, sha256: str, stored: pd.DataFrame
) -> ReadEntries:
    """Read a table of entries.

    Parameters
    ----------
    path
        A CSV or XLSX with `COLUMNS`.
    areas
        The layer that its areas are of, indexed by code, with `area_name`.
    how
        How it is written.
    sha256
        The hash of its bytes. Where rows have no id, each is known by this and its line.
    stored
        The entries that are stored, with `ENTRY_COLUMNS`.

    Returns
    -------
    ReadEntries
        Amounts are exact: a row with a part of a penny or of a minute is rejected.

    Raises
    ------
    InputError
        If the file cannot be read, or lacks a column that is needed.
    """
    finder, rejected = AreaFinder(areas), RejectedRows()
    tables: list[tuple[Table, pd.DataFrame]] = []
    for table in read_sheet(path):
        columns = columns_of(table.header, COLUMNS, how.columns or {}, file=path.name)
        _require(columns, table, how)
        rows, reasons = _rows(table, columns, how, finder, sha256=sha256)
        rejected.add(table, reasons)
        tables.append((table, rows[reasons == ""]))
    read = sum(len(table) for table, _ in tables)
    frame = pd.concat([rows for _, rows in tables], ignore_index=True)
    # Typed first, as what is stored is: the same content has to compare equal.
    typed = entries_frame(frame)
    order = frame.sort_values(["day", "entry_id"], kind="stable").index.to_numpy()
    checked = check_entries(typed, stored)
    reasons = np.full(len(frame), "", dtype=object)
    reasons[order] = checked.reasons
    start = 0
    for table, rows in tables:
        part = reasons[start : start + len(rows)]
        rejected.add(table, part, rows=rows.index.tolist())
        start += len(rows)
    entries = typed[checked.reasons == ""].drop_duplicates("entry_id", ignore_index=True)
    present = int(checked.present.sum())
    return ReadEntries(entries, rejected, read, present, tables[-1][0].notices)


def _require(columns: Mapping[str, str], table: Table, how: EntryOptions) -> None:
    missing = [] if "day" in columns else ["day"]
    if not {"amount", "hours", "minutes"} & set(columns):
        missing.append("hours" if how.kind == "time" else "amount")
    if "area" not in columns:
        missing.append("area")
    if missing:
        raise InputError(
            f"{table.file} lacks the column {', '.join(missing)}; name it with --column "
            f"{missing[0]}=… (it has: {', '.join(table.header)[:200]})"
        )


def _rows(
    table: Table,
    columns: Mapping[str, str],
    how: EntryOptions,
    finder: AreaFinder,
    *,
    sha256: str,
) -> tuple[pd.DataFrame, Texts]:
    """The rows of a table as entries, by position, and why each is rejected."""
    texts = {
        name: table.text(columns[name]) if name in columns else pd.Series([""] * len(table))
        for name in COLUMNS
    }
    for name in _NAMES:
        texts[name] = texts[name].str.lower().replace("", getattr(how, name))
    amounts, no_amount = _amounts(texts, columns)
    days, no_day = _days(texts["day"], how.dates)
    city = texts["area"].str.lower().isin(CITY_WIDE).to_numpy()
    codes, no_area = finder.find(texts["area"])
    rows = pd.DataFrame(texts)[[name for name in COLUMNS if name in ENTRY_COLUMNS]].assign(
        entry_id=_ids(texts["id"], table, sha256),
        day=days,
        amount=amounts,
        layer_id=np.where(city, "", how.layer_id),
        area_code=np.where(city, "", codes),
        state=np.where(texts["kind"] == "time", "", texts["state"]),
        activity=np.where(texts["kind"] == "money", "", texts["activity"]),
    )
    reasons = first_reasons(
        reasons_where(table.wrong_width, "more or fewer fields than the header"),
        reasons_where(~texts["kind"].isin(ENTRY_KINDS), "unknown kind; use money or time"),
        no_day,
        no_amount,
        np.where(city, "", no_area).astype(object),
        _unfit_texts(texts),
    )
    return rows[list(ENTRY_COLUMNS)], reasons


def _ids(ids: pd.Series, table: Table, sha256: str) -> list[str]:
    """The ids of rows; of one without, the hash of the file and its line."""
    lines = table.lines.tolist()
    return [own or f"{sha256[:16]}:{line}" for own, line in zip(ids, lines, strict=True)]


def _amounts(texts: Mapping[str, pd.Series], columns: Mapping[str, str]) -> tuple[list[int], Texts]:
    """Pence or minutes of n rows, and why a row has none."""
    read = [
        _amount(*row, columns=columns)
        for row in zip(
            *(texts[name] for name in ("kind", "amount", "hours", "minutes")), strict=True
        )
    ]
    return [amount for amount, _ in read], np.array([reason for _, reason in read], dtype=object)


def _amount(
    kind: str, pounds: str, hours: str, minutes: str, *, columns: Mapping[str, str]
) -> tuple[int, str]:
    if kind == "money":
        return pence_of(pounds) if pounds else (0, "no amount")
    given: list[tuple[str, TimeUnit]] = [(hours, "hours"), (minutes, "minutes")]
    if not {"hours", "minutes"} & set(columns):
        given = [(pounds, "hours")]
    filled = [(text, unit) for text, unit in given if text]
    if len(filled) != 1:
        return 0, "no time" if not filled else "both hours and minutes"
    return minutes_of(*filled[0])


def _days(texts: pd.Series, dates: DateOrder) -> tuple[pd.Series, Texts]:
    form = "%Y-%m-%d" if dates == "iso" else "%d/%m/%Y"
    # A day of a workbook is read as an ISO date, with a time where the cell had one.
    plain = texts.str.removesuffix("T00:00:00").str.removesuffix(" 00:00:00")
    moments = pd.to_datetime(plain, format=form, errors="coerce")
    if dates != "iso":
        moments = moments.fillna(pd.to_datetime(plain, format="%Y-%m-%d", errors="coerce"))
    wrong = moments.isna() | (moments.dt.year < 1900) | (moments.dt.year > 2199)
    other = "dd/mm/yyyy" if dates == "iso" else "iso"
    reason = f"the day cannot be read as {'yyyy-mm-dd' if dates == 'iso' else dates}"
    advice = f"{reason}; is it --dates {other}?" if dates == "iso" else reason
    slashed = texts.str.contains("/", regex=False).to_numpy()
    reasons = np.where(wrong, np.where(slashed, advice, reason), "").astype(object)
    return moments.astype("datetime64[s]"), reasons


def _unfit_texts(texts: Mapping[str, pd.Series]) -> Texts:
    """Why texts of n rows cannot be stored: they look personal, name a payee, or are too long."""
    reasons = []
    for name in _TEXTS:
        unique = {text: _unfit(name, text) for text in texts[name].unique()}
        reasons.append(texts[name].map(unique).to_numpy(object))
    return first_reasons(*reasons)


def _unfit(name: str, text: str) -> str:
    if len(text) > LONGEST:
        return f"{name} is longer than {LONGEST} characters"
    if personal := personal_text(text):
        return f"{name} looks like {personal}: entries name nobody"
    if name == "payee_kind" and names_payee(text):
        return "payee_kind names a payee: use a kind, such as supplier or voluntary group"
    return ""
