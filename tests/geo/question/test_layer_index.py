"""What is computed once of a layer: for how long it is kept, and what it spares."""

from __future__ import annotations

import threading

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.cells import Cells, Grid
from geo.errors import InputError
from geo.question import layer_index
from geo.question.layer_index import MOST_GRIDS, MOST_LAYERS, LayerIndex, LayerIndexes


def squares(side: float = 1_000.0) -> gpd.GeoDataFrame:
    boxes = [shapely.box(i * side, 0, (i + 1) * side, side) for i in range(2)]
    return gpd.GeoDataFrame(geometry=boxes, index=["A", "B"], crs="EPSG:27700")


def test_the_same_frame_has_the_same_index_until_it_is_dropped() -> None:
    indexes, areas, read_anew = LayerIndexes(), squares(), squares()
    first = indexes.of(areas)
    assert indexes.of(areas) is first
    assert indexes.of(read_anew) is not first
    ((_, key, value),) = [entry for entry in indexes.entries() if entry[2] is first]
    assert value is first
    indexes.drop(key)
    assert indexes.of(areas) is not first


def test_an_index_that_is_being_made_is_dropped_only_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    indexes, areas = LayerIndexes(), squares()
    dropping = threading.Thread(target=indexes.drop, args=(id(areas),))

    def made(frame: gpd.GeoDataFrame) -> LayerIndex:
        dropping.start()
        dropping.join(0.05)
        assert dropping.is_alive()
        return LayerIndex(frame)

    monkeypatch.setattr("geo.question.layer_index.LayerIndex", made)
    assert indexes.of(areas).areas is areas
    dropping.join()
    assert indexes.entries() == []


def test_only_the_latest_layers_and_grids_are_kept() -> None:
    indexes, layers = LayerIndexes(), [squares() for _ in range(MOST_LAYERS + 1)]
    made = [indexes.of(areas) for areas in layers]
    assert len(indexes.entries()) == MOST_LAYERS
    assert indexes.of(layers[-1]) is made[-1]
    assert indexes.of(layers[0]) is not made[0]
    index = made[-1]
    cells = [index.cells(Grid(width)) for width in range(100, 101 + MOST_GRIDS)]
    assert index.cells(Grid(100 + MOST_GRIDS)) is cells[-1]
    assert index.cells(Grid(100)) is not cells[0]
    assert index.cells(Grid(100)).ids == cells[0].ids


def test_too_many_cells_are_refused_before_the_outline_is_made() -> None:
    index = LayerIndex(squares(300_000.0))
    with pytest.raises(InputError, match="choose wider cells"):
        index.cells(Grid(100))
    assert "outline" not in vars(index)


def test_amounts_are_carried_to_cells_by_land_which_is_cut_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Over cells of 100 m: all of the first, half of the second and none of the third.
    shapes = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 300, 100), shapely.Polygon()]
    codes = pd.Index(["A", "B", "C"], name="area_code")
    index = LayerIndex(gpd.GeoDataFrame(geometry=shapes, index=codes, crs=27700))
    grid = Grid(100, "square")
    order = np.argsort(shapely.get_x(shapely.centroid(index.cells(grid).geometry)), kind="stable")
    assert index.spread(grid, np.array([8.0, 6.0, 5.0]))[order].tolist() == [8.0, 3.0, 3.0]
    monkeypatch.setattr(Cells, "shares_of", None)
    same = LayerIndex(index.areas.set_axis(["D", "E", "F"]), like=index)
    assert same.spread(grid, np.array([0.0, 1.0, 0.0]))[order].tolist() == [0.0, 0.5, 0.5]


def test_areas_on_a_screen_have_fewer_corners_and_still_share_their_edges() -> None:
    steps = np.arange(0.0, 10_000.0, 1.0)
    wave = np.column_stack([steps, np.sin(steps / 50)])
    shapes = [shapely.Polygon([*wave, (10_000, side), (0, side)]) for side in (-5_000.0, 5_000.0)]
    areas = gpd.GeoDataFrame(geometry=shapes, index=["A", "B"], crs="EPSG:27700")
    drawn = LayerIndex(areas).on_screen
    assert list(drawn.index) == ["A", "B"]
    assert shapely.get_num_coordinates(drawn.geometry.to_numpy()).sum() < 1_000
    assert shapely.coverage_is_valid(drawn.geometry.to_numpy())
    assert drawn.area.to_numpy() == pytest.approx(areas.area.to_numpy(), rel=1e-3)


def test_what_is_made_of_all_incidents_is_made_once_until_they_are_others() -> None:
    index, made = LayerIndex(squares()), []
    shared = LayerIndex(squares().set_axis(["C", "D"]), like=index)

    def make() -> int:
        made.append(1)
        return len(made)

    first = [one.of_incidents("uuid.1", "points", make) for one in (index, shared, index)]
    assert first == [1, 1, 1]
    assert index.of_incidents("uuid.1", "other", make) == 2
    assert index.of_incidents("uuid.2", "points", make) == 3


def test_what_follows_from_imports_is_made_once_for_each_state_of_them() -> None:
    index, made = LayerIndex(squares()), iter(range(1, 9))
    keys = ["first", "first", "second", "first"]
    assert [index.of_imports(key, lambda: next(made)) for key in keys] == [1, 1, 2, 1]


def test_what_was_made_of_other_incidents_is_never_given(monkeypatch: pytest.MonkeyPatch) -> None:
    index, former, present = LayerIndex(squares()), "former", "present"
    assert index.of_incidents(former, "points", lambda: "former") == "former"
    meanwhile = []

    def latest(most: int) -> layer_index._Latest[str, str]:
        # As another request does between two steps of this one.
        monkeypatch.undo()
        meanwhile.append(index.of_incidents(present, "points", lambda: "present"))
        return layer_index._Latest(most)

    monkeypatch.setattr(layer_index, "_Latest", latest)
    assert index.of_incidents(present, "points", lambda: "present") == "present"
    assert meanwhile == ["present"]
