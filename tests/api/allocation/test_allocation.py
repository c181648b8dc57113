"""The allocation page: its address, its form, its three answers, its map and its cards."""

from __future__ import annotations

import io
import re
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.maps.pages import ASSETS
from api.pages.allocation_summary import AllocationSummary
from api.pages.allocation_view import AllocationView, folded, started
from api.pages.assets import BASEMAP_SCRIPTS, PICTURES_SCRIPT
from geo.analyses import AnalysisResult
from geo.errors import QuestionError
from geo.measures.model import Measure, values_frame
from geo.question.answer import Answer
from geo.question.ask import Question
from geo.question.model import NeedTerms, PostTerms
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.conftest import two_wards

POSTS = "/allocation?tab=posts&posts=7"
PATROLS = "/allocation?tab=patrols&officers=1&again=240&visits=1"


def redirected(client: TestClient, address: str) -> dict[str, list[str]]:
    response = client.get(address)
    assert response.status_code == 303, response.text
    return parse_qs(urlsplit(response.headers["location"]).query)


def test_a_bare_address_opens_with_numbers_to_begin_with(town_client: TestClient) -> None:
    assert redirected(town_client, "/allocation") == {"tab": ["posts"], "posts": ["4"]}
    assert redirected(town_client, "/allocation?tab=patches") == {
        "tab": ["patches"],
        "size": ["2-3"],
    }


def test_officers_are_shown_by_area_with_who_is_next(town_client: TestClient) -> None:
    page = town_client.get(POSTS).text
    assert "7 officers for 2 areas: at least 1 each, the rest by need" in page
    assert "An additional officer would go to" in page
    assert "322 read" in page
    assert 'href="/download/posts.csv?posts=7"' in page


def test_money_is_shown_flat_and_by_need(town_client: TestClient) -> None:
    page = town_client.get("/allocation?tab=posts&money=10000").text
    assert "£10,000 for 2 areas, flat and by need" in page
    assert ">5,000.00<" in page


def test_a_refusal_is_told_in_words_and_the_form_stays(town_client: TestClient) -> None:
    response = town_client.get("/allocation?tab=posts&posts=3&floor=2&category=burglary")
    assert response.status_code == 400
    assert (
        "A floor of 2 in each of 2 areas takes 4 posts, and there are 3; lower the floor"
        in response.text
    )
    assert 'name="posts" value="3"' in response.text
    assert 'value="burglary" selected' in response.text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("tab=budgets", "Unknown value &#39;budgets&#39;; choose posts, patches or patrols"),
        ("tab=posts&posts=many", "not a whole number"),
        ("tab=patches&size=1&plan=9", "There is no plan 9; choose one from 1 to"),
        ("tab=patches&size=3", "cannot be made of these 2 areas"),
        ("colour=red", "Unknown parameter"),
        ("tab=posts&posts=7&pin_name=Ann", "Enter a name and choose an area"),
        ("tab=posts&posts=7&beside=tab%3Dbudgets", "choose posts, patches or patrols"),
        ("tab=patrols&officers.late=1", "dated by month or day only"),
    ],
)
def test_what_cannot_be_is_refused_in_the_page(
    town_client: TestClient, query: str, message: str
) -> None:
    response = town_client.get(f"/allocation?{query}", follow_redirects=True)
    assert response.status_code == 400
    assert message in response.text
    assert 'id="question"' in response.text


def test_simple_fields_are_folded_into_the_question() -> None:
    fields = [
        ("need.incidents", "2"), ("need.residents", "1"), ("need.imd", ""), ("low.imd", "on"),
        ("low.residents", "on"), ("pinned", "Bo=B"), ("pin_name", "Ann, Lee"), ("pin_area", "A"),
        ("bridge_name", "Swan"), ("bridge_from", "A"), ("bridge_to", "B"),
        ("officers.late", "2"), ("starts.late", "15:00"), ("officers.night", "0"),
        ("exclude", "A"), ("exclude", "B"), ("money", " "),
    ]  # fmt: skip
    assert folded(fields) == {
        "need": "incidents:2,residents",
        "low": "residents",
        "pinned": "Bo=B,Ann  Lee=A",
        "bridges": "Swan=A+B",
        "shifts": "late:2@15:00",
        "exclude": "A,B",
    }


