"""The forms of two uses of a table: values of measures, and entries of money and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, cast

from api.imports.table_tasks import TableTask
from api.imports.tables import ValueOptions, checked_measure, period_of
from api.look.facts import FileFacts
from geo.errors import InputError
from geo.measures.fingertips import is_fingertips
from geo.measures.model import Better, EntryKind, Measure, MeasureKind
from geo.measures.read_entries import COLUMNS as ENTRY_COLUMNS
from geo.measures.read_entries import DateOrder, EntryOptions
from geo.measures.read_values import COLUMNS as VALUE_COLUMNS
from geo.measures.rejected_rows import columns_of

TABLE_USES: Final = ("measures", "entries")

KINDS: Final = {
    "count": "Count, such as residents",
    "rate": "Rate, such as per 1,000",
    "share": "Share, such as per cent",
    "mean": "Mean, such as a score",
    "money": "Money",
    "hours": "Hours",
}
BETTER: Final = {
    "neither": "Neither",
    "up": "Higher is better",
    "down": "Lower is better",
}
STATES: Final = {"allocated": "Allocated", "committed": "Committed", "paid": "Paid"}
ACTIVITIES: Final = {
    "office": "Office",
    "patrol": "Patrol",
    "engagement": "Engagement",
    "cases": "Cases",
}
CHOICES: Final = {"kinds": KINDS, "better": BETTER, "states": STATES, "activities": ACTIVITIES}
"""What the forms offer to choose from, by the names that the templates use."""

VALUE_TITLES: Final = {
    "area_code": "Areas, by code or name",
    "period": "Period",
    "value": "Value",
    "numerator": "Numerator",
    "denominator": "Denominator",
    "note": "Note",
    "measure_id": "Measure",
    "from": "First day",
    "to": "Last day",
    "lower": "Lower limit",
    "upper": "Upper limit",
}
"""Columns of a table of values, those first that are most often named otherwise."""

ENTRY_TITLES: Final = {
    "day": "Day",
    "amount": "Amount in pounds",
    "hours": "Hours",
    "minutes": "Minutes",
    "area": "Areas, by code or name",
    "id": "Id of each entry",
    "state": "State of money",
    "activity": "Activity of time",
    "kind": "Money or time",
    "post": "Post",
    "priority": "Priority",
    "task": "Task",
    "payee_kind": "Kind of payee",
    "note": "Note",
    "reverses": "Id of the entry that it takes back",
    "settles": "Id of the commitment that it pays",
}
"""Columns of a table of entries."""

_VALUES_FIELDS: Final = (
    *("values_layer", "values_id", "values_title", "values_unit", "values_kind", "values_better"),
    *("values_multiplier", "values_period", "values_source", "values_licence", "values_caveat"),
)
_ENTRIES_FIELDS: Final = (
    *("entries_layer", "entries_kind", "entries_state", "entries_activity", "entries_dates"),
)
FIELDS: Final = (
    *_VALUES_FIELDS,
    *(f"value_{name}" for name in VALUE_TITLES),
    *_ENTRIES_FIELDS,
    *(f"entry_{name}" for name in ENTRY_TITLES),
)
"""All fields of both forms."""


def header_of(facts: FileFacts) -> list[str]:
    """The columns of a file."""
    return [one.name for one in facts.fields]


def areas_column(facts: FileFacts) -> str:
    """The column that names areas by its name, '' if there is none."""
    header = header_of(facts)
    if is_fingertips(header):
        return "Area Code"
    values = columns_of(header, VALUE_COLUMNS, {}, file=facts.file)
    entries = columns_of(header, ENTRY_COLUMNS, {}, file=facts.file)
    return values.get("area_code") or entries.get("area", "")


def first_table_values(facts: FileFacts, layer_id: str) -> dict[str, str]:
    """The values of both forms before anybody changes them.

    Parameters
    ----------
    facts
        The file.
    layer_id
        The layer that its areas seem to be of.
    """
    columns = columns_of(header_of(facts), ENTRY_COLUMNS, {}, file=facts.file)
    is_time = "amount" not in columns and bool({"hours", "minutes"} & set(columns))
    day = next((one for one in facts.fields if one.name == columns.get("day")), None)
    return {
        "values_layer": layer_id,
        "values_id": facts.proposal.get("measure_id", ""),
        "values_kind": "count",
        "values_better": "neither",
        "values_multiplier": "1",
        "entries_layer": layer_id,
        "entries_kind": "time" if is_time else "money",
        "entries_dates": "dd/mm/yyyy" if day and "dd/mm/yyyy" in day.formats else "iso",
    }


def table_roles(facts: FileFacts, values: Mapping[str, str]) -> dict[str, str]:
    """What each column is used as, by its name: as chosen, else found by its name."""
    is_values = values.get("use") == "measures"
    known, titles = (VALUE_COLUMNS, VALUE_TITLES) if is_values else (ENTRY_COLUMNS, ENTRY_TITLES)
    if is_values and is_fingertips(header_of(facts)):
        return {}
    named = _named(values, "value" if is_values else "entry", titles)
    try:
        columns = columns_of(header_of(facts), known, named, file=facts.file)
    except InputError:
        return {}
    return {column: titles[name].lower() for name, column in columns.items()}


def table_task(
    facts: FileFacts,
    path: Path,
    values: Mapping[str, str],
    measures: Iterable[Measure],
    *,
    rejects: Path,
) -> TableTask:
    """The task that one of the forms asks for.

    Parameters
    ----------
    facts, path
        The file.
    values
        By the names of `FIELDS`.
    measures
        Those of the store.
    rejects
        Where rejected rows are written.

    Raises
    ------
    InputError
        If something is missing.
    """
    is_values = values.get("use") == "measures"
    layer_id = values.get("values_layer" if is_values else "entries_layer", "")
    if not layer_id:
        raise InputError("there is no layer yet whose areas it names; add a boundary layer first")
    if not is_values:
        return TableTask(path, rejects, _entry_options(layer_id, values))
    if is_fingertips(header_of(facts)):
        how = ValueOptions(
            layer_id,
            is_fingertips=True,
            better=_better(values),
            source=values.get("values_source", ""),
            licence=values.get("values_licence", ""),
            caveat=values.get("values_caveat", ""),
        )
        return TableTask(path, rejects, how)
    period = values.get("values_period", "")
    how = ValueOptions(
        layer_id,
        _measure(layer_id, values, measures),
        _named(values, "value", VALUE_TITLES),
        period_of(period) if period else None,
    )
    return TableTask(path, rejects, how)


def _measure(
    layer_id: str, values: Mapping[str, str], measures: Iterable[Measure]
) -> Measure | None:
    """The measure of a file that has no column of it; None of one that has."""
    own, title = values.get("values_id", ""), values.get("values_title", "")
    if not own:
        return None
    known = next((one for one in measures if one.measure_id == own), None)
    # A second file of a measure need not describe it again, and does not change it unasked.
    if known and not title and known.layer_id == layer_id and not known.question:
        return known
    if not title:
        raise InputError(f"{own} is a new measure on this layer: give it a title")
    return checked_measure(
        Measure(
            own,
            title,
            values.get("values_unit", ""),
            cast("MeasureKind", values.get("values_kind") or "count"),
            _better(values),
            layer_id,
            values.get("values_source", ""),
            values.get("values_licence", ""),
            values.get("values_caveat", ""),
            _multiplier(values.get("values_multiplier", "")),
        )
    )


def _better(values: Mapping[str, str]) -> Better:
    better = values.get("values_better") or "neither"
    if better not in BETTER:
        raise InputError(f"unknown direction {better!r}; choose {', '.join(BETTER)}")
    return cast("Better", better)


def _multiplier(text: str) -> float:
    try:
        return float(text.replace(",", "") or 1)
    except ValueError:
        raise InputError(
            f"the multiplier {text!r} is no number; write 100 for a share in per cent"
        ) from None


def _entry_options(layer_id: str, values: Mapping[str, str]) -> EntryOptions:
    kind, dates = values.get("entries_kind", ""), values.get("entries_dates", "")
    state, activity = values.get("entries_state", ""), values.get("entries_activity", "")
    if kind not in ("money", "time"):
        raise InputError("choose whether the rows are money or time")
    if dates not in ("iso", "dd/mm/yyyy"):
        raise InputError("choose how days are written")
    if (state and state not in STATES) or (activity and activity not in ACTIVITIES):
        raise InputError("choose a state of money and an activity of time from the lists")
    return EntryOptions(
        layer_id,
        cast("EntryKind", kind),
        _named(values, "entry", ENTRY_TITLES),
        cast("DateOrder", dates),
        state,
        activity,
    )


def _named(values: Mapping[str, str], prefix: str, titles: Iterable[str]) -> dict[str, str]:
    """The columns that a form names, by what they hold."""
    chosen = {name: values.get(f"{prefix}_{name}", "") for name in titles}
    return {name: column for name, column in chosen.items() if column}
