"""The map of the board: what is drawn, over what, and why not."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.board.findings import Findings
from api.board.view import BoardView
from api.maps.drawing import draw_plain, fitted_areas
from api.maps.modes import paint
from geo.errors import QuestionError
from geo.question.ask import Question, answer
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"
LATER = "?datetime=2024-02&layer=wards&cell=200"


def options_of(query: str) -> dict[str, str]:
    return dict(part.split("=") for part in query.removeprefix("?").split("&"))


def test_an_unknown_way_of_showing_is_refused_by_name(town_client: TestClient) -> None:
    for path in ("/", "/map", "/story"):
        response = town_client.get(f"{path}{QUESTION}&show=pies")
        assert response.status_code == 400
        assert (
            "cells, unusual, density, change, persistence, rates, waits, streets, patrols, pair"
            in response.text.replace("&#39;", "'")
        )


def test_change_is_not_shown_without_something_to_compare(
    client: TestClient, store: GeoPackageStore
) -> None:
    assert client.get(f"{QUESTION}&show=change").headers["location"] == QUESTION
    answer = Findings(Answers(store), Question(layer="wards")).answer
    with pytest.raises(QuestionError, match="change needs a period to compare with"):
        paint("change", answer)


def test_a_month_that_is_compared_is_drawn_as_its_page_is(town_client: TestClient) -> None:
    page = town_client.get("/?datetime=2024-01/2024-02&compare=previous&month=2024-02").text
    (frame,) = re.findall(r'<iframe[^>]* src="([^"]+)"', page)
    assert "compare=previous" in frame
    assert "datetime=2024-02" in frame


def test_another_layer_is_drawn_over_the_map(client: TestClient, store: GeoPackageStore) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("estates", title="Estates <1>"), two_wards())
    page = client.get(f"{QUESTION}&over=estates").text
    assert 'name="over" value="estates" checked> Estates &lt;1&gt;</label>' in page
    assert "&amp;over=estates" in re.search(r'<iframe[^>]* src="([^"]+)"', page)[1]
    legend = client.get(f"/map{QUESTION}&over=estates").text
    assert "<span>Estates &lt;1&gt;: 2 areas</span>" in legend
    assert "there is no layer" in client.get(f"/map{QUESTION}&over=nowhere").text


def test_a_map_that_cannot_be_drawn_says_why_to_people(town_client: TestClient) -> None:
    response = town_client.get(f"/map{QUESTION}&show=persistence")
    assert response.status_code == 400
    assert (
        "<h1>The map cannot be drawn</h1><p>emerging hotspots need 10 months with data"
        in response.text
    )


def test_before_and_after_keep_the_month_and_areas_go_by_name(town_client: TestClient) -> None:
    page = html.unescape(town_client.get(f"{LATER}&month=2024-01&within=B").text)
    assert "month=2024-01" in re.search(r'href="([^"]*show=pair[^"]*)"', page)[1]
    names = dict(re.findall(r'name="within" value="([^"]+)"[^>]*> ([^<]+)</label>', page))
    assert re.search(r"<span>only ([^<]+?) <a", page.split('"limits"')[1])
    assert f"<span>only {names['B']} <a" in page


def test_before_and_after_are_of_one_question(town_client: TestClient) -> None:
    page = town_client.get(f"{LATER}&compare=previous&show=pair").text
    frames = re.findall(r'<iframe[^>]* src="([^"]+)"', page)
    assert [html.unescape(frame) for frame in frames] == [
        "/map?datetime=2024-02&layer=wards&cell=200&compare=previous&show=before",
        "/map?datetime=2024-02&layer=wards&cell=200&compare=previous",
    ]
    assert "Before: January 2024" in page
    assert "After: February 2024" in page
    assert [town_client.get(html.unescape(frame)).status_code for frame in frames] == [200, 200]


def test_density_is_told_in_round_steps_per_square_kilometre(town_client: TestClient) -> None:
    legend = town_client.get(f"/map{QUESTION}&show=density").text
    assert "user-scalable=no" not in legend
    assert "Density of incidents per km²" in legend
    assert re.search(r"\d0 to \d+0 per km²", legend)
    assert "or more per km²" in legend


def test_a_drawing_holds_every_area_and_place(store: GeoPackageStore) -> None:
    findings = Findings(Answers(store), Question(layer="wards", cell=200))
    drawn = draw_plain(findings.answer, painting=findings.painting("cells"), places=findings.places)
    assert drawn.outlines.count("M") == 2
    assert len(drawn.places) == len(findings.places)
    assert drawn.bar.words == "500 m"


@pytest.mark.parametrize(("layer", "study"), [("estates", "wards"), ("wards", "estates")])
def test_a_map_is_fitted_to_the_smaller_of_its_areas_and_the_study_area(
    store: GeoPackageStore, layer: str, study: str
) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("estates"), two_wards().loc[["B"]])
    shown = Findings(Answers(store), Question(layer=layer, study=study, cell=200)).answer
    assert list(fitted_areas(shown).index) == ["B"]


def test_rates_are_in_colour_where_their_range_leaves_out_that_of_all(
    store: GeoPackageStore,
) -> None:
    view = BoardView.read(options_of(QUESTION))
    answer = Findings(Answers(store), view.question).answer
    rates = answer.area_counts.set_index("area_code")
    painting = paint("rates", answer)
    kinds = painting.cells.set_index("area_code")["kind"]
    residents = answer.areas["residents"]
    overall = 1000 * rates["n"].sum() / residents.sum()
    for code, row in rates.iterrows():
        side = "above" if row["rate_low"] > overall else "unclear"
        assert kinds[code] == ("below" if row["rate_high"] < overall else side)
        assert row["rate_low"] <= row["rate_shrunk"] <= row["rate_high"]
    assert f"the {overall:,.1f} of all areas" in painting.note


def test_the_rate_of_all_areas_is_also_of_those_without_incidents(four_squares, incident_frame):
    rows = [(435_050, 336_050, "burglary", "2024-01")] * 40
    one_busy = answer(Question(), incident_frame(rows), four_squares.assign(residents=1_000))
    assert "the 10.0 of all areas" in paint("rates", one_busy).note