def test_numbers_of_a_tab_are_not_overwritten_by_those_to_begin_with() -> None:
    assert started({"tab": "posts", "money": "5"}, areas=9) == {"tab": "posts", "money": "5"}
    assert started({"tab": "posts", "need": "residents"}, areas=9)["posts"] == "18"


def test_an_address_reads_back_as_the_view_that_wrote_it() -> None:
    view = AllocationView(
        Question(posts=PostTerms(officers=7), need=NeedTerms(exclude=("A", "B"))),
        beside="tab=posts&posts=8",
    )
    again = AllocationView.read(
        dict(parse_qs(urlsplit(view.address()).query, keep_blank_values=True))
        and {name: values[0] for name, values in parse_qs(urlsplit(view.address()).query).items()}
    )
    assert again == view
    assert again.other == AllocationView(Question(posts=PostTerms(officers=8)))
    assert "exclude=B" in view.without("exclude", "A")
    with pytest.raises(QuestionError, match="plan: 'x' is not a plan"):
        AllocationView.read({"plan": "x"})


def test_two_answers_stand_side_by_side_with_what_differs(town_client: TestClient) -> None:
    page = town_client.get(f"{POSTS}&beside=tab%3Dposts%26posts%3D5").text
    assert page.count('class="allocation"') == 2
    assert "Difference from comparison" in page
    assert re.search(r'signed">\+\d', page)
    assert "5 officers for 2 areas" in page


def test_patches_are_chosen_from_a_short_list(town_client: TestClient) -> None:
    page = town_client.get("/allocation?tab=patches&size=1").text
    assert "proven best" in page
    assert "2 patches: the worst is" in page


def test_daily_visits_are_planned_where_months_are_known(town_client: TestClient) -> None:
    page = town_client.get(PATROLS).text
    assert "1 officer, 240 minutes each" in page
    assert "dated by month only" in page
    assert "Patrol cards to print" in page
    assert 'name="officers.late"' not in page


def test_candidate_bases_are_compared_and_the_rounds_start_at_the_best(
    town_client: TestClient,
) -> None:
    query = f"{PATROLS}&bases=wards&reach=20"
    page = town_client.get(query).text
    assert "the best of 2 candidate bases" in page
    assert "Demand within 20 minutes" in page
    assert '<option value="wards" selected>' in page
    labels = [
        town_client.get(address).text.count('"base"')
        for address in ("/allocation/map" + each[11:] for each in (query, PATROLS))
    ]
    assert labels == [1, 0]
    assert town_client.get(f"{PATROLS}&bases=nowhere").status_code == 400


def test_a_card_tells_each_stop_and_what_to_look_for(town_client: TestClient) -> None:
    page = town_client.get("/allocation/cards?officers=1&again=240&visits=1").text
    assert page.count('<article class="card"') == 1
    assert "&lt;i&gt;On or near&lt;/i&gt; Mill Lane" in page
    assert re.search(r"Anti-social behaviour \d+ %", page)
    assert re.search(r"number 1 of \d+ by demand of a day", page)
    assert town_client.get("/allocation/cards?officers=1&officer=late 9").status_code == 404


@pytest.mark.parametrize("query", ["tab=posts&posts=7", "tab=patches&size=1", PATROLS[12:]])
def test_the_map_runs_only_scripts_that_its_policy_names(
    town_client: TestClient, query: str
) -> None:
    response = town_client.get(f"/allocation/map?{query}")
    assert response.status_code == 200
    script = re.search(r"script-src ([^;]*)", response.headers["content-security-policy"])
    assert script
    assert "unsafe" not in script[1]
    assert script[1].count("sha256-") == response.text.count("<script>")
    assert set(re.findall(r'(?:src|href)="([^"]+)"', response.text)) == (
        set(ASSETS) - {*BASEMAP_SCRIPTS, PICTURES_SCRIPT}
    )
    assert response.text == town_client.get(f"/allocation/map?{query}").text


def test_a_map_of_nothing_says_why(town_client: TestClient) -> None:
    response = town_client.get("/allocation/map?tab=posts&posts=1")
    assert response.status_code == 400
    assert "a floor of 1 in each of 2 areas" in response.text


