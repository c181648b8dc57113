"""The question bar: what each of its controls offers, and why one of them is switched off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.snapshot import Snapshot
from geo.incidents import category_title
from geo.period import Interval, Latest
from geo.question.ask import Question, default_layer
from geo.question.harm import WEIGHTS_SETTING
from geo.question.model import DEFAULT_PERIOD
from geo.store.contract import ImportRecord

PERIODS: Final = {
    "latest-28d": "Latest 28 days",
    "latest-1m": "Latest month",
    "latest-3m": "Latest 3 months",
    "latest-12m": "Latest 12 months",
    "latest-36m": "Latest 3 years",
}
COMPARED: Final = {"": "nothing", "previous": "the period before", "year": "a year earlier"}
HOURS: Final = {"": "All day", "07-15": "Day 07–15", "15-23": "Late 15–23", "23-07": "Night 23–07"}
OTHER_HOURS: Final = "other"
CELLS: Final = (100, 150, 200, 250, 300, 400, 500)
MOST_AREAS: Final = 150
"""More areas than one can tick in a list."""

LISTS: Final = ("category", "source", "within")
"""Options of which a form sends one for each box that is ticked."""

OFFERED: Final = (
    *("datetime", "period", "compare", *LISTS, "layer", "study", "cell", "shape", "weight"),
    "hours",
)


def folded(fields: list[tuple[str, str]]) -> dict[str, str]:
    """What a form sends, as options: ticked boxes joined, and hours of one's own."""
    found: dict[str, str] = {}
    for name, text in fields:
        many = name in LISTS and found.get(name) and text
        found[name] = f"{found[name]},{text}" if many else text
    first, last = found.pop("hour_from", ""), found.pop("hour_to", "")
    if found.get("hours") == OTHER_HOURS:
        found["hours"] = f"{first}-{last}" if first and last and first != last else ""
    return {name: text for name, text in found.items() if text}


def opening_period(snapshot: Snapshot, question: Question) -> Latest | None:
    """The period of a board whose address names none: days where they are known, else a month.

    The board is what a meeting looks at now; other pages answer for a year. None where there is
    no incident yet.
    """
    asked = _asked(snapshot, question)
    if not asked:
        return None
    return Latest(1) if _too_coarse(asked, {"month"}) else Latest(28, "d")


def _asked(snapshot: Snapshot, question: Question) -> list[ImportRecord]:
    return [
        record
        for record in snapshot.imports()
        if not question.source or record.source in question.source
    ]


def bar(snapshot: Snapshot, question: Question) -> dict[str, Any]:
    """What the question bar offers for a store, where a Question is asked."""
    asked = _asked(snapshot, question)
    layer = question.layer or (default_layer(snapshot) if snapshot.layers() else "")
    known = {name for record in snapshot.imports() for name in record.summary.categories}
    dates = question.period if isinstance(question.period, Interval) else None
    return {
        "layers": snapshot.choices(),
        "layer": layer,
        "areas": _areas(snapshot, layer),
        "categories": sorted(known | set(question.category), key=category_title),
        "sources": sorted({record.source for record in snapshot.imports()}),
        "weights": _weights(snapshot),
        "periods": PERIODS,
        "default_period": str(DEFAULT_PERIOD),
        "compared": COMPARED,
        "hours": HOURS,
        "cells": sorted({*CELLS, question.cell}),
        "no_days": _too_coarse(asked, {"month"}),
        "no_hours": _too_coarse(asked, {"month", "day"}),
        "month_dates": dates is None or dates.names_months,
        "kept": {name: text for name, text in question.options().items() if name not in OFFERED},
    }


def _too_coarse(records: list[ImportRecord], precisions: set[str]) -> str:
    """Which sources know their times too coarsely, '' where none does."""
    coarse = {record.source for record in records if precisions & set(record.summary.precisions)}
    return ", ".join(sorted(coarse))


def _areas(snapshot: Snapshot, layer: str) -> Mapping[str, str]:
    areas = snapshot.areas_or_none(layer)
    if areas is None or len(areas) > MOST_AREAS:
        return {}
    return dict(
        sorted(dict(areas["area_name"]).items(), key=lambda pair: (str(pair[1]), str(pair[0])))
    )


def _weights(snapshot: Snapshot) -> dict[str, str]:
    start = WEIGHTS_SETTING.format("")
    return {
        key.removeprefix(start): str(table["title"])
        for key, table in snapshot.settings().items()
        if key.startswith(start) and isinstance(table, dict)
    }
