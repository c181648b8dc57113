"""The electorate proforma of a plan: its blocks with their electors, and its wards."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from boundaries.layers.electorates import CURRENT, FORECAST
from boundaries.layers.proforma import HEADINGS
from boundaries.plans.draft import Draft
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.parishes import parishes_of
from boundaries.plans.state import ForecastMethod, State
from boundaries.plans.units import Units, parish_wards
from geo.errors import InputError
from geo.formats.csv_text import to_csv
from geo.formats.workbook import Sheet, write_workbook
from geo.output import write_file, write_text

_WARDS = ("Name of ward", "Number of councillors")
_PARISH_WARDS = "Parishes that the wards divide: each part is to be a parish ward"
_COPIED = ("description", "parish", "parish_ward", "grouped_parish")
"""Columns of a layer of blocks that the proforma has too."""


def electorate_headings(draft: Draft, years: Sequence[str] = ()) -> dict[str, str]:
    """The columns of electors of a plan, in the order of their years, with their headings.

    Parameters
    ----------
    years
        The years of today's electorate and of the forecast of the review, for their headings.

    Raises
    ------
    InputError
        If the blocks have no electors, there are not two years, or two electorates would be of
        one year.
    """
    known = draft.measures.electorates
    if not known:
        raise InputError(
            "the blocks have no electors; read a proforma with 'patchmap electorates import'"
        )
    if len(years) not in (0, 2) or not all(len(y) == 4 and y.isdigit() for y in years):
        raise InputError("give two years: that of today's electorate, and that of the forecast")
    first, last = years or ("(current)", "(forecast)")
    whens = {CURRENT: first, FORECAST: last}
    headings = {name: whens.get(name, ending.strip("_")) for name, ending in known.items()}
    if len(set(headings.values())) < len(headings):
        when = Counter(headings.values()).most_common(1)[0][0]
        raise InputError(f"two electorates would be of {when}; give each a year of its own")
    # Without years the forecast of the review comes last, as it is read again.
    order = {CURRENT: "", FORECAST: last if years else "9999"}
    names = sorted(headings, key=lambda name: order.get(name, headings[name]))
    return {name: f"Electorate {headings[name]}" for name in names}


def districts_table(
    draft: Draft, electorates: Mapping[str, str], *, parishes: Units | None = None
) -> pd.DataFrame:
    """One row for each block, with the headings of the proforma.

    Parameters
    ----------
    electorates
        Of `electorate_headings`.
    parishes
        The parishes of a layer on the blocks; None for those that the blocks name themselves.
    """
    blocks, start, now = draft.block_layer.areas, draft.plan.start, draft.plan.now
    columns: dict[str, object] = {HEADINGS["polling_district"]: [*draft.plan.now.graph.codes]}
    if "description" not in blocks:
        columns[HEADINGS["description"]] = blocks["area_name"].to_numpy()
    columns |= {HEADINGS[name]: blocks[name].to_numpy() for name in _COPIED if name in blocks}
    if parishes is not None:
        columns[HEADINGS["parish"]] = [parishes.called(code) for code in parishes.area]
    columns[HEADINGS["ward"]] = _ward_names(start)
    columns[HEADINGS["proposed_ward"]] = _ward_names(now)
    sums = draft.blocks.sums
    columns |= {
        heading: np.rint(sums[name].to_numpy()).astype(np.int64)
        for name, heading in electorates.items()
    }
    return pd.DataFrame(columns)


def wards_table(measures: PlanMeasures, electorates: Mapping[str, str]) -> pd.DataFrame:
    """One row for each ward: its councillors, electors and variances."""
    frame = measures.frame
    columns: dict[str, object] = {
        _WARDS[0]: frame["area_name"].to_numpy(),
        _WARDS[1]: frame["members"].astype("Int64").to_numpy(),
    }
    for name, heading in electorates.items():
        ending = measures.electorates[name]
        columns[heading] = np.rint(frame[name].to_numpy()).astype(np.int64)
        variance = frame[f"variance_percent{ending}"]
        columns[heading.replace("Electorate", "Variance, %,")] = variance.to_numpy()
    return pd.DataFrame(columns)


def write_proforma(
    draft: Draft, path: Path, *, years: Sequence[str] = (), parishes: Units | None = None
) -> str:
    """Write the proforma: a workbook with a sheet of wards besides, or a CSV of the blocks.

    Parameters
    ----------
    years
        As for `electorate_headings`.
    parishes
        As for `districts_table`.

    Returns
    -------
    What was written, for people.

    Raises
    ------
    InputError
        As `electorate_headings`, or if the file is neither .xlsx nor .csv.
    """
    ending = path.suffix.lower()
    if ending not in (".xlsx", ".csv"):
        raise InputError(f"a proforma is .xlsx or .csv, not {ending or 'without an ending'}")
    electorates = electorate_headings(draft, years)
    districts = districts_table(draft, electorates, parishes=parishes)
    if ending == ".csv":
        write_text(path, to_csv(districts))
        return f"{len(districts):,} polling districts"
    wards = wards_table(draft.measures, electorates)
    title = draft.plan.metadata.title
    size = draft.plan.now.council_size
    averages = [
        f"{heading}: {_average_words(draft.measures.average(name))}"
        for name, heading in electorates.items()
    ]
    below = [f"Council size: {size:,}" if size else "Council size: not set", *averages]
    # Not below the electorates: lines there would be read again as polling districts.
    below += forecast_lines(draft.plan.now.forecast)
    sheets = [
        Sheet("Electorates", districts, above=[f"Electorates of the plan {title}"]),
        Sheet("Wards", wards, above=[f"Wards of the plan {title}"], below=below),
    ]
    parts = implied_parish_wards(draft, parishes)
    if parts is not None and len(parts):
        divided = parish_wards_table(parts, electorates)
        sheets.append(Sheet("Parish wards", divided, above=[_PARISH_WARDS]))
    write_file(path, lambda part: write_workbook(sheets, part))
    return f"{len(districts):,} polling districts, {len(wards):,} wards"


def forecast_lines(forecast: ForecastMethod) -> list[str]:
    """What is written on how the forecast was made, line by line; none where nothing is."""
    if not forecast:
        return []
    made = [
        *([f"by {forecast.made_by}"] if forecast.made_by else []),
        *([f"on {_day(forecast.made_on)}"] if forecast.made_on else []),
    ]
    heading = f"Forecast made {' '.join(made)}" if made else "How the forecast was made"
    return [heading, *(line.strip() for line in forecast.method.splitlines() if line.strip())]


def _day(iso: str) -> str:
    made_on = date.fromisoformat(iso)
    return f"{made_on.day} {made_on:%B %Y}"


def implied_parish_wards(draft: Draft, parishes: Units | None = None) -> pd.DataFrame | None:
    """The parish wards that a plan implies, as `parish_wards`.

    Parameters
    ----------
    parishes
        As for `districts_table`.

    Returns
    -------
    The parts of divided parishes; None where no parishes are known.
    """
    parishes = parishes or parishes_of(draft.block_layer)
    if parishes is None:
        return None
    return parish_wards(draft.plan.now, parishes, draft.blocks.sums)


def parish_wards_table(parts: pd.DataFrame, electorates: Mapping[str, str]) -> pd.DataFrame:
    """One row for each part of a divided parish: the ward it lies in, and its electors."""
    columns: dict[str, object] = {
        HEADINGS["parish"]: parts["unit_name"].to_numpy(),
        HEADINGS["proposed_ward"]: parts["area_name"].to_numpy(),
        "Polling districts": parts["blocks"].to_numpy(),
    }
    for name, heading in electorates.items():
        columns[heading] = np.rint(parts[name].to_numpy()).astype(np.int64)
    return pd.DataFrame(columns)


def _average_words(average: float) -> str:
    if math.isnan(average):
        return "electors per councillor are not known, as no ward has councillors yet"
    return f"{average:,.0f} electors per councillor"


def _ward_names(state: State) -> list[str]:
    """The name of the area of each block; '' for none."""
    return [state.areas[code].name if code else "" for code in state.assigned]