@pytest.mark.parametrize("name", ["{{ 6 * 7 }}", "</script><script>alert(1)</script>", "`${1}`"])
def test_a_hostile_name_stays_text(client: TestClient, store: GeoPackageStore, name: str) -> None:
    wards = two_wards().assign(area_name=[name, "Brook"])
    with store.transaction():
        store.put_layer(LayerMetadata("wards"), wards)
    for query in ("tab=posts&posts=7", "tab=patches&size=1", PATROLS[12:]):
        for path in ("/allocation?", "/allocation/map?"):
            page = client.get(path + query).text
            assert ">42<" not in page
            assert "<script>alert" not in page
    assert "`${1}`" not in client.get("/allocation/map?tab=posts&posts=7").text


def test_an_unchanged_answer_is_not_sent_again(town_client: TestClient) -> None:
    tag = town_client.get(POSTS).headers["etag"]
    assert town_client.get(POSTS, headers={"if-none-match": tag}).status_code == 304


def test_the_page_says_what_nobody_entered_and_that_a_plan_rests_on_too_little(
    town_client: TestClient,
) -> None:
    page = town_client.get("/allocation?tab=posts&posts=4").text
    assert "4 officers, 2 for each area, are assumed until you enter how many there are." in page
    assert "are assumed until" not in town_client.get(POSTS).text
    query = "tab=patrols&again=240&visits=1"
    page = town_client.get(f"/allocation?{query}").text
    assert "Nobody entered the officers: 2 with 240 minutes each are an assumption." in page
    assert 'placeholder="2, assumed"' in page
    assert "Nobody entered" not in town_client.get(f"/allocation?{query}&officers=2").text


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (0.0, "No plan can cover more."),
        (1e-12, "No plan can cover more."),
        (0.004, "but this one is at most 0.40 % short of the best."),
        (1e-6, "but this one is at most 0.01 % short of the best."),
    ],
)
def test_only_a_proven_plan_is_said_to_cover_the_most(gap: float, words: str) -> None:
    result = AnalysisResult(pd.DataFrame(), "", {"gap": gap, "bound": 12.0})
    summary = AllocationSummary(AllocationView(Question(), "patrols"), cast("Answer", None), result)
    assert summary.limit.endswith(words)


def test_measures_of_the_store_are_offered_and_shared_by(
    client: TestClient, store: GeoPackageStore
) -> None:
    rows = [
        {"measure_id": name, "area_code": code, "first_day": "2023-01-01",
         "last_day": "2023-12-31", "value": value}
        for name, values in (("visits", (30, 10)), ("safe", (1.0, 3.0)))
        for code, value in zip("AB", values, strict=True)
    ]  # fmt: skip
    visits = Measure("visits", "Visits", "a year", "count", "neither", "wards", "A log")
    safe = Measure("safe", "Feels safe", "%", "mean", "up", "wards", "A survey")
    with store.transaction():
        file = TableFile("v.csv", "1", len(rows), {}, (visits, safe))
        store.put_measure_values(values_frame(rows), file)
    asked = "/allocation?datetime=2024-01/2024-02&posts=8&floor=0"
    assert redirected(client, f"{asked}&need.visits=1")["need"] == ["visits"]
    page = client.get(f"{asked}&need=visits", follow_redirects=True).text
    assert 'name="need.visits" value="1"' in page
    assert 'name="low.visits"' in page
    assert ">Feels safe <small>%</small></th>" in page
    assert 'name="low.safe"' not in page
    csv = client.get(f"/download/posts.csv?{asked.partition('?')[2]}&need=visits&layer=wards").text
    posts = pd.read_csv(io.StringIO(csv)).set_index("area_code")["posts"].to_dict()
    assert posts == {"A": 6, "B": 2}
    assert "values of January 2023 to December 2023" in page
    board = client.get("/?datetime=2024-01/2024-02").text
    assert '<option value="measure:visits">Visits (measure)</option>' in board
    assert "measure:safe" not in board
    chosen = client.get("/?datetime=2024-01/2024-02&baseline=measure:visits").text
    assert '<option value="measure:visits" selected>Visits (measure)</option>' in chosen
