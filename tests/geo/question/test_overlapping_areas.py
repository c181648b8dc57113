"""A town and the estate inside it: each counts its own, and totals count every incident once."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.analyses import ANALYSES
from geo.errors import QuestionError
from geo.question.ask import Answer, StoreFacts, answer
from geo.question.harm import HarmTable
from geo.question.model import Question

ASB, DRUGS = "anti-social-behaviour", "drugs"
WEST, SOUTH = 435_000, 336_000
COMPUTE = {analysis.command: analysis.compute for analysis in ANALYSES}
IN_ESTATE, IN_TOWN, IN_FIELDS = (500, 500), (100, 100), (1500, 500)


@pytest.fixture(scope="module")
def layer(projection) -> gpd.GeoDataFrame:
    """An estate in the middle of a town, and fields beside the town."""
    boxes = {"E": (400, 400, 600, 600), "F": (1000, 0, 2000, 1000), "T": (0, 0, 1000, 1000)}
    shapes = [
        shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)
        for west, south, east, north in boxes.values()
    ]
    named = {"area_name": ["Estate", "Fields", "Town"], "residents": [100, 10, 1000]}
    index = pd.Index(boxes, name="area_code")
    return gpd.GeoDataFrame(named, index=index, geometry=shapes, crs=projection.crs)


@pytest.fixture
def ask(layer, incident_frame):
    def ask_about(rows: list, areas=layer, facts=None, **options: str) -> Answer:
        moved = [(WEST + x, SOUTH + y, *rest) for x, y, *rest in rows]
        question = Question.read({"layer": "places", "cell": "100", **options})
        return answer(question, incident_frame(moved), areas, facts=facts)

    return ask_about


ROWS = [
    *[(*IN_ESTATE, ASB, "2024-01")] * 3,
    *[(*IN_ESTATE, ASB, "2024-02")] * 5,
    *[(*IN_TOWN, DRUGS, "2024-02")] * 2,
    (*IN_FIELDS, ASB, "2024-02"),
    (9_000, 0, ASB, "2024-02"),
]


def counts(result: Answer, column: str = "n") -> dict[str, float]:
    rows = result.area_counts
    return dict(zip(rows["area_code"], rows[column], strict=True))


def test_each_area_counts_its_own(ask, layer):
    result = ask(ROWS, datetime="2024-01/2024-02")
    assert counts(result) == {"E": 8, "F": 1, "T": 10}
    alone = ask(ROWS, areas=layer.loc[["E"]], datetime="2024-01/2024-02")
    assert counts(alone) == {"E": 8}
    assert counts(result, "rate_per_1000") == {"E": 80, "F": 100, "T": 10}


def test_the_accounts_say_how_many_lie_in_two_areas(ask):
    accounts = ask(ROWS, datetime="2024-01/2024-02").accounts
    assert (accounts.counted, accounts.outside, accounts.in_several_areas) == (11, 1, 8)
    assert accounts.read == accounts.rejected + accounts.not_asked + 1 + 11
    assert accounts.caveats[0] == (
        "Areas of places overlap, and each area counts its own incidents: the areas add up to more "
        "than all incidents in them. Totals count each incident once. 8 incidents lie in two or "
        "more areas: the areas add up to 19, for 11 incidents in them."
    )
    assert accounts.as_dict()["in_several_areas"] == 8


def test_areas_that_tile_have_no_such_caveat(ask, layer):
    accounts = ask(ROWS, areas=layer.loc[["F", "T"]], datetime="2024-02").accounts
    assert accounts.in_several_areas == 0
    assert not any("overlap" in caveat for caveat in accounts.caveats)


def test_where_no_incident_lies_in_two_areas_the_accounts_say_so(ask):
    caveat = ask([(*IN_TOWN, ASB, "2024-02")], datetime="2024-02").accounts.caveats[0]
    assert caveat.endswith("None of these incidents lies in two areas.")


def test_totals_are_of_the_union_and_shares_of_all_counted(ask):
    result = ask(ROWS, datetime="2024-01/2024-02")
    assert result.n_shown == 11
    assert counts(result, "share") == pytest.approx({"E": 8 / 11, "F": 1 / 11, "T": 10 / 11})
    within = ask(ROWS, datetime="2024-01/2024-02", within="E,T")
    assert within.n_shown == 10


def test_months_comparisons_and_harm_count_in_each_area(ask):
    by_month = ask(ROWS, datetime="2024-01/2024-02", by="month").area_counts
    assert by_month.set_index(["area_code", "month"])["n"].to_dict() == {
        ("E", "2024-01"): 3, ("F", "2024-01"): 0, ("T", "2024-01"): 3,
        ("E", "2024-02"): 5, ("F", "2024-02"): 1, ("T", "2024-02"): 7,
    }  # fmt: skip
    compared = ask(ROWS, datetime="2024-02", compare="previous")
    assert counts(compared, "n_compared") == {"E": 3, "F": 0, "T": 3}
    harm = HarmTable("Harm", "made up", {ASB: 2.0, DRUGS: 10.0})
    weighed = ask(ROWS, datetime="2024-02", facts=StoreFacts(accepted=len(ROWS), harm=harm))
    assert counts(weighed, "weighted") == {"E": 10, "F": 2, "T": 30}


def test_cells_and_places_name_all_their_areas(ask):
    result = ask(ROWS, datetime="2024-01/2024-02")
    centre = shapely.Point(WEST + 500, SOUTH + 500)
    cells = result.hotspots
    assert set(cells["area_code"]) - {""} == {"E;T", "T", "F"}
    assert cells[cells.contains(centre)]["area_code"].tolist() == ["E;T"]
    places = COMPUTE["rank"](result).frame
    assert places["area_code"].tolist() == ["E;T", "T", "F"]


def test_a_question_within_the_estate_shows_its_cells_and_places(ask):
    whole = ask(ROWS, datetime="2024-01/2024-02")
    for code in ("E", "T", "F"):
        part = ask(ROWS, datetime="2024-01/2024-02", within=code)
        expected = [text for text in whole.hotspots["area_code"] if code in text.split(";")]
        assert part.hotspots["area_code"].tolist() == expected
        assert part.area_counts["area_code"].tolist() == [code]


def test_expected_bands_count_the_estate(ask):
    rows = [(*IN_ESTATE, ASB, f"{year}-02") for year in range(2019, 2025) for _ in range(4)]
    band = COMPUTE["expected"](ask(rows, datetime="2024-02")).frame
    assert band["area_code"].tolist() == ["E", "F", "T"]
    assert band["n"].tolist() == [4, 0, 4]
    assert band["high"].tolist()[0] == band["high"].tolist()[2] > 4


def test_changes_are_not_shares_of_areas_that_overlap(ask):
    result = COMPUTE["change"](ask(ROWS, datetime="2024-02", compare="previous"))
    assert "share_compared" not in result.frame
    assert "s" not in result.parameters
    assert any("there is no S" in caveat for caveat in result.caveats)


def test_residents_of_overlapping_areas_do_not_count_twice(ask, layer):
    result = COMPUTE["density"](ask(ROWS, datetime="2024-01/2024-02", bandwidth="300"))
    assert "rate_per_1000" not in result.frame
    assert any("residents would count twice" in caveat for caveat in result.caveats)
    tiled = ask(ROWS, areas=layer.loc[["F", "T"]], datetime="2024-02", bandwidth="300")
    assert "rate_per_1000" in COMPUTE["density"](tiled).frame


@pytest.mark.parametrize("command", ["posts", "patches"])
def test_posts_and_patches_refuse_them_and_say_what_to_do(ask, command):
    with pytest.raises(QuestionError, match=r"areas overlap \(E and T\).*exclude one area of each"):
        COMPUTE[command](ask(ROWS, datetime="2024-02", posts="5"))


def test_posts_take_what_is_left_when_one_of_the_pair_is_excluded(ask):
    frame = COMPUTE["posts"](ask(ROWS, datetime="2024-02", posts="5", exclude="E")).frame
    assert frame["area_code"].tolist() == ["F", "T"]


def test_patrols_to_every_area_refuse_them(ask):
    with pytest.raises(QuestionError, match="a visit can be in two of them"):
        COMPUTE["patrols"](ask(ROWS, datetime="2024-02", officers="2", everywhere="1"))
    patrols = COMPUTE["patrols"](ask(ROWS, datetime="2024-02", officers="2")).frame
    assert "E;T" in set(patrols["area_code"])


steps = st.integers(0, 6).map(lambda number: number * 12)
sizes = st.integers(1, 5).map(lambda number: number * 12)


@given(
    boxes=st.lists(st.tuples(steps, steps, sizes, sizes), min_size=1, max_size=5),
    points=st.lists(st.tuples(st.integers(0, 140), st.integers(0, 140)), min_size=1, max_size=25),
)
def test_areas_count_as_many_as_shapely_and_the_accounts_add_up(
    boxes, points, incident_frame, projection
):
    shapes = [shapely.box(WEST + x, SOUTH + y, WEST + x + w, SOUTH + y + h) for x, y, w, h in boxes]
    codes = pd.Index([f"a{number}" for number in range(len(boxes))], name="area_code")
    areas = gpd.GeoDataFrame({"area_name": codes}, index=codes, geometry=shapes, crs=projection.crs)
    # Off the whole metres, so that no point lies on an edge.
    frame = incident_frame([(WEST + x + 0.4, SOUTH + y + 0.7, ASB, "2024-01") for x, y in points])
    result = answer(Question.read({"layer": "places", "datetime": "2024-01"}), frame, areas)
    x, y = frame["x"].to_numpy()[:, None], frame["y"].to_numpy()[:, None]
    inside = shapely.contains_xy(np.array(shapes)[None, :], x, y)
    accounts = result.accounts
    assert result.area_counts["n"].tolist() == inside.sum(axis=0).tolist()
    assert accounts.counted == result.n_shown == inside.any(axis=1).sum()
    assert accounts.in_several_areas == (inside.sum(axis=1) > 1).sum()
    assert accounts.read == accounts.not_asked + accounts.outside + accounts.counted
    again = int((inside.sum(axis=1) - 1).clip(0).sum())
    assert result.area_counts["n"].sum() == accounts.counted + again
