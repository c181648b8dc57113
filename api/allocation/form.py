"""The form of the allocation page: what it offers, and the values of its fields."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

import numpy as np
import pandas as pd

from api.pages.allocation_view import SHIFTS
from api.pages.bar import bar, chosen_imports, chosen_layer
from api.snapshot import Snapshot
from geo.allocation.apportionment import Method
from geo.analyses.patrolling import TIMED
from geo.measures.model import Measure
from geo.question.ask import Question
from geo.question.model import COUNT, OPTION

METHOD_WORDS: Final[dict[Method, str]] = {
    "sainte-lague": "Sainte-Laguë",
    "dhondt": "D'Hondt",
    "largest-remainder": "largest remainder",
}

_NOT_A_NEED: Final = re.compile(
    r"(?i)(bng_[en]|lat|long?|x|y|eastings?|northings?|latitude|longitude|fid_?|objectid|shape.*)"
)
"""Numeric columns of published layers that measure nothing, such as coordinates."""

_NEED_NAME: Final = re.compile(r"[^:,]{1,64}")
"""A column that can stand in a mix of needs, whose separators are `:` and `,`."""


def area_count(snapshot: Snapshot, layer: str) -> int:
    """The number of areas of a layer, or of the default one for ''; 1 if there is none."""
    return snapshot.area_count(chosen_layer(snapshot, Question(layer=layer))) or 1


def form_variables(snapshot: Snapshot, question: Question) -> dict[str, object]:
    """The template variables of the form for a Question."""
    areas = snapshot.areas_or_none(chosen_layer(snapshot, question))
    mix, columns = dict(question.need.mix), _need_columns(areas, question)
    measures = _need_measures(snapshot, columns)
    return {
        **bar(snapshot, question),
        "options": OPTION,
        "names": {} if areas is None else _names(areas),
        "columns": [*columns, *(name for name in mix if name not in (*columns, *measures))],
        "measures": measures,
        "mix": {name: f"{weight:g}" for name, weight in mix.items()},
        "texts": _text_columns(areas),
        "methods": METHOD_WORDS,
        "timed": any(
            set(TIMED) & set(record.summary.precisions)
            for record in chosen_imports(snapshot, question)
        ),
        "shifts": _shift_fields(question),
        "pinned": dict(question.posts.pinned),
        "bridges": dict(question.patches.bridges),
    }


def _shift_fields(question: Question) -> dict[str, tuple[str, str]]:
    """The officers and the start of each shift."""
    fields = {name: ("", start) for name, start in SHIFTS.items()}
    for shift in question.patrols.shifts:
        fields[shift.name] = str(shift.officers), shift.clock
    return fields


def _names(areas: pd.DataFrame) -> dict[str, str]:
    names = areas["area_name"].astype(str).sort_values(kind="stable")
    return {str(code): name for code, name in names.items()}


def _need_columns(areas: pd.DataFrame | None, question: Question) -> list[str]:
    """What a need can be a mix of: incidents, harm, and numeric columns of the layer."""
    columns = ["incidents", *(["harm"] if question.weight != COUNT else [])]
    if areas is not None:
        numbers = areas.drop(columns="geometry").select_dtypes("number")
        columns += [
            str(name)
            for name in numbers.columns
            if np.isfinite(numbers[name]).all()
            and (numbers[name] >= 0).all()
            and _NEED_NAME.fullmatch(str(name))
            and not _NOT_A_NEED.fullmatch(str(name))
        ]
    return columns


def _need_measures(snapshot: Snapshot, taken: Container[str]) -> dict[str, Measure]:
    """The measures that a need can be made of, by their ids; columns of the layer come first."""
    return {
        one.measure_id: one
        for one in snapshot.measures()
        if not one.question and one.measure_id not in taken
    }


def _text_columns(areas: pd.DataFrame | None) -> list[str]:
    """Columns that may name the existing patches."""
    if areas is None:
        return []
    columns = areas.columns.drop(["area_name", "geometry"])
    return [str(name) for name in columns if 1 < areas[name].nunique() < len(areas)]
