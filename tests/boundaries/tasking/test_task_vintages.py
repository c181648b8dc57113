"""New wards: every task stands in the ward that its place lies in, whatever the year."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.tasking.actions import raise_task
from boundaries.tasking.places import area_codes, read_place
from boundaries.tasking.storage import read_tasks
from boundaries.tasking.task import Place
from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.contract import LayerMetadata, Store
from tests.boundaries.tasking.tasking_made import signed, terms

CODES = {"wards-2022": ("WD22CD", "WD22NM"), "wards-2025": ("WD25CD", "WD25NM")}


@pytest.fixture(scope="module")
def wards(real_data: Path) -> dict[str, gpd.GeoDataFrame]:
    """The wards of Derby of both years, as geopandas reads them."""
    layers = {}
    for name, (code, title) in CODES.items():
        frame = gpd.read_file(real_data / "derby" / f"{name}.geojson").to_crs(BRITISH_NATIONAL_GRID)
        named = frame.rename(columns={code: "area_code", title: "area_name"})
        layers[name] = named.set_index("area_code")[["area_name", "geometry"]]
    return layers


def places_of(wards: dict[str, gpd.GeoDataFrame]) -> list[Place]:
    """Places of every kind: 200 points, 100 circles, and the wards of 2022 themselves."""
    rng = np.random.default_rng(20_251)
    old = wards["wards-2022"]
    west, south, east, north = old.total_bounds
    # Some lie outside of Derby.
    x, y = rng.uniform(west, east, 300), rng.uniform(south, north, 300)
    points = shapely.points(x, y)
    shapes = [*points[:200], *shapely.buffer(points[200:], 120.0), *old.geometry]
    refs = [*[""] * 300, *(f"wards-2022:{code}" for code in old.index)]
    kinds = [*["point"] * 200, *["hotspot"] * 100, *["area"] * len(old)]
    rows = zip(kinds, refs, shapes, strict=True)
    return [Place(kind, ref, "Place", shapely.to_wkb(shape)) for kind, ref, shape in rows]


def by_geopandas(places: list[Place], wards: gpd.GeoDataFrame) -> list[str]:
    """The ward of each place by a join of geopandas; '' for none."""
    shapes = gpd.GeoSeries([place.geometry for place in places], crs=BRITISH_NATIONAL_GRID)
    centres = shapes.centroid
    inside = centres.where(shapes.covers(centres), shapes.representative_point())
    joined = gpd.sjoin(gpd.GeoDataFrame(geometry=inside), wards[["geometry"]], predicate="within")
    codes = joined.groupby(level=0)["area_code"].agg(lambda one: one.iloc[0])
    return codes.reindex(range(len(places)), fill_value="").tolist()


def test_tasks_of_2022_stand_in_the_wards_of_2025_that_they_lie_in(
    store: Store, wards: dict[str, gpd.GeoDataFrame]
) -> None:
    places = places_of(wards)
    with store.transaction():
        store.put_layer(LayerMetadata("wards-2022"), wards["wards-2022"])
    for place in places:
        raise_task(store, terms(place=place), signed=signed())
    with store.transaction():
        store.put_layer(LayerMetadata("wards-2025"), wards["wards-2025"])
    rows = store.tasks()
    for row, place in zip(rows, places, strict=True):
        assert shapely.from_wkb(row.wkb).equals(place.geometry)
    codes = {}
    for name, frame in wards.items():
        codes[name] = area_codes([row.wkb for row in rows], store.layer(name)[1])
        assert codes[name] == by_geopandas(places, frame)
    names = {
        name: dict(zip(frame.index, frame["area_name"], strict=True))
        for name, frame in wards.items()
    }
    moved = 0
    for old, new in zip(codes["wards-2022"], codes["wards-2025"], strict=True):
        moved += names["wards-2022"].get(old, "") != names["wards-2025"].get(new, "")
    # The wards were redrawn: a task that was filed under its ward's code would stand elsewhere.
    assert moved > 20
    assert not set(codes["wards-2022"]) - {""} & set(codes["wards-2025"])
    # What a task was chosen as is kept, though no ward has that code any more.
    of_areas = [one for one in read_tasks(store) if one.place.kind == "area"]
    assert [one.place.ref for one in of_areas] == [
        f"wards-2022:{code}" for code in wards["wards-2022"].index
    ]


def test_a_task_in_a_made_ward_follows_its_place_when_the_ward_is_split(store: Store) -> None:
    def halves(*cuts: float) -> gpd.GeoDataFrame:
        edges = [0.0, *cuts, 1_000.0]
        shapes = [
            shapely.box(435_000 + a, 336_000, 435_000 + b, 337_000) for a, b in pairwise(edges)
        ]
        codes = [f"{len(cuts)}{number}" for number in range(len(shapes))]
        return gpd.GeoDataFrame(
            {"area_name": codes},
            geometry=shapes,
            crs=BRITISH_NATIONAL_GRID,
            index=pd.Index(codes, name="area_code"),
        )

    with store.transaction():
        store.put_layer(LayerMetadata("before"), halves(500))
        store.put_layer(LayerMetadata("after"), halves(300, 700))
    east = 435_000 + np.array([100, 350, 650, 900])
    for x in east:
        point = json.dumps({"type": "Point", "coordinates": _lonlat(store, float(x))})
        raise_task(store, terms(place=read_place(point, store)), signed=signed())
    wkbs = [row.wkb for row in store.tasks()]
    assert area_codes(wkbs, store.layer("before")[1]) == ["10", "10", "11", "11"]
    assert area_codes(wkbs, store.layer("after")[1]) == ["20", "21", "21", "22"]


def _lonlat(store: Store, x: float) -> list[float]:
    point = gpd.GeoSeries([shapely.Point(x, 336_500)], crs=store.projection.crs).to_crs(4326)[0]
    return [point.x, point.y]
