"""The pages of areas: for every kind of layer, with and without incidents, at any code."""

import io
import re
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from shapely import box

from api.addresses import addresses_below
from api.areas.facts import prepare_areas
from api.pages.area_address import area_address
from geo.question.answer import Answer
from geo.question.subjects import AnswerSubject, ask_about
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.areas.conftest import ODD
from tests.api.areas.conftest import layer as drawn
from tests.api.conftest import serve_town, two_wards

ASKED = "datetime=2024-01/2024-02"


def text_of(page: str) -> str:
    """A page without its tags, its spaces made one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def page(client: TestClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_area_says_what_the_counts_say(areas_client: TestClient) -> None:
    counts = areas_client.get(f"/download/area-counts.csv?{ASKED}&layer=wards").text
    n = pd.read_csv(io.StringIO(counts)).set_index("area_code")["n"]
    text = text_of(page(areas_client, f"/areas/wards/A?{ASKED}"))
    assert f"{n['A']} incidents in January 2024 to February 2024" in text
    assert "Neighbours Brook" in text


def test_the_first_day_of_a_layer_is_in_words(areas_client: TestClient) -> None:
    assert "in force since 1 January 2024" in text_of(page(areas_client, "/areas/estates"))
    assert "1 January 2024" in text_of(page(areas_client, "/areas"))


def test_a_rate_of_nothing_is_known_and_shown(client: TestClient, store: GeoPackageStore) -> None:
    parts = drawn({"Z": "Quiet", "Y": "Rest"}, [box(0.01, 0.01, 0.012, 0.012), box(0, 0.1, 1, 1)])
    with store.transaction():
        store.put_layer(LayerMetadata("parts", title="Parts"), parts.assign(residents=[50, 900]))
    text = text_of(page(client, f"/areas/parts/Z?{ASKED}"))
    assert "Incidents 0 0.0 % of all" in text
    assert "per 1,000 residents 0.0" in text


def test_months_without_data_are_named(areas_client: TestClient) -> None:
    when = "incidents in December 2023 to February 2024 (no data imported for 1 of 3 months)"
    for address in ("/areas/wards/A", "/areas/wards"):
        assert when in text_of(page(areas_client, f"{address}?datetime=2023-12/2024-02"))


def test_columns_that_are_no_figures_are_left_out(tmp_path: Path) -> None:
    wards = two_wards().assign(OBJECTID=7, BNG_E=435_000, LAT=52.9, Shape__Area=4e6, electors=700)
    with closing(GeoPackageStore(tmp_path / "town.gpkg", create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards"), wards)
        with serve_town(store) as client:
            text = text_of(page(client, "/areas/wards/A"))
    assert "At a glance Land 4.00 km² Residents 1,000 Electors 700 Neighbours" in text


def test_names_are_escaped(areas_client: TestClient) -> None:
    assert "<b>Abbey</b>" not in page(areas_client, "/areas/wards/A")
    assert "&lt;b&gt;Abbey&lt;/b&gt; &amp; Co" in page(areas_client, "/areas/wards/A")


def test_every_link_of_a_layer_leads_to_a_page(areas_client: TestClient) -> None:
    for layer in ("wards", "estates", "old-wards", "outskirts", "plan-north"):
        listed = page(areas_client, f"/areas/{layer}")
        links = set(re.findall(rf'href="(/areas/{layer}/[^"]+)"', listed))
        assert links
        for link in links:
            assert areas_client.get(link).status_code == 200, link
    assert {"/areas/wards", "/areas/estates", "/areas/plan-north"} <= set(
        re.findall(r'href="(/areas/[^"]+)"', page(areas_client, "/areas"))
    )


@pytest.mark.parametrize("safe", ["", "/"])
def test_a_code_of_any_letters_has_a_page(areas_client: TestClient, safe: str) -> None:
    text = page(areas_client, f"/areas/estates/{quote(ODD, safe=safe)}?{ASKED}")
    assert '<h1 id="name">Mill Estate' in text


def test_areas_that_overlap_name_each_other(areas_client: TestClient) -> None:
    text = text_of(page(areas_client, "/areas/estates/E3"))
    assert "Partly over it: Bridge End , Mill Estate" in text


def test_a_store_without_incidents_has_pages(bare_client: TestClient) -> None:
    text = text_of(page(bare_client, "/areas/wards/A"))
    assert "No incidents are known here." in text
    assert "Neighbours Brook" in text
    assert "Land 4.00 km²" in text
    listed = text_of(page(bare_client, "/areas/wards"))
    assert "No incidents are known here." in listed
    assert bare_client.get("/areas/wards/A?f=xlsx").status_code == 200


def test_a_store_without_areas_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("empty") / "empty.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store, serve_town(store) as client:
        assert "There are no areas yet" in page(client, "/areas")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/areas/wards/nope", 404),
        ("/areas/nope", 404),
        ("/areas/nope/A", 404),
        ("/areas/plan-nope/A", 404),
        ("/areas/wards/A?colour=red", 400),
        ("/areas/wards/A?f=doc", 400),
        ("/areas/wards/A?period=never", 400),
        ("/areas?f=xlsx", 200),
    ],
)
def test_what_there_is_not_is_refused(areas_client: TestClient, address: str, status: int) -> None:
    answer = areas_client.get(address)
    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_question_that_has_no_answer_leaves_the_rest_standing(areas_client: TestClient) -> None:
    text = text_of(page(areas_client, "/areas/wards/A?datetime=1999-01"))
    assert "No incidents are known here." in text
    assert "Neighbours Brook" in text


def test_fields_that_a_form_sends_empty_mean_nothing(areas_client: TestClient) -> None:
    sent = page(areas_client, "/areas/wards/A?period=latest-2m&category=&compare=")
    assert text_of(sent) == text_of(page(areas_client, "/areas/wards/A?period=latest-2m"))


def test_a_page_is_named_and_not_sent_twice(areas_client: TestClient) -> None:
    for address in ("/areas", "/areas/wards", "/areas/wards/A", "/areas/wards/A?f=xlsx"):
        first = areas_client.get(address)
        again = areas_client.get(address, headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304, address


def test_the_workbook_has_what_the_page_says(areas_client: TestClient) -> None:
    answer = areas_client.get(f"/areas/wards/A?{ASKED}&f=xlsx")
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="wards--b-Abbey--b----Co.xlsx"'
    )
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == [
        "Area",
        "Incidents",
        "Months",
        "Measures",
        "Measures over time",
        "Made of",
        "Neighbours",
        "How we know",
    ]
    header, row = book["Incidents"].iter_rows(values_only=True, max_row=2)
    counted = dict(zip(header, row, strict=True))["n"]
    assert f"{counted} incidents in January" in text_of(
        page(areas_client, f"/areas/wards/A?{ASKED}")
    )
    assert list(book["Neighbours"].iter_rows(values_only=True))[1] == ("B", "Brook", "beside it")


def test_the_workbook_of_a_layer_has_every_area(areas_client: TestClient) -> None:
    book = openpyxl.load_workbook(io.BytesIO(areas_client.get("/areas/estates?f=xlsx").content))
    assert [row[1] for row in book["Areas"].iter_rows(values_only=True, min_row=2)] == [
        "Bridge End",
        "Market",
        "Mill Estate",
    ]


def test_the_board_leads_to_the_pages_of_areas(areas_client: TestClient) -> None:
    board = page(areas_client, f"/?{ASKED}&at=A")
    links = set(re.findall(r'href="(/areas/wards/[^"?]+\?[^"]+)"', board))
    assert {link.partition("?")[0] for link in links} == {"/areas/wards/A", "/areas/wards/B"}
    for link in links:
        text = text_of(page(areas_client, link.replace("&amp;", "&")))
        assert "January 2024 to February 2024" in text


def test_a_search_leads_to_the_page_of_an_area(areas_client: TestClient) -> None:
    results = areas_client.get("/search?q=mill estate", headers={"accept": "text/html"}).text
    (link,) = re.findall(r'href="(/areas/[^"]+)">its page', results)
    assert '<h1 id="name">Mill Estate' in page(areas_client, link.replace("&amp;", "&"))


def test_a_prepared_page_of_an_area_asks_nothing_anew(
    made_town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(GeoPackageStore(made_town)) as store, serve_town(store) as client:
        prepare_areas(client.app.state.answers)  # type: ignore[attr-defined]
        asked: list[str] = []

        def noting(subject: AnswerSubject, *further: Any, **options: Any) -> Answer:
            asked.append(subject)
            return ask_about(subject, *further, **options)

        monkeypatch.setattr("api.snapshot.ask_about", noting)
        assert "Neighbours Brook" in text_of(page(client, "/areas/wards/A"))
        assert set(asked) <= {"money", "measures", "time"}  # of which there are none here


def test_pages_stand_below_a_prefix() -> None:
    with addresses_below("/patchmap"):
        assert area_address("wards", "A/ b") == "/patchmap/areas/wards/A/%20b"
    assert area_address("wards", "../x") == "/areas/wards/..%2Fx"
