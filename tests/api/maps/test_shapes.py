"""Shapes on a folium map: every feature with its style, and no text that ends the script."""

from __future__ import annotations

import json
import re

import geopandas as gpd
import numpy as np
import shapely

from api.basemap.sources import NO_BASEMAP
from api.maps.parts import MapDrawing
from geo.crs import Projection

CRS = "EPSG:27700"
RED, BLUE = {"color": "red"}, {"color": "blue"}


def squares(codes: list[str]) -> gpd.GeoDataFrame:
    boxes = [
        shapely.box(435_000 + 100 * i, 336_000, 435_100 + 100 * i, 336_100)
        for i, _ in enumerate(codes)
    ]
    numbers = np.array([None, *range(1, len(codes))], dtype=object)
    return gpd.GeoDataFrame({"at": codes, "n": numbers}, geometry=boxes, crs=CRS)


def drawn(codes: list[str], **how: object) -> str:
    """The page of a map of some squares."""
    drawing = MapDrawing(Projection.choose(), NO_BASEMAP, land=squares(["land"]))
    drawing.shapes(squares(codes), **how)  # type: ignore[arg-type]
    page = drawing.page(seed="s", title="Squares", legend="", extent=squares(codes))
    return page.html


def features(page: str) -> list[dict[str, object]]:
    """The features of the last shapes of a page."""
    *_, last = re.findall(r"shapes\.addData\((.*)\);", page)
    found: list[dict[str, object]] = json.loads(last)["features"]
    return found


def test_each_feature_has_the_style_that_its_row_asks_for() -> None:
    page = drawn(list("ABCA"), style=lambda one: RED if one["properties"]["at"] == "A" else BLUE)
    *_, (styles, style_of) = re.findall(r"styles = (\[.*?\]), styleOf = (\[.*?\]|null)", page)
    given = [json.loads(styles)[number] for number in json.loads(style_of)]
    assert given == [RED, BLUE, BLUE, RED]
    assert [one["id"] for one in features(page)] == ["0", "1", "2", "3"]


def test_one_style_is_written_once() -> None:
    page = drawn(list("ABC"), style=RED)
    assert page.count(json.dumps(RED).replace(" ", "")) == 1
    assert "interactive" in page


def test_texts_neither_end_the_script_nor_are_read_as_a_template() -> None:
    code = "</script><b>{{ 7 * 7 }}{% raw %}{# x #}"
    page = drawn([code, "B"], style=RED, tooltip={"n": "Incidents"})
    assert [one["properties"] for one in features(page)] == [
        {"at": code, "n": None},
        {"at": "B", "n": 1},
    ]
    assert "</script><b>" not in page
    assert '"interactive":false' not in page.rsplit("styleOf", 1)[1].split("addData")[0]
