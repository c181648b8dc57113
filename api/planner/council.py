"""Council sizes beside each other: for the page of a plan, and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypedDict

import pandas as pd

from api.formats.encoding import records
from api.planner.facts import Row
from api.planner.measure_text import percent
from api.text_tables import text_table
from boundaries.layers.electorates import electorate_title
from boundaries.plans.council import (
    CouncilOption,
    council_options,
    default_electorate,
    sizes_to_compare,
)
from boundaries.plans.electoral import EXTREME, NOTABLE
from boundaries.plans.measures import PlanMeasures
from geo.errors import QuestionError

_MOST_DIGITS: Final = 6


class TriggersPayload(TypedDict):
    """How many of `areas` lie beyond ±10 % and ±30 %, and whether that calls for a review."""

    areas: int
    notable: int
    extreme: int
    review: bool


class OptionPayload(TypedDict):
    """One council size: see `boundaries.plans.council.CouncilOption`."""

    size: int
    averages: dict[str, float]
    fewest_wards: int
    most_wards: int
    why: str
    triggers: dict[str, TriggersPayload]
    areas: list[Row]


class OptionsPayload(TypedDict):
    """Council sizes beside each other, with what they were shared out by."""

    electorate: str
    pattern: str
    areas: list[Row]
    options: list[OptionPayload]


def is_whole_number(text: str) -> bool:
    """Whether a text is a whole number of up to six digits, as members are counted."""
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def read_sizes(text: str) -> list[int]:
    """Read council sizes such as '48,51,54'; none for ''.

    Raises
    ------
    QuestionError
        If one is not a whole number.
    """
    sizes = [part.strip() for part in text.split(",") if part.strip()]
    for size in sizes:
        if not is_whole_number(size):
            raise QuestionError("sizes", f"{size!r} is no whole number; write such as 48,51,54")
    return [int(size) for size in sizes]


def compare_sizes(
    measures: PlanMeasures, sizes: Sequence[int], *, pattern: str, electorate: str
) -> list[CouncilOption]:
    """Share out councils of some sizes; of those around the present one if none are given."""
    return council_options(
        measures,
        sizes or sizes_to_compare(measures),
        pattern=pattern or "mixed",
        electorate=electorate,
    )


def options_payload(
    measures: PlanMeasures, options: Sequence[CouncilOption], *, pattern: str, electorate: str
) -> OptionsPayload:
    """Council sizes beside each other as JSON members, with what `compare_sizes` took."""
    known = ["members", *measures.electorates]
    return {
        "electorate": electorate or default_electorate(measures),
        "pattern": pattern or "mixed",
        "areas": records(measures.frame[["area_name", *known]].reset_index()),
        "options": [_option(option) for option in options],
    }


def options_frame(measures: PlanMeasures, options: Sequence[CouncilOption]) -> pd.DataFrame:
    """Council sizes below each other, one row for each area and size: for files."""
    known = ["members", *measures.electorates]
    areas = measures.frame[["area_name", *known]]
    tables = [areas.join(option.table).assign(council_size=option.size) for option in options]
    return pd.concat(tables).reset_index()


def options_lines(measures: PlanMeasures, options: Sequence[CouncilOption]) -> list[str]:
    """Council sizes beside each other: a table of the areas, and a line on each size."""
    names = measures.frame["area_name"]
    table: dict[str, list[object]] = {"area": [*names.index], "name": [*names]}
    if measures.frame["members"].notna().any():
        table[" members now"] = ["" if pd.isna(n) else int(n) for n in measures.frame["members"]]
    for option in options:
        size = f"{option.size:,}"
        table[f" {size}: entitled to"] = [f"{value:.2f}" for value in option.table["entitlement"]]
        if option.why:
            continue
        table[f" {size}: seats"] = [
            "" if pd.isna(seats) else int(seats) for seats in option.table["seats"]
        ]
        for electors, ending in measures.electorates.items():
            when = f"{electorate_title(electors)} " if ending else ""
            heading = f" {size}: {when}variance %"
            both = (option.table[f"variance_percent{ending}"], option.table[f"beyond{ending}"])
            table[heading] = [percent(value, mark) for value, mark in zip(*both, strict=True)]
    return [*text_table(table), "", *(_size_line(option) for option in options)]


def _option(option: CouncilOption) -> OptionPayload:
    return {
        "size": option.size,
        "averages": dict(option.averages),
        "fewest_wards": option.fewest_wards,
        "most_wards": option.most_wards,
        "why": option.why,
        "triggers": {
            name: {
                "areas": triggers.areas,
                "notable": triggers.notable,
                "extreme": triggers.extreme,
                "review": triggers.review,
            }
            for name, triggers in option.triggers.items()
        },
        "areas": records(option.table.reset_index()),
    }


def _size_line(option: CouncilOption) -> str:
    averages = ", ".join(
        f"{electorate_title(name)} {average:,.0f}" for name, average in option.averages.items()
    )
    if option.why:
        return f"{option.size:,} members (electors per member: {averages}): {option.why}"
    beyond = "; ".join(
        f"{electorate_title(name)} {triggers.notable} of {triggers.areas} areas beyond "
        f"±{100 * NOTABLE:.0f} %, {triggers.extreme} beyond ±{100 * EXTREME:.0f} %"
        for name, triggers in option.triggers.items()
    )
    return f"{option.size:,} members (electors per member: {averages}): {beyond}"
