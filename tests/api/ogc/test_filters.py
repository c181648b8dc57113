"""CQL2 filters keep the rows that geopandas keeps."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from api.ogc.items import Items
from api.ogc.selection import select
from geo.crs import BRITISH_NATIONAL_GRID, Projection
from geo.errors import QuestionError

NAMES = ["Abbey", "abbey", "St Mary's", "100 % Brook", "under_score", None]


def town() -> gpd.GeoDataFrame:
    """A row of 60 squares of 100 m with properties of every kind, some of them empty.

    +---+---+---+--
    | 0 | 1 | 2 | …
    +---+---+---+--
    """
    number = np.arange(60)
    west = 435_000.0 + 100 * number
    frame = {
        "n": number % 7,
        "share": np.where(number % 5 == 0, np.nan, number / 10),
        "name": pd.Series([NAMES[i % len(NAMES)] for i in number], dtype="str"),
        "checked": number % 3 == 0,
        "occurred_from": pd.to_datetime(
            np.where(number % 11 == 0, "NaT", "2024-01-01"), utc=True
        ).astype("datetime64[s, UTC]")
        + pd.to_timedelta(number * 12, unit="h"),
    }
    squares = shapely.box(west, 336_000, west + 100, 336_100)
    return gpd.GeoDataFrame(frame, geometry=squares, crs=BRITISH_NATIONAL_GRID)


FRAME = town()
ITEMS = Items.of_frame(FRAME, [str(i) for i in FRAME.index], projection=Projection.choose())


def matching(text: str, **more: str) -> list[int]:
    query = {"filter": text, **{name.replace("_", "-"): value for name, value in more.items()}}
    return [int(i) for i in select(ITEMS, query, queryables=[])]


@dataclass(frozen=True)
class Condition:
    """A condition as text, as JSON, and as what geopandas finds true and finds false."""

    text: str
    tree: object
    true: pd.Series
    false: pd.Series


def condition(text: str, tree: object, mask: pd.Series, known: pd.Series) -> Condition:
    return Condition(text, tree, mask & known, ~mask & known)


def comparison(name: str, sign: str, value: float) -> Condition:
    python = {"=": "==", "<>": "!="}.get(sign, sign)
    column = FRAME[name]
    mask = eval(f"column {python} value", {"column": column, "value": value})
    tree = {"op": sign, "args": [{"property": name}, value]}
    return condition(f"{name} {sign} {value!r}", tree, mask, column.notna())


def between(low: float, high: float) -> Condition:
    tree = {"op": "between", "args": [{"property": "share"}, low, high]}
    mask = FRAME["share"].between(low, high)
    return condition(f"share BETWEEN {low!r} AND {high!r}", tree, mask, FRAME["share"].notna())


def among(names: list[str]) -> Condition:
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    tree = {"op": "in", "args": [{"property": "name"}, names]}
    column = FRAME["name"]
    return condition(f"name IN ({quoted})", tree, column.isin(names), column.notna())


def beginning(start: str) -> Condition:
    tree = {"op": "like", "args": [{"property": "name"}, f"{start}%"]}
    column = FRAME["name"]
    mask = column.str.startswith(start).fillna(value=False).astype(bool)
    return condition(f"name LIKE '{start}%'", tree, mask, column.notna())


def empty(name: str) -> Condition:
    everywhere = pd.Series(data=True, index=FRAME.index)
    tree = {"op": "isNull", "args": [{"property": name}]}
    return condition(f"{name} IS NULL", tree, FRAME[name].isna(), everywhere)


def after(day: int) -> Condition:
    tree = {"op": "t_after", "args": [{"property": "occurred_from"}, {"date": f"2024-01-{day:02}"}]}
    column = FRAME["occurred_from"]
    mask = column >= pd.Timestamp(f"2024-01-{day:02}", tz="UTC") + pd.Timedelta(days=1)
    text = f"T_AFTER(occurred_from, DATE('2024-01-{day:02}'))"
    return condition(text, tree, mask, column.notna())


def touching(west: int, width: int) -> Condition:
    box = shapely.box(435_000 + west, 336_010, 435_000 + west + width, 336_020)
    tree = {
        "op": "s_intersects",
        "args": [{"property": "geometry"}, json.loads(shapely.to_geojson(box))],
    }
    everywhere = pd.Series(data=True, index=FRAME.index)
    text = f"S_INTERSECTS(geometry, {shapely.to_wkt(box)})"
    return condition(text, tree, FRAME.intersects(box), everywhere)


def both(first: Condition, second: Condition) -> Condition:
    tree = {"op": "and", "args": [first.tree, second.tree]}
    text = f"({first.text}) AND ({second.text})"
    return Condition(text, tree, first.true & second.true, first.false | second.false)


def either(first: Condition, second: Condition) -> Condition:
    tree = {"op": "or", "args": [first.tree, second.tree]}
    text = f"({first.text}) OR ({second.text})"
    return Condition(text, tree, first.true | second.true, first.false & second.false)


def negated(first: Condition) -> Condition:
    tree = {"op": "not", "args": [first.tree]}
    return Condition(f"NOT ({first.text})", tree, first.false, first.true)


NUMBERS = st.floats(-2, 8).map(lambda number: round(number, 2))
LEAVES = st.one_of(
    st.builds(
        comparison,
        st.sampled_from(["n", "share"]),
        st.sampled_from(["=", "<>", "<", "<=", ">", ">="]),
        NUMBERS | st.integers(0, 6),
    ),
    st.builds(between, NUMBERS, NUMBERS),
    st.builds(among, st.lists(st.sampled_from([n for n in NAMES if n]), min_size=1, max_size=3)),
    st.builds(beginning, st.sampled_from(["A", "abb", "St", "zzz", "100 "])),
    st.builds(empty, st.sampled_from(["share", "name", "n", "occurred_from"])),
    st.builds(after, st.integers(1, 28)),
    st.builds(touching, st.integers(-500, 6_500), st.integers(1, 900)),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(both, inner, inner), st.builds(either, inner, inner), st.builds(negated, inner)
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(CONDITIONS)
def test_any_filter_keeps_what_geopandas_keeps(wanted: Condition) -> None:
    expected = list(np.flatnonzero(wanted.true))
    assert matching(wanted.text, filter_crs="EPSG:27700") == expected
    as_json = json.dumps(wanted.tree)
    assert matching(as_json, filter_lang="cql2-json", filter_crs="EPSG:27700") == expected


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("name LIKE '%bb%'", lambda f: f["name"].str.contains("bb")),
        ("name LIKE 'under\\_score'", lambda f: f["name"] == "under_score"),
        ("name LIKE '_bbey'", lambda f: f["name"].isin(["Abbey", "abbey"])),
        ("name LIKE '100 \\%%'", lambda f: f["name"] == "100 % Brook"),
        ("CASEI(name) = CASEI('ABBEY')", lambda f: f["name"].isin(["Abbey", "abbey"])),
        ("CASEI(name) LIKE casei('ABB%')", lambda f: f["name"].isin(["Abbey", "abbey"])),
        ("name = 'St Mary''s'", lambda f: f["name"] == "St Mary's"),
        ("checked = TRUE", lambda f: f["checked"]),
        ("checked AND n = 3", lambda f: f["checked"] & (f["n"] == 3)),
        ("share > n", lambda f: f["share"] > f["n"]),
        ("n = NULL", lambda f: f["n"] < 0),
        (
            "occurred_from < TIMESTAMP('2024-01-02T00:00:00Z')",
            lambda f: f["occurred_from"] < "2024-01-02",
        ),
        ("occurred_from >= '2024-01-20'", lambda f: f["occurred_from"] >= "2024-01-20"),
        ("occurred_from = DATE('2024-01-03')", lambda f: f["occurred_from"].dt.day == 3),
        (
            "T_DURING(occurred_from, INTERVAL('2024-01-02','2024-01-05'))",
            lambda f: (f["occurred_from"] > "2024-01-02") & (f["occurred_from"] < "2024-01-06"),
        ),
        (
            "T_BEFORE(occurred_from, DATE('2024-01-03'))",
            lambda f: f["occurred_from"] < "2024-01-03",
        ),
        (
            "T_INTERSECTS(occurred_from, INTERVAL('2024-01-10', '..'))",
            lambda f: f["occurred_from"] >= "2024-01-10",
        ),
        ("n IN (1, 2) AND NOT n BETWEEN 2 AND 9", lambda f: f["n"] == 1),
        # A date is a day long: up to its end, and from its beginning.
        ("occurred_from <= DATE('2024-01-03')", lambda f: f["occurred_from"] < "2024-01-04"),
        ("occurred_from < DATE('2024-01-03')", lambda f: f["occurred_from"] < "2024-01-03"),
        ("occurred_from >= DATE('2024-01-03')", lambda f: f["occurred_from"] >= "2024-01-03"),
        ("occurred_from > DATE('2024-01-03')", lambda f: f["occurred_from"] >= "2024-01-04"),
        ("DATE('2024-01-03') <= occurred_from", lambda f: f["occurred_from"] >= "2024-01-03"),
        ("DATE('2024-01-03') >= occurred_from", lambda f: f["occurred_from"] < "2024-01-04"),
        ("DATE('2024-01-03') > occurred_from", lambda f: f["occurred_from"] < "2024-01-03"),
        (
            "occurred_from <> DATE('2024-01-03')",
            lambda f: (f["occurred_from"].dt.day != 3) & f["occurred_from"].notna(),
        ),
        (
            "NOT occurred_from <= DATE('2024-01-03')",
            lambda f: f["occurred_from"] >= "2024-01-04",
        ),
        (
            "occurred_from BETWEEN DATE('2024-01-03') AND DATE('2024-01-05')",
            lambda f: f["occurred_from"].dt.day.between(3, 5),
        ),
        (
            "occurred_from IN (DATE('2024-01-03'), DATE('2024-01-05'))",
            lambda f: f["occurred_from"].dt.day.isin([3, 5]),
        ),
        (
            "NOT occurred_from IN (DATE('2024-01-03'))",
            lambda f: (f["occurred_from"].dt.day != 3) & f["occurred_from"].notna(),
        ),
        ("n IN (share, 3)", lambda f: (f["n"] == f["share"]) | (f["n"] == 3)),
        ("checked IN (TRUE)", lambda f: f["checked"]),
        ("name IN ('Abbey', NULL)", lambda f: f["name"] == "Abbey"),
        ("name NOT IN ('Abbey')", lambda f: f["name"].notna() & (f["name"] != "Abbey")),
    ],
)  # fmt: skip
def test_texts_times_and_flags_are_compared_as_people_mean_them(text: str, condition) -> None:
    assert matching(text) == list(np.flatnonzero(condition(FRAME).fillna(value=False)))


@pytest.mark.parametrize(
    "name", ["within", "contains", "touches", "overlaps", "equals", "disjoint"]
)
def test_places_are_related_as_shapely_relates_them(name: str) -> None:
    box = shapely.box(435_100, 336_000, 435_350, 336_100)
    text = f"S_{name.upper()}(geometry, {shapely.to_wkt(box)})"
    related = getattr(shapely, name)(FRAME.geometry.array, box)
    assert matching(text, filter_crs="EPSG:27700") == list(np.flatnonzero(related))


def test_a_geometry_in_degrees_is_read_in_the_order_of_its_system() -> None:
    place = FRAME.geometry.iloc[[7]].centroid.to_crs("EPSG:4326").iloc[0]
    assert matching(f"S_INTERSECTS(geometry, POINT({place.x} {place.y}))") == [7]
    swapped = f"S_INTERSECTS(geometry, POINT({place.y} {place.x}))"
    assert matching(swapped, filter_crs="http://www.opengis.net/def/crs/EPSG/0/4326") == [7]


ONE = '{"op": "=", "args": [{"property": "n"}, 1]}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("n >", "at character 4"),
        ("n", "a number is neither true nor false"),
        ("colour = 'red'", "unknown property 'colour'"),
        ("n = 'three'", "a number is compared with a string"),
        ("n IN ('three')", "a number is compared with a string"),
        ("n IN (1, 'three')", "a number is compared with a string"),
        ("name IN (1)", "a string is compared with a number"),
        ("checked IN ('yes')", "a boolean is compared with a string"),
        ("occurred_from IN (3)", "a time is compared with a number"),
        ("n + 1 = 2", "the function + is not supported"),
        ("buffer(geometry, 5) = 3", "the function buffer is not supported"),
        ("occurred_from > DATE('yesterday')", "'yesterday' is not a time"),
        ("T_AFTER(n, DATE('2024-01-01'))", "n is not a time"),
        ("T_AFTER(occurred_from, INTERVAL('2024-02-01', '2024-01-01'))", "ends before it begins"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "invalid geometry"),
        ("S_INTERSECTS(n, POINT(0 0))", "needs the property geometry"),
        ("n LIKE '3%'", "LIKE needs a text, not a number"),
        ("(" * 30 + "n = 1" + ")" * 30, "nested more than 24 levels deep"),
        ("NOT " * 40 + "n = 1", "too many signs"),
        ("n = " + "-" * 40 + "1", "too many signs"),
        ("n = 1 OR " * 900 + "n = 2", "longer than 6,000"),
        ('{"op": "=", "args": 5}', "cannot be read"),
        ('{"op": "=", "args": [{"property": "n"}]}', "= needs two operands, not 1"),
        ('{"op": "and", "args": []}', "and has 0 operands"),
        (f'{{"op": "not", "args": [{ONE}, {ONE}]}}', "not has 2 operands"),
        ('{"op": "not", "args": [' * 60, "nested more than 24 levels deep"),
    ],
)
def test_a_filter_that_cannot_be_evaluated_is_refused(text: str, message: str) -> None:
    with pytest.raises(QuestionError) as refused:
        matching(text)
    assert message in str(refused.value)


@settings(max_examples=200, deadline=None)
@given(st.text("()'\"-+*/%=<>{}[],:. nANDORTLIKE1é\\^\0", max_size=80))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(QuestionError):
        assert set(matching(text)) <= set(FRAME.index)


def test_a_hostile_pattern_takes_no_time() -> None:
    pattern = "%a" * 40 + "%b"
    assert matching(f"CASEI(name) LIKE '{pattern}'") == []
