"""The properties of features: their types and their titles.

A schema is served before any answer is computed, so the columns of answers are declared here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from api.ogc import record_properties
from geo.calendar_parts import CALENDAR_UNITS, column_of

JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class Property:
    """A property of features.

    Attributes
    ----------
    kind
        Its JSON type.
    title
        What it is, for people.
    form
        The format of a text, such as `date-time`.
    """

    name: str
    kind: str
    title: str = ""
    form: str = ""

    def schema(self) -> dict[str, str]:
        """Return the property as JSON Schema."""
        members = {"title": self.title, "type": self.kind, "format": self.form}
        return {name: text for name, text in members.items() if text}


_DECLARED = (
    Property("activity", "string", "Activity: office, patrol, engagement or cases"),
    Property("after_minutes", "number", "Minutes after the shift begins"),
    Property("allocated", "number", "Pounds allocated"),
    Property("area_code", "string", "Code of the area"),
    Property("area_name", "string", "Name of the area"),
    Property("arrive", "string", "When the officer arrives"),
    Property("baseline", "number", "Share of the baseline in the cell"),
    Property("band", "string", "Where the count lies: below, within or above the expected band"),
    Property("before", "number", "Value of the same part of the year before"),
    Property("beside", "boolean", "Whether it is an empty cell beside a hotspot"),
    Property("carried", "string", "How values were brought to these areas; empty if as published"),
    Property("category", "string", "Category"),
    Property("caveat", "string", "What to know of the measure"),
    Property("cell_id", "string", "Cell"),
    Property("cells", "integer", "Hot cells"),
    Property("certainty", "string", "Certainty of the change"),
    Property(
        "change", "number", "Incidents less those of the compared period; of a measure, the ratio"
    ),
    Property("change_lower", "number", "Lower end of the change's 95 % interval"),
    Property("change_per_day", "number", "Incidents per day less those of the compared period"),
    Property(
        "change_share", "number", "Change as a share of the compared count, or of that per day"
    ),
    Property("change_upper", "number", "Upper end of the change's 95 % interval"),
    Property("change_verdict", "string", "Whether it is better or worse than before"),
    Property(
        "class",
        "string",
        "Class: hot or cold at a false discovery rate of 1 % (_99) or 5 % (_95), none, undefined",
    ),
    Property("cluster_id", "string", "Id of the hotspot: joined hot cells"),
    Property("cold_steps", "integer", "Steps that were cold: each looks at three months"),
    Property("committed", "number", "Pounds committed and not paid yet"),
    Property("cost", "number", "Pounds at the stated hourly rate"),
    Property("demand", "number", "Incidents that the visit covers"),
    Property("denominator", "number", "Denominator of the value"),
    Property("density", "number", "Incidents per km²"),
    Property("density_compared", "number", "Incidents per km² in the compared period"),
    Property("detectable", "number", "Smallest rise that would be found, as a share of expected"),
    Property("difference", "number", "Difference of the densities"),
    Property("difference_pence", "integer", "Pence above or below an even share"),
    Property("expected", "number", "Expected incidents"),
    Property("farthest_m", "number", "Metres from the street to its farthest incident"),
    Property("financial_year", "string", "Financial year from April, as 2024/25"),
    Property("first", "string", "Day of the first incident", "date"),
    Property("first_day", "string", "First day", "date"),
    Property("flat_pence", "integer", "Pence from the equal minimum"),
    Property("gains_above", "number", "Need above which it gains a post"),
    Property("groups", "integer", "How many patches the plan has"),
    Property("history_months", "integer", "Months of its own history"),
    Property("history_weeks", "integer", "Weeks of its own history"),
    Property("half", "string", "Half of the financial year, as 2024/25 H1"),
    Property("high", "number", "Upper end of the expected band"),
    Property("hot_steps", "integer", "Steps that were hot: each looks at three months"),
    Property("hotspot_id", "string", "Id of the place, the same from month to month"),
    Property("hours", "number", "Hours"),
    Property("in_line", "integer", "Rank in the queue for the next post"),
    Property("incident_id", "string", "Id of the incident"),
    Property("inside_share", "number", "Share of the cell inside the study area"),
    Property("land_share", "number", "Share of the land of the study area"),
    Property("last", "string", "Day of the last incident", "date"),
    Property("last_cold", "string", "Last month of the last step that was cold"),
    Property("last_day", "string", "Last day", "date"),
    Property("last_hot", "string", "Last month of the last step that was hot"),
    Property("left", "number", "Pounds allocated, less paid and committed"),
    Property("licence", "string", "Licence"),
    Property(
        "local_date",
        "string",
        "Day it occurred in London; empty if only the month is known",
        "date",
    ),
    Property("length_m", "number", "Metres of the street in and just beyond the study area"),
    Property("local_time", "string", "Time of day it occurred in London, HH:MM; empty if unknown"),
    Property("location", "string", "Place, as named by the source"),
    Property("loses_below", "number", "Need below which it loses a post"),
    Property("low", "number", "Lower end of the expected band"),
    Property("lower", "number", "Lower bound of a usual count, or of a ratio (95 %)"),
    Property("measure", "string", "Measure"),
    Property("measure_id", "string", "Id of the measure"),
    Property("median_distance_m", "number", "Metres from the street to its incidents, median"),
    Property("minutes", "integer", "Minutes of the visit"),
    Property("month", "string", "Month, as YYYY-MM"),
    Property("months", "integer", "Months of the period with an incident"),
    Property("moved_m", "number", "Metres that the place moved"),
    Property("n", "integer", "Incidents"),
    Property("n_compared", "integer", "Incidents of the compared period"),
    Property("n_compared_per_day", "number", "Incidents of the compared period per published day"),
    Property("n_day", "integer", "Incidents by day"),
    Property("n_night", "integer", "Incidents by night"),
    Property("n_per_day", "number", "Incidents per published day"),
    Property("n_snapped", "integer", "Incidents that their source moved to an anonymous point"),
    Property("n_tied", "integer", "Incidents that are equally near to another street"),
    Property("n_untimed", "integer", "Incidents with unknown hour"),
    Property("n_window", "integer", "Incidents of the months by which the place was chosen"),
    Property("need", "number", "Need"),
    Property("need_pence", "integer", "Pence by need"),
    Property("numerator", "number", "Numerator of the value"),
    Property("occurred_from", "string", "Earliest time it occurred, UTC", "date-time"),
    Property("occurred_to", "string", "Latest time it occurred, UTC", "date-time"),
    Property("officer", "string", "Officer"),
    Property("officers", "string", "Officers there now"),
    Property("optimal", "boolean", "Whether the plan is proven to be the best"),
    Property("p", "number", "Probability by chance"),
    Property("p_count", "number", "Probability of such a count by chance, two-sided"),
    Property("paid", "number", "Pounds paid"),
    Property("patch", "integer", "Patch"),
    Property("pattern", "string", "Pattern over the months; undefined where they are not known"),
    Property("per_100m", "number", "Incidents per 100 m of street"),
    Property("period", "string", "Month or ISO week that is judged"),
    Property("plan", "integer", "Plan, best first"),
    Property("posts", "integer", "Posts"),
    Property("posts_if_one_fewer", "integer", "Posts if there were one fewer"),
    Property("posts_if_one_more", "integer", "Posts if there were one more"),
    Property("precision", "string", "Precision of the time: instant, interval, day or month"),
    Property("priority", "string", "Priority"),
    Property("quarter", "string", "Quarter of the calendar year, as 2024-Q1"),
    Property("q", "number", "Probability by chance, corrected for all tests"),
    Property("q_count", "number", "Exact tail, corrected for all tests"),
    Property("quota", "number", "Posts before rounding"),
    Property("radius_m", "number", "Radius in metres"),
    Property("rank", "integer", "Rank"),
    Property("rank_flips", "boolean", "Whether it ranks high by one of count and harm only"),
    Property("rank_n", "integer", "Rank by count"),
    Property("rank_weighted", "integer", "Rank by harm"),
    Property("rate_high", "number", "Upper end of the shrunk rate (95 %)"),
    Property("rate_low", "number", "Lower end of the shrunk rate (95 %)"),
    Property("rate_per_1000", "number", "Incidents per 1,000 residents"),
    Property("rate_shrunk", "number", "Rate per 1,000 residents, shrunk towards that of all"),
    Property("ratio", "number", "Ratio to what it is compared with"),
    Property("reason", "string", "Why it could not be tested"),
    Property("rest", "number", "Value of the whole without the area"),
    Property("round", "integer", "Round"),
    Property("score", "number", "Exceedance: 1 at the upper bound, −1 at the lower one"),
    Property("segments", "integer", "Segments that the street is made of"),
    Property("share", "number", "Share of all incidents counted"),
    Property("share_compared", "number", "Share in the compared period"),
    Property(
        "share_differs", "boolean", "Whether the change of share is statistically significant"
    ),
    Property("share_paid", "number", "Share of what was allocated that is paid"),
    Property("share_q", "number", "Probability of the shares' difference by chance, corrected"),
    Property("shift", "string", "Shift"),
    Property("signals", "string", "Rules of its control chart that the last step breaks"),
    Property("source", "string", "Source"),
    Property("spread_m", "number", "Spread of its incidents in metres"),
    Property("steps", "integer", "Months that could be tested"),
    Property("stop", "integer", "Number of the stop"),
    Property("street_id", "string", "Id of the street: that of its first segment"),
    Property("street_name", "string", "Name of the street; empty where it has none"),
    Property("streets", "string", "Streets named most often"),
    Property("travel_minutes", "number", "Travel time to the stop in minutes"),
    Property("trend_p", "number", "Probability of the trend by chance"),
    Property("trend_z", "number", "Trend, Mann–Kendall z"),
    Property("unit", "string", "Unit of the value"),
    Property("upper", "number", "Upper bound of a usual count, or of a ratio (95 %)"),
    Property("value", "number", "Value of the measure"),
    Property(
        "verdict",
        "string",
        "What is said of it: more, fewer, usual, better, worse, slower, no clear difference",
    ),
    Property("weighted", "number", "Harm"),
    Property("why", "string", "Why it is visited, or why values are empty"),
    Property("workload", "number", "Workload"),
    Property("x", "number", "Easting in metres"),
    Property("y", "number", "Northing in metres"),
    Property("year", "string", "Calendar year"),
    Property("year_before", "number", "Value a year before"),
    Property("year_gone", "number", "Share of the financial year that is gone"),
    Property("years", "integer", "Earlier years used"),
    Property("z", "number", "Getis-Ord Gi* z"),
    *(Property(*one) for one in record_properties.RECORD_PROPERTIES),
)
DECLARED = {one.name: one for one in _DECLARED}
"""Every property that Patchmap itself computes, by name."""

_AREA = ("area_code", "area_name")
_CELL = ("area_code", "inside_share")
_COMPARED = ("n_compared", "change", "change_share", "p", "q", "certainty")
_RATES = ("rate_per_1000", "rate_shrunk", "rate_low", "rate_high")
_MEASURE = ("measure_id", "measure", "unit")
_VALUE = ("value", "numerator", "denominator")
_RATIO = ("ratio", "lower", "upper", "p", "q", "verdict")
_DAYS = ("first_day", "last_day")
_UNITS = tuple(map(column_of, CALENDAR_UNITS))
_TIME_PARTS = (*_UNITS, *_DAYS)
_PER_DAY = ("n_per_day", "n_compared_per_day", "change_per_day")
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "area-counts": (*_AREA, "n", "share"),
    "hotspots": (
        *("cell_id", "n", "baseline", "expected", "z", "p", "q", "p_count", "q_count", "class"),
        *("cluster_id", "beside", *_CELL),
    ),
    "hotspot-outlines": (
        *("cluster_id", "class", "cells", "n", "expected", "share", "land_share", "streets"),
        "area_code",
    ),
    "density": ("cell_id", "n", "density", *_CELL),
    "ranked-hotspots": (
        *("rank", "hotspot_id", "n", "share", "n_window", "expected", "area_code", "streets"),
        *("radius_m", "x", "y"),
        *("n_day", "n_night", "n_untimed", "moved_m"),
    ),
    "changes": (
        *(*_AREA, "n", "share", *_COMPARED),
        *("share_compared", "share_q", "share_differs"),
    ),
    "expected": (*_AREA, "month", "n", "years", "expected", "low", "high", "band"),
    "unusual": (
        *(*_AREA, "category", "period", "n", "expected", "lower", "upper", "score", "p", "q"),
        *("verdict", "signals", "detectable"),
    ),
    "unusual-places": (
        *("hotspot_id", "streets", "area_code", "period", "n", "expected", "lower", "upper"),
        *("score", "p", "q", "verdict", "signals", "detectable", "radius_m", "x", "y"),
    ),
    "emerging-hotspots": (
        *("cell_id", "n", "steps", "hot_steps", "cold_steps", "last_hot", "last_cold"),
        *("trend_z", "trend_p", "pattern", "reason", *_CELL),
    ),
    "repeat-places": (
        *("rank", "location", "n", "share", "first", "last", "x", "y", "spread_m", "area_code"),
    ),
    "street-counts": (
        *("rank", "street_id", "street_name", "n", "share", "length_m", "per_100m", "expected"),
        *("months", "n_snapped", "n_tied", "median_distance_m", "farthest_m", "segments"),
        *_AREA,
    ),
    "posts": (*_AREA, "need", "share"),
    "patches": ("plan", "patch", *_AREA, "workload", "groups", "optimal"),
    "patrols": (
        *("officer", "shift", "round", "stop", "hotspot_id", "area_code", "x", "y"),
        *("after_minutes", "arrive", "minutes", "travel_minutes", "demand", "why", "streets"),
    ),
    "profile": (
        *(*_AREA, *_MEASURE, *_DAYS, *_VALUE, "rest", *_RATIO, "year_before"),
        *("change", "change_lower", "change_upper", "change_verdict"),
        *("source", "licence", "caveat", "carried"),
    ),
    "track": (*_AREA, *_MEASURE, *_DAYS, *_VALUE, "before", *_RATIO),
    "spend": (*_AREA, *("allocated", "committed", "paid", "left", "share_paid", "year_gone")),
    "officer-hours": (*_AREA, "activity", "hours"),
    **record_properties.ALWAYS,
}
"""The properties that the features of an answer always have, by its collection."""

SOMETIMES: Mapping[str, tuple[str, ...]] = {
    "area-counts": (*_COMPARED, *_PER_DAY, *_TIME_PARTS, *_RATES, "weighted", "why"),
    "hotspots": ("weighted", "rank_n", "rank_weighted", "rank_flips", "why"),
    "density": ("density_compared", "difference", "ratio", "rate_per_1000", "why"),
    "ranked-hotspots": (*_COMPARED, *_PER_DAY, "weighted", "why"),
    "changes": (*_PER_DAY, *_RATES, "weighted", "why"),
    "expected": ("why",),
    "unusual": ("history_months", "history_weeks", "why"),
    "unusual-places": ("history_months", "history_weeks", "why"),
    "emerging-hotspots": ("why",),
    "street-counts": (*_COMPARED, *_PER_DAY, "weighted", "why"),
    "patches": ("why",),
    "profile": ("why",),
    "track": (*_UNITS, "why"),
    "spend": (*_TIME_PARTS, "priority", "why"),
    "officer-hours": (*_TIME_PARTS, "cost", "why"),
    "posts": (
        "why",
        *("quota", "posts", "officers", "in_line", "posts_if_one_more", "posts_if_one_fewer"),
        *("loses_below", "gains_above", "flat_pence", "need_pence", "difference_pence"),
    ),
    **{name: (*_TIME_PARTS, *own) for name, own in record_properties.SOMETIMES.items()},
}
"""The properties that they have for some Questions or layers only."""


def answer_properties(collection_id: str) -> list[Property]:
    """Return the properties that an answer's features can have; none if it is not declared."""
    names = (*ALWAYS.get(collection_id, ()), *SOMETIMES.get(collection_id, ()))
    return [DECLARED[name] for name in names]


