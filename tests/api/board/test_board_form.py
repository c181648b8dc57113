"""The form of the board: what it offers, and what its fields become."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from fastapi.testclient import TestClient

from api.pages.bar import folded, opening_period
from geo.period import Latest
from geo.question.ask import Question
from geo.store.geopackage import GeoPackageStore

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


def place_of(page: str) -> str:
    return re.search(r'<tr data-at="(p150:[^"]+)"', page)[1]


def test_boxes_that_are_ticked_become_one_option(town_client: TestClient) -> None:
    response = town_client.get("/?category=burglary&category=anti-social-behaviour&layer=wards")
    category = "anti-social-behaviour,burglary"
    assert response.headers["location"] == f"?period=latest-1m&category={category}&layer=wards"


def test_the_form_offers_the_baselines_that_the_data_can_give(town_client: TestClient) -> None:
    def offered(query: str) -> list[tuple[str, bool]]:
        form = town_client.get(f"/{query}").text.partition('<select name="baseline">')[2]
        options = form.partition("</select>")[0]
        return [
            (name, bool(now))
            for name, now in re.findall(r'<option value="([^"]*)"( selected)?>', options)
        ]

    names = [("", True), ("even", False), ("points", False), ("residents", False)]
    assert offered(QUESTION) == names
    chosen = f"{QUESTION}&category=burglary&baseline=other"
    assert offered(chosen)[1:] == [*names[1:], ("other", True)]
    form = town_client.get(f"/{chosen}").text.partition('id="question"')[2].partition("</form>")[0]
    assert form.count('name="baseline"') == 1


def test_the_form_of_a_month_asks_for_the_whole_period(town_client: TestClient) -> None:
    page = town_client.get(f"/{QUESTION}&month=2024-02").text
    form = page.partition('id="question"')[2].partition("</form>")[0]
    assert 'name="from" placeholder="2024-01" pattern="\\d{4}-\\d{2}" value="2024-01"' in form
    assert "in February 2024" in page.partition('id="headline"')[2][:600]


def test_a_bare_address_asks_what_has_changed_in_the_last_month(town_client: TestClient) -> None:
    address = town_client.get("/").headers["location"]
    assert address == "?period=latest-1m&compare=previous"
    assert town_client.get("/?present=1").headers["location"] == f"{address}&present=1"
    page = town_client.get(address)
    assert page.status_code == 200
    assert "February 2024" in page.text
    assert "compared with January 2024" in page.text


def test_a_first_month_is_compared_with_nothing(client: TestClient, store: GeoPackageStore) -> None:
    with store.transaction():
        store.undo_import(store.imports()[0].import_id)
    assert client.get("/").headers["location"] == "?period=latest-1m"


def test_the_board_opens_on_days_where_all_sources_know_them(store: GeoPackageStore) -> None:
    months = store.imports()[0]
    days = replace(months, source="desk", summary=replace(months.summary, precisions=("day",)))

    class Both:
        def imports(self) -> list[object]:
            return [months, days]

    assert opening_period(Both(), Question()) == Latest(1)
    assert opening_period(Both(), Question(source=("desk",))) == Latest(28, "d")


def test_hours_of_ones_own_become_an_option() -> None:
    fields = [("hours", "other"), ("hour_from", "18"), ("hour_to", "02")]
    assert folded(fields) == {"hours": "18-02"}
    assert folded([*fields[1:], ("hours", "")]) == {}


def test_what_the_data_is_too_coarse_for_is_switched_off_with_the_reason(
    town_client: TestClient,
) -> None:
    page = town_client.get(QUESTION).text
    assert "police.uk does not publish the hour of incidents" in page
    assert re.search(r'value="latest-28d"[^>]* disabled>[^<]*months only', page)
    assert "The hours of the week are not known" in page


def test_treatment_is_asked_in_the_page_and_refused_with_a_reason(town_client: TestClient) -> None:
    page = town_client.get(f"{QUESTION}&treated=wards&since=2024-02").text
    assert "no control is left: it lies within the treated places" in page
    assert "Did it work?" in page


def test_a_name_that_is_unknown_in_the_form_leaves_the_board_standing(
    town_client: TestClient,
) -> None:
    for fields in ("treated=estate", "treated=wards&control=parishes", "treated=p150:x"):
        page = town_client.get(f"{QUESTION}&{fields}&since=2024-02")
        assert page.status_code == 200
        section = page.text[page.text.index('id="treatment"') : page.text.index('id="accounts"')]
        assert re.search(r'<p class="reason">.*(there is no layer|is not the id)', section)
        assert 'id="areas"' in page.text
        assert '<option value="wards">' in section


def test_a_point_is_left_out_by_a_link_and_told(town_client: TestClient) -> None:
    at = place_of(town_client.get(QUESTION).text)
    link = re.search(
        r'class="out" href="([^"]+)"', town_client.get(f"/story{QUESTION}&at={at}").text
    )
    address = html.unescape(link[1])
    page = town_client.get(address).text
    assert "1 of them at excluded places" in page
    assert 'aria-label="remove: without ' in page
    legend = town_client.get(f"/map{address[1:]}").text
    assert "(1 incident)" in legend
