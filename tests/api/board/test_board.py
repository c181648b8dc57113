"""The board: what its bar offers, what its sections say, and what they refuse to say."""

from __future__ import annotations

import html
import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.board.findings import Findings
from api.board.funnel import funnel
from api.board.sections import SECTIONS, render_section
from api.board.variables import page_variables
from api.board.view import BoardView
from api.pages.charts import chart
from api.pages.templating import templates
from api.pages.trends import Trend
from geo.errors import StoreError
from geo.question.ask import Question
from geo.question.harm import WEIGHTS_SETTING, HarmTable
from geo.store.geopackage import GeoPackageStore

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"
LATER = "?datetime=2024-02&layer=wards&cell=200"


def place_of(page: str) -> str:
    return re.search(r'<tr data-at="(p150:[^"]+)"', page)[1]


def test_a_section_that_cannot_be_told_says_why(town_client: TestClient) -> None:
    page = town_client.get(QUESTION).text
    assert "repeats at an address cannot be found" in page
    assert "emerging hotspots need 10 months with data" in page
    assert "it needs the same month of three earlier years" in page


def test_the_pieces_of_a_page_are_one_document(town_client: TestClient) -> None:
    page = town_client.get(f"{QUESTION}&at=A").text
    for tag in ("main", "section", "div", "table", "svg"):
        assert page.count(f"<{tag}") == page.count(f"</{tag}>") > 0
    assert page.rstrip().endswith("</html>")
    assert "&lt;/" not in page.replace("&lt;/b&gt;", "").replace("&lt;/i&gt;", "")


def test_a_change_is_told_with_its_certainty(town_client: TestClient) -> None:
    page = town_client.get(f"{LATER}&compare=previous").text
    assert "compared with January 2024" in page
    # Without earlier months nobody knows how much the counts of these two areas vary.
    assert len(re.findall('class="sure cannot-be-judged">', page)) == 2
    assert "too few earlier months or incidents to judge" in page
    assert re.search(r"Compared with</dt><dd>January 2024: \d+ counted", page)


def test_a_short_period_can_be_left_for_the_months_before_it(town_client: TestClient) -> None:
    page = html.unescape(town_client.get(LATER).text)
    strip = page[page.index('<div id="bars"') : page.index('class="lead"')]
    months = re.findall(r'<a href="([^"]+)" class="(\w+)"[^>]* title="([^"]+)"', strip)
    assert months == [
        ("/?datetime=2024-02&layer=wards&cell=200&month=2024-01", "out", "January 2024: 148"),
        ("/?datetime=2024-02&layer=wards&cell=200&month=2024-02", "in", "February 2024: 153"),
    ]
    frames = re.findall(
        r'<iframe[^>]* src="([^"]+)"', town_client.get(f"{LATER}&month=2024-01").text
    )
    assert html.unescape(frames[0]) == "/map?datetime=2024-01&layer=wards&cell=200"
    first = town_client.get("?datetime=2024-01&layer=wards&cell=200").text
    assert '<div id="bars" class="none">' in first


def test_a_month_narrows_the_whole_page(town_client: TestClient) -> None:
    narrowed = town_client.get(f"{QUESTION}&month=2024-01").text
    alone = town_client.get("?datetime=2024-01&layer=wards&cell=200").text
    for part in (r'<h1 id="headline".*?</h1>', r'<p class="numbers">.*?</p>'):
        assert re.search(part, narrowed)[0] == re.search(part, alone)[0]
    for name in ("cards", "areas"):
        sections = [
            re.search(rf'<section[^>]* id="{name}".*?</section>', page, re.DOTALL)[0]
            for page in (narrowed, alone)
        ]
        counts = [re.findall(r"<strong>([\d,]+)</strong>", section) for section in sections]
        assert counts[0] == counts[1]
    assert 'aria-label="remove: only January 2024"' in narrowed
    # The strip keeps the months of the whole period, to go on to the next.
    assert narrowed.count('class="in"') == 1
    assert narrowed.count('class="chosen" aria-current="true"') == 1
    refused = town_client.get(f"{QUESTION}&month=2030-01")
    assert refused.status_code == 400
    assert "Not applied: month “2030-01”" in refused.text


def test_a_month_that_is_none_is_refused_by_name(town_client: TestClient) -> None:
    response = town_client.get(f"{QUESTION}&month=May")
    assert response.status_code == 400
    assert "is not a month; write it as 2024-03" in response.text