def table_properties(table: pd.DataFrame, *, declared: bool) -> list[Property]:
    """Return the properties of a table's columns, by their types.

    Parameters
    ----------
    table
        The properties of some features.
    declared
        Whether its columns are those that Patchmap declares; a file's own may bear such a name.
    """
    return [_property(str(name), table[name], declared=declared) for name in table.columns]


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns have the types that are declared for them.

    A count is a whole number also where some are unknown, and a column without any value has a
    type too: each file format would otherwise write another one.
    """
    kinds = {name: DECLARED[str(name)].kind for name in table.columns if name in DECLARED}
    return table.assign(**{str(name): _typed(table[name], kind) for name, kind in kinds.items()})


def _typed(column: pd.Series, kind: str) -> pd.Series:
    if kind == "integer":
        return column if pd.api.types.is_integer_dtype(column) else column.astype("Int64")
    if kind == "number":
        return column if pd.api.types.is_float_dtype(column) else column.astype("Float64")
    if kind == "boolean":
        return column if pd.api.types.is_bool_dtype(column) else column.astype("boolean")
    return column


def _property(name: str, column: pd.Series, *, declared: bool) -> Property:
    if declared and name in DECLARED:
        return DECLARED[name]
    title = DECLARED[name].title if name in DECLARED else ""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return Property(name, "string", title, "date-time")
    if pd.api.types.is_bool_dtype(column):
        return Property(name, "boolean", title)
    if pd.api.types.is_integer_dtype(column):
        return Property(name, "integer", title)
    kind = "number" if pd.api.types.is_numeric_dtype(column) else "string"
    return Property(name, kind, title)


def properties_schema(
    address: str, title: str, properties: Sequence[Property], *, geometry: str, closed: bool
) -> dict[str, object]:
    """Return the schema or the queryables of a collection as JSON Schema.

    Parameters
    ----------
    address
        Of the schema itself.
    geometry
        The kind of the features' geometry, such as `geometry-point`.
    closed
        Whether no other property is allowed.
    """
    place = {"title": "Geometry", "x-ogc-role": "primary-geometry", "format": geometry}
    return {
        "$schema": JSON_SCHEMA,
        "$id": address,
        "type": "object",
        "title": title,
        "properties": {"geometry": place, **{one.name: one.schema() for one in properties}},
        "additionalProperties": not closed,
    }
