"""Each analysis reached by a Question: its columns, its method, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analyses import ANALYSES, LAYERS, Found
from geo.errors import QuestionError
from geo.options import Question
from geo.question import StoreFacts, answer
from geo.weights import HarmTable
from tests.geo.records import record_of

ASB, DRUGS = "anti-social-behaviour", "drugs"
MONTHS = [f"{year}-{month:02}" for year in (2021, 2022, 2023, 2024) for month in range(1, 13)]
NEEDED = {"compare": "year", "bandwidth": "100", "posts": "5", "groups": "2"}
"""What some analyses cannot do without."""
FIND = {analysis.command: analysis.find for analysis in ANALYSES}


def rows_of(seed: int, *, timed: bool = False) -> list:
    """A few dozen incidents a month in the four squares, most of them at one corner."""
    draw = np.random.default_rng(seed)
    rows = []
    for month in MONTHS:
        for _ in range(int(draw.poisson(12))):
            x, y = (435_000 + float(at) for at in np.round(draw.beta(1, 3, 2) * 200))
            when = f"{month}-{draw.integers(1, 28):02}T{draw.integers(0, 24):02}:30:00"
            kind = DRUGS if draw.random() < 0.3 else ASB
            rows.append((x, y - 435_000 + 336_000, kind, when if timed else month))
    return rows


@pytest.fixture(scope="module")
def monthly(incident_frame):
    return incident_frame(rows_of(1))


@pytest.fixture(scope="module")
def timed(incident_frame):
    return incident_frame(rows_of(2, timed=True))


@pytest.fixture
def find(four_squares):
    def found(command: str, frame: pd.DataFrame, facts=None, imports=(), **options: str) -> Found:
        given = {"cell": "25", "layer": "wards", **options}
        asked = answer(Question.read(given), frame, four_squares, facts=facts, imports=imports)
        return FIND[command](asked)

    return found


@pytest.mark.parametrize("command", sorted(FIND))
def test_every_analysis_says_its_method_and_numbers_that_json_can_hold(find, timed, command):
    from api.encoding import to_json  # noqa: PLC0415

    treated = {"treated": "p25:261015:201615", "since": "2024-07", "buffer": "20"}
    options = {**NEEDED, **treated, "datetime": "2021-01/2024-12"}
    found = find(command, timed, **options)
    assert found.method
    assert to_json(found.as_dict())


@pytest.mark.parametrize("collection", sorted(LAYERS))
def test_every_layer_has_geometry_and_an_area_where_it_lies(find, timed, collection):
    found = find(LAYERS[collection].command, timed, **NEEDED)
    frame = found.frame
    assert frame.crs.to_epsg() == 27700
    assert "area_code" in frame.columns
    assert shapely.is_valid(frame.geometry.to_numpy()).all()


@pytest.mark.parametrize("collection", sorted(LAYERS))
def test_narrowing_changes_no_number(find, timed, collection):
    options = {**NEEDED, "period": "latest-24m"}
    whole = find(LAYERS[collection].command, timed, **options).frame
    part = find(LAYERS[collection].command, timed, within="A", **options).frame
    same = whole[whole["area_code"] == "A"].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(part), pd.DataFrame(same))


def test_counts_beside_a_compared_period_say_how_sure_a_change_is(find, incident_frame):
    rows = [(435_050, 336_050, ASB, "2024-02")] * 60 + [(435_050, 336_050, ASB, "2024-01")] * 5
    rows += [(435_150, 336_150, ASB, month) for month in ("2024-01", "2024-02") for _ in range(9)]
    frame = incident_frame(rows)
    counts = find("count", frame, datetime="2024-02", compare="previous").frame
    assert counts["n_compared"].tolist() == [5, 0, 0, 9]
    assert counts["certainty"].tolist()[0] == "more than chance"
    assert counts["certainty"].tolist()[3] == "no clear change"
    # 29 days against 31.
    assert counts["change"][0] == pytest.approx(60 - 5 * 29 / 31)


def test_the_compared_period_stands_in_the_accounts(four_squares, monthly):
    options = {"period": "latest-3m", "compare": "year", "layer": "wards"}
    told = answer(Question.read(options), monthly, four_squares).accounts.as_dict()
    assert told["compared"]["from"] == "2023-10-01"
    assert told["compared"]["to"] == "2023-12-31"
    assert told["read"] == told["rejected"] + told["not_asked"] + told["outside"] + told["counted"]


def test_a_period_that_was_not_published_cannot_be_compared_with(find, monthly):
    with pytest.raises(QuestionError, match="compare: nothing was published for December 2020"):
        find("count", monthly, datetime="2021-12", compare="year")


def test_changes_need_something_to_compare_with(find, monthly):
    with pytest.raises(QuestionError, match="compare: say what to compare with"):
        find("change", monthly)


def test_harm_weighs_counts_cells_and_places(find, timed):
    table = HarmTable("Test table", "made up", {ASB: 1.0, DRUGS: 10.0})
    facts = StoreFacts(accepted=len(timed), harm=table)
    counts = find("count", timed, facts=facts, weight="t").frame
    cells = find("hotspots", timed, facts=facts, weight="t")
    places = find("rank", timed, facts=facts, weight="t", radius="25", spacing="50").frame
    assert counts["weighted"].sum() == pytest.approx(cells.frame["weighted"].sum())
    assert (cells.frame["weighted"] >= cells.frame["n"]).all()
    assert places["weighted"].is_monotonic_decreasing
    assert "Test table" in cells.caveats[0]


def test_a_harm_table_that_is_silent_of_a_category_is_refused(find, timed):
    facts = StoreFacts(accepted=len(timed), harm=HarmTable("Half", "made up", {ASB: 1.0}))
    with pytest.raises(QuestionError, match="weight: Half says nothing of: drugs"):
        find("count", timed, facts=facts)


def test_density_of_the_cells_adds_up_to_the_incidents(find, timed):
    found = find("density", timed, bandwidth="100", edge="corrected")
    area = find("density", timed, bandwidth="100").frame.geometry.area / 1e6
    inside = found.frame["inside_share"] * area
    assert (found.frame["density"] * inside).sum() == pytest.approx(found.frame["n"].sum())


def test_known_places_keep_their_ids(find, timed):
    options = {"radius": "25", "spacing": "50"}
    before = find("rank", timed, **options).frame
    known = before[["hotspot_id", "x", "y"]].assign(x=before["x"] + 5)
    facts = StoreFacts(accepted=len(timed), known_places=known)
    after = find("rank", timed, facts=facts, **options).frame
    assert after["hotspot_id"].tolist() == before["hotspot_id"].tolist()
    assert after["moved_m"].max() == pytest.approx(5)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("repeats", "source: repeats at an address cannot be told"),
        ("near-repeats", "source: near repeats cannot be told"),
        ("dayparts", "source: hours cannot be told"),
    ],
)
def test_what_snapped_monthly_data_cannot_tell_is_refused(find, monthly, command, message):
    with pytest.raises(QuestionError, match=message):
        find(command, monthly)


def test_months_published_short_are_passed_over(find, monthly):
    months = monthly["occurred_from"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m")
    imports = [
        record_of(part, month=month, rejected=0 if month != "2024-06" else -len(part) + 1)
        for month, part in monthly.groupby(months)
    ]
    found = find("emerging", monthly, imports=imports, period="latest-24m")
    assert found.frame["steps"].max() == 23
    assert "1 months were not published, or only in part" in found.caveats[0]


def test_a_holdout_as_long_as_the_period_is_refused(find, monthly):
    with pytest.raises(QuestionError, match="holdout: keeps 3 months back, and the period has 3"):
        find("evaluate", monthly, period="latest-3m", bandwidth="100")


def test_an_evaluation_holds_every_method_against_later_months(find, monthly):
    frame = find("evaluate", monthly, bandwidth="100", holdout="2").frame
    assert set(frame["method"]) == {"gi_star", "count", "last month", "density", "random"}
    assert set(frame["later"]) == {"2024-11", "2024-12"}


def test_a_treatment_needs_as_much_time_before_as_after(find, monthly):
    with pytest.raises(QuestionError, match="since: there must be as many published months"):
        find("treatment", monthly, treated="p150:43505:33605", since="2021-02")
    with pytest.raises(QuestionError, match="treated: say which places were treated"):
        find("treatment", monthly)
    with pytest.raises(QuestionError, match="treated: 'p1' is no id of a ranked hotspot"):
        find("treatment", monthly, treated="p1", since="2024-01")


def test_the_expected_band_needs_three_years_before(find, monthly):
    options = {"datetime": "2024-12"}
    assert set(find("expected", monthly, **options).frame["years"]) == {3}
    early = find("expected", monthly, datetime="2022-12").frame
    assert set(early["band"]) == {"no band"}