def test_the_effect_heads_the_section_whichever_it_is(town_client: TestClient) -> None:
    place = place_of(town_client.get(QUESTION).text)
    page = town_client.get(f"{QUESTION}&treated={place}&since=2024-02").text
    section = page[page.index('id="treatment"') : page.index('id="accounts"')]
    assert re.search(r'<p class="big"><strong>(No clear effect|Too few incidents)', section)
    assert "When were the places chosen?" in section
    assert "Map of the treated places" in section


def test_harm_is_offered_where_there_is_a_table_and_orders_the_page(
    client: TestClient, store: GeoPackageStore
) -> None:
    assert "Counted by" not in client.get(QUESTION).text
    table = HarmTable("Days", "ours", {"burglary": 50.0, "anti-social-behaviour": 1.0})
    with store.transaction():
        store.put_setting(WEIGHTS_SETTING.format("days"), table.as_dict())
    page = client.get(f"{QUESTION}&weight=days").text
    assert '<option value="days" selected>harm: Days</option>' in page
    assert "most harm first" in page
    areas = page[page.index('id="areas"') :]
    harms = re.findall(r'data-sort="([\d.]+)">[\d,]+</td><td class="number" data-sort="0', areas)
    assert len(harms) == 2
    assert float(harms[0]) > float(harms[1])
    assert "by harm (Days)" in client.get(f"/map{QUESTION}&weight=days").text


def test_the_areas_shown_narrow_the_months_and_hours_too(
    client: TestClient, store: GeoPackageStore
) -> None:
    answers = Answers(store)
    whole, part = (
        Findings(answers, Question(layer="wards", within=within)).whole_trend.counts
        for within in ((), ("B",))
    )
    b = Findings(answers, Question(layer="wards")).area_trend.counts[1]
    assert np.nansum(part) == np.nansum(b) < np.nansum(whole)


def test_repeat_places_name_their_days_in_words() -> None:
    place = {
        "location": "1 High Street",
        "n": 3,
        "first": date(2026, 3, 1),
        "last": date(2026, 4, 9),
    }
    text = templates.get_template("board_repeats.html").render(
        reason="", rows=[place], places=1, n=3, accounts={"counted": 9}, caveats=[]
    )
    assert "<td>1 March 2026</td><td>9 April 2026</td>" in text


def test_a_gap_in_a_chart_is_no_fall() -> None:
    nan = np.nan
    trend = Trend(
        ["2024-01", "2024-02", "2024-03", "2024-04"],
        np.array([[5.0, 7.0, nan, 6.0]]),
        *(np.full((1, 4), nan),) * 2,
    )
    drawn = chart(trend, 0, width=100, height=30)
    assert [len(line.split()) for line in drawn.lines] == [2]
    assert len(drawn.dots) == 1
    known = [("2024-01", "5"), ("2024-02", "7"), ("2024-04", "6")]
    assert [(bar.month, bar.words) for bar in drawn.bars] == known
    assert trend.verdict(0) == ""


@pytest.mark.parametrize("name", ["hotspots", "density", "patrols"])
def test_a_table_is_had_after_its_layer(town_client: TestClient, name: str) -> None:
    layer = town_client.get(f"/download/{name}.geojson{QUESTION}").json()
    table = town_client.get(f"/download/{name}.csv{QUESTION}")
    assert table.status_code == 200
    assert len(table.text.splitlines()) == 1 + len(layer["features"])


def test_a_page_that_is_being_sent_does_not_look_at_the_store_again(
    store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_store: object) -> None:
        raise StoreError("the store cannot be used: it is away")

    view = BoardView.read({"datetime": "2024-01/2024-02", "layer": "wards", "cell": "200"})
    findings = Findings(Answers(store), view.question)
    shared = page_variables(findings, view)
    monkeypatch.setattr(GeoPackageStore, "reading", away)
    pieces = [render_section(name, findings, shared) for name in SECTIONS]
    assert not any("it is away" in piece for piece in pieces)


def test_a_store_that_is_away_is_no_answer_of_a_section(
    store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_findings: Findings) -> dict[str, object]:
        raise StoreError("the store cannot be used: it is away")

    view = BoardView.read({"layer": "wards"})
    findings = Findings(Answers(store), view.question)
    monkeypatch.setitem(SECTIONS, "treatment", away)
    with pytest.raises(StoreError, match="it is away"):
        render_section("treatment", findings, page_variables(findings, view))


def test_a_headline_speaks_of_no_hotspot_outside_the_areas_shown(
    town_client: TestClient,
) -> None:
    # Ward B shown alone: the hot cells lie in A, and none of them is spoken of.
    even = "/?layer=wards&period=latest-2m&study=wards&baseline=even"
    assert re.search(
        r"<strong>[1-9]\d*</strong> <abbr[^>]*>hotspots?</abbr>", town_client.get(even).text
    )
    page = town_client.get(f"{even}&within=B").text
    assert re.search(r"<strong>0</strong> <abbr[^>]*>hotspots</abbr>", page)


