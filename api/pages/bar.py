"""The question bar: the choices of each control, and why one of them is disabled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.snapshot import Snapshot
from geo.incidents import category_title
from geo.period import Interval, Latest
from geo.question.ask import Question, default_layer
from geo.question.harm import harm_tables
from geo.question.model import DEFAULT_PERIOD
from geo.store.contract import ImportRecord, LayerMetadata
from geo.store.layer_ids import areas_among

PERIODS: Final = {
    "latest-28d": "Latest 28 days",
    "latest-1m": "Latest month",
    "latest-3m": "Latest 3 months",
    "latest-12m": "Latest 12 months",
    "latest-36m": "Latest 3 years",
}
COMPARED: Final = {"": "nothing", "previous": "the period before", "year": "a year earlier"}
BASELINES: Final = {
    "": "what suits the data",
    "even": "an even spread over the land",
    "points": "the points of the source",
    "residents": "residents",
    "other": "all other incidents",
}
"""What cells may be held against, as the form words it; a layer by its own name."""
HOURS: Final = {"": "All day", "07-15": "Day 07–15", "15-23": "Late 15–23", "23-07": "Night 23–07"}
OTHER_HOURS: Final = "other"
"""The choice that shows the fields for other hours."""

CELLS: Final = (100, 150, 200, 250, 300, 400, 500)
MOST_AREAS: Final = 150
"""With more areas than this a list of tick boxes is of no use."""

OF_RECORDS: Final = {
    "state": (
        "State at the end of the period",
        {
            "open": "Open",
            "answered": "Answered, not closed",
            "closed": "Closed",
            "withdrawn": "Withdrawn",
            "vanished": "Vanished from an extract",
        },
    ),
    "channel": (
        "Raised by",
        {
            "meeting": "A meeting",
            "member": "A member of the council",
            "resident": "A resident",
            "officer": "An officer",
            "partner": "A partner",
        },
    ),
    "kind": (
        "Kind",
        {
            "request": "Request",
            "case": "Case",
            "enquiry": "Enquiry",
            "complaint": "Complaint",
            "enforcement": "Enforcement",
        },
    ),
}
"""Options of records, each with its title and the words for its values."""

_PICKED: Final = ("category", "source", "within")

LISTS: Final = (*_PICKED, *OF_RECORDS, "service")
"""Options of which a form sends one field for each ticked box."""

OFFERED: Final = (
    *("datetime", "period", "compare", *_PICKED, "layer", "study", "cell", "shape", "weight"),
    "hours",
)


def folded(fields: list[tuple[str, str]]) -> dict[str, str]:
    """The fields of a form as options: ticked boxes joined, the two fields of hours combined."""
    options: dict[str, str] = {}
    for name, text in fields:
        many = name in (*LISTS, "measures", "over") and options.get(name) and text
        options[name] = f"{options[name]},{text}" if many else text
    first, last = options.pop("hour_from", ""), options.pop("hour_to", "")
    if options.get("hours") == OTHER_HOURS:
        options["hours"] = f"{first}-{last}" if first and last and first != last else ""
    return {name: text for name, text in options.items() if text}


def opening_period(snapshot: Snapshot, question: Question) -> Latest | None:
    """The period of a board without one in its address: 28 days, or a month if days are unknown.

    A meeting looks at what is new; commands and the API default to a year. None if the store has
    no incidents.
    """
    imports = chosen_imports(snapshot, question)
    if not imports:
        return None
    return Latest(1) if _too_coarse(imports, {"month"}) else Latest(28, "d")


def chosen_imports(snapshot: Snapshot, question: Question) -> list[ImportRecord]:
    """Return the imports of the sources that the Question chooses."""
    return [
        record
        for record in snapshot.imports()
        if not question.source or record.source in question.source
    ]


def chosen_layer(snapshot: Snapshot, question: Question) -> str:
    """The id of the layer of a Question, or of the default one; '' in a store without areas."""
    return question.layer or (default_layer(snapshot) if areas_among(snapshot.layers()) else "")


def _points_and_lines(snapshot: Snapshot) -> list[LayerMetadata]:
    return [metadata for metadata in snapshot.layers() if metadata.kind != "areas"]


def bar(snapshot: Snapshot, question: Question) -> dict[str, object]:
    """The template variables of the question bar."""
    imports = chosen_imports(snapshot, question)
    layer, choices = chosen_layer(snapshot, question), snapshot.choices()
    known = {name for record in snapshot.imports() for name in record.summary.categories}
    dates = question.period if isinstance(question.period, Interval) else None
    return {
        "question": question,
        "layers": choices,
        "layer": layer,
        "base_layers": [*choices, *(one for one in snapshot.layers() if one.kind == "points")],
        "overlays": [
            one for one in (*choices, *_points_and_lines(snapshot)) if one.layer_id != layer
        ],
        "areas": _areas(snapshot, layer),
        "categories": sorted(known | set(question.category), key=category_title),
        "sources": sorted({record.source for record in snapshot.imports()}),
        "weights": {
            table_id: table.title for table_id, table in harm_tables(snapshot.settings()).items()
        },
        "periods": PERIODS,
        "default_period": str(DEFAULT_PERIOD),
        "compared": COMPARED,
        "hours": HOURS,
        "cells": sorted({*CELLS, question.cell}),
        "no_days": _too_coarse(imports, {"month"}),
        "no_hours": _too_coarse(imports, {"month", "day"}),
        "month_dates": dates is None or dates.names_months,
        "records": _records(snapshot, imports, question),
        "hidden": {name: text for name, text in question.options().items() if name not in OFFERED},
    }


def _records(
    snapshot: Snapshot, imports: list[ImportRecord], question: Question
) -> dict[str, tuple[str, dict[str, str]]]:
    """The options of records with their titles and choices; none without records."""
    if not any(one.extracted for one in imports):
        return {}
    services = {*snapshot.records()["service"], *question.records.service} - {""}
    own = {name: name for name in sorted(services)}
    return OF_RECORDS | ({"service": ("Service", own)} if own else {})


def _too_coarse(records: list[ImportRecord], precisions: set[str]) -> str:
    """The sources that publish times only at these precisions, '' if there are none."""
    coarse = {record.source for record in records if precisions & set(record.summary.precisions)}
    return ", ".join(sorted(coarse))


def _areas(snapshot: Snapshot, layer: str) -> Mapping[str, str]:
    """The names of a layer's areas by code, in order; none if they are too many for a list."""
    areas = snapshot.areas_or_none(layer)
    if areas is None or len(areas) > MOST_AREAS:
        return {}
    names = {str(code): str(name) for code, name in areas["area_name"].items()}
    return dict(sorted(names.items(), key=lambda pair: (pair[1], pair[0])))
