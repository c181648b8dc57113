"""Neighbours of an area, and what it is made of in other layers: right by their drawing."""

import pytest
import shapely
from fastapi.testclient import TestClient

from api.areas.surroundings import Part, compositions, neighbours
from geo.store.contract import LayerMetadata
from tests.api.areas.conftest import layer


def _row(count: int, *, gap: float = 0.0) -> dict[str, shapely.Geometry]:
    return {
        letter: shapely.box(x + x * gap, 0, x + 1 + x * gap, 1)
        for x, letter in enumerate("ABCD"[:count])
    }


def test_neighbours_share_an_edge_and_not_a_corner_alone() -> None:
    shapes = [*_row(3).values(), shapely.box(2, 1, 3, 2)]
    areas = layer(dict(zip("ABCD", ["Zed", "Bee", "Cee", "Dee"], strict=True)), shapes)
    assert neighbours(areas, "B").beside == [("C", "Cee"), ("A", "Zed")]
    assert neighbours(areas, "B").over == []


def test_neighbours_whose_edges_do_not_match_are_found_over_a_gap() -> None:
    areas = layer({"A": "Aye", "B": "Bee"}, list(_row(2, gap=0.5 / 2000).values()))
    assert neighbours(areas, "A").beside == [("B", "Bee")]


def test_an_area_that_lies_over_another_is_no_neighbour_of_it() -> None:
    areas = layer({"A": "Aye", "B": "Bee"}, [shapely.box(0, 0, 1, 1), shapely.box(0.5, 0, 2, 1)])
    assert neighbours(areas, "A").over == [("B", "Bee")]
    assert neighbours(areas, "A").beside == []


@pytest.mark.parametrize(
    ("of_area", "of_part", "words"),
    [
        (1.0, 1.0, "the same land"),
        (0.2, 0.995, "all of it"),
        (0.995, 0.3, "all of this area"),
        (0.61, 0.4, "61 % of this area"),
        (0.1, 0.4, "40 % of it"),
        (0.986, 0.986, "99 % of this area"),
    ],
)
def test_a_share_is_said_of_whichever_is_smaller(
    of_area: float, of_part: float, words: str
) -> None:
    assert Part("x", "X", of_area, of_part).words == words


def test_an_area_is_made_of_what_shares_land_with_it(areas_client: TestClient) -> None:
    snapshot = areas_client.app.state.answers.snapshot()  # type: ignore[attr-defined]
    metadata, wards = snapshot.layer("wards")
    made = {one.layer_id: one for one in compositions(snapshot, metadata, wards.loc[["A"]])}
    shares = {
        part.code: (round(part.of_area, 3), round(part.of_part, 3))
        for part in made["estates"].parts
    }
    # Drawn: 0.4 × 0.4 of A; half of 0.5 × 0.6; 0.4 × 0.2.
    assert shares == {"Ŵ/1 & ?#": (0.16, 1.0), "E2": (0.15, 0.5), "E3": (0.08, 1.0)}
    # E3 lies over a part of Ŵ/1 and of E2: all three together cover less than their sum.
    over = 0.1 * 0.1 + 0.15 * 0.2
    assert made["estates"].uncovered == pytest.approx(1 - (0.16 + 0.15 + 0.08 - over))
    assert [part.words for part in made["old-wards"].parts] == ["all of this area"]
    assert (len(made["blocks"].parts), made["blocks"].cut, made["blocks"].is_counted) == (
        16,
        0,
        True,
    )
    assert "outskirts" not in made
    assert made["blocks"].uncovered == pytest.approx(0, abs=1e-9)


def test_the_rest_of_an_area_that_a_layer_does_not_cover_is_told(
    areas_client: TestClient,
) -> None:
    snapshot = areas_client.app.state.answers.snapshot()  # type: ignore[attr-defined]
    area = layer({"X": "Ex"}, [shapely.box(1, 0, 2, 1)])
    (made,) = (
        one
        for one in compositions(snapshot, LayerMetadata("other"), area)
        if one.layer_id == "old-wards"
    )
    assert made.uncovered == pytest.approx(0.5)