def test_every_page_counts_hotspots_and_names_what_they_are_held_against(
    client: TestClient, store: GeoPackageStore
) -> None:
    question = f"{QUESTION}&baseline=even"
    page = html.unescape(client.get(f"/{question}").text)
    answer = Findings(Answers(store), BoardView.read(options_of(question)).question).answer
    hot = answer.hotspots[answer.hotspots["class"].str.startswith("hot")]
    n = hot["cluster_id"].nunique()
    assert n
    name = f"hotspot{'' if n == 1 else 's'}"
    assert f"<strong>{n}</strong> <abbr" in page
    assert f">{name}</abbr> ({len(hot)} cell" in page
    words = f"more than an even spread over {answer.study_title} would lead one to expect"
    assert f"Hotspot: {words}" in page
    legend = html.unescape(client.get(f"/map{question}").text)
    assert f"Expected: as many as {words.removeprefix('more than ')}. A cell counts with" in legend
    counted = sum(int(n) for n in re.findall(r">(\d+) hotspots?: hot cells that touch", legend))
    assert counted == n
    # Each class counts its own cells: a hotspot has cells of both.
    assert sum(int(cells) for cells in re.findall(r"Hot: .*?: (\d+) cell", legend)) == len(hot)
    brief = html.unescape(client.get(f"/brief.html{question}").text)
    assert f"<strong>{n}</strong> {name} ({len(hot)} cell" in brief
    assert f"Hotspot: {words}" in brief
    assert "(95 %)" not in page + legend + brief


def test_hotspots_are_listed_with_their_shares_of_land_and_incidents(
    town_client: TestClient,
) -> None:
    query = f"{QUESTION}&baseline=even"
    page = html.unescape(town_client.get(f"/{query}").text)
    table = re.search(r'<section id="hotspots".+?</section>', page, re.DOTALL)[0]
    items = town_client.get(f"/ogc/collections/hotspot-outlines/items{query}").json()
    (hotspot,) = [feature["properties"] for feature in items["features"]]
    row = re.search(r'<tr data-at="([^"]+)">(.+?)</tr>', table, re.DOTALL)
    assert hotspot["cluster_id"] == f"c-{row[1]}"
    place, *numbers = [float(value) for value in re.findall(r'data-sort="([^"]+)"', row[2])]
    assert place == 1
    assert '<span class="rank">1</span>' in row[2]
    names = ("n", "expected", "share", "land_share", "cells")
    assert numbers == pytest.approx([hotspot[name] for name in names])
    assert "Expected: what an even spread over Wards of the town would lead one to expect" in table
    assert "/download/hotspot-outlines.csv?datetime=" in table


def test_snap_points_are_the_baseline_of_a_source_that_has_them(town_client: TestClient) -> None:
    words = r"more than its points would lead one to expect \([\d,]+ points of \d+ months\)"
    for address in (f"/{QUESTION}", f"/brief.html{QUESTION}"):
        assert re.search(words, html.unescape(town_client.get(address).text)), address
    legend = html.unescape(town_client.get(f"/map{QUESTION}").text)
    assert re.search(words.replace("more than", "as many as"), legend)


def test_rates_are_drawn_as_a_funnel_with_the_areas_beyond_it_named() -> None:
    people = np.array([900.0, 2_000.0, 3_000.0, 5_000.0, 8_000.0, 9_000.0])
    counts = np.array([18, 41, 58, 160, 161, 178])
    names = [f"Ward {number}" for number in range(6)]
    areas = pd.DataFrame({"area_name": names, "n": counts, "residents": people})
    plot = funnel(areas)
    assert plot is not None
    assert plot.rate == pytest.approx(1000 * counts.sum() / people.sum())
    assert [name for _, _, name, beyond, _ in plot.dots if beyond] == ["Ward 3"]
    # To the right with more residents, upwards with a higher rate.
    assert np.diff([x for x, *_ in plot.dots]).min() > 0
    heights = np.array([y for _, y, *_ in plot.dots])
    assert np.argsort(heights).tolist() == np.argsort(-counts / people).tolist()
    assert plot.named == {"Ward 3"}
    assert funnel(areas.head(4)) is None
    wide = funnel(areas, dispersion=40.0)
    assert wide is not None
    assert not any(beyond for *_, beyond, _ in wide.dots)


def options_of(query: str) -> dict[str, str]:
    return dict(part.split("=") for part in query.removeprefix("?").split("&"))
