"""The board: what its bar offers, what its sections say, and what they refuse to say."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.board.cards import Share
from api.board.findings import Findings
from api.board.funnel import funnel
from api.board.sections import SECTIONS, render_section
from api.board.variables import page_variables
from api.board.view import BoardView
from api.maps.drawing import draw_plain
from api.maps.modes import paint
from api.pages.bar import folded, opening_period
from api.pages.charts import chart
from api.pages.trends import Trend
from geo.cells import Grid
from geo.errors import QuestionError, StoreError
from geo.period import Latest
from geo.question.ask import Question, answer
from geo.question.harm import WEIGHTS_SETTING, HarmTable
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards
from tests.services import run_patchmap

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"
LATER = "?datetime=2024-02&layer=wards&cell=200"


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


@pytest.mark.parametrize("at", [*Grid(200).ids(Grid(200).positions([435_400], [336_400])), "A"])
def test_a_story_is_the_same_in_the_page_and_alone(town_client: TestClient, at: str) -> None:
    page = town_client.get(f"{QUESTION}&at={at}").text
    alone = town_client.get(f"/story{QUESTION}&at={at}").text
    assert f'data-at="{at}"' in alone
    assert alone.strip() in page


def test_the_story_of_a_place_names_its_streets_and_its_rank(town_client: TestClient) -> None:
    at = place_of(town_client.get(QUESTION).text)
    story = town_client.get(f"/story{LATER}&compare=previous&at={at}").text
    # Named as on its card, with the kinds of incident and its months.
    title = html.unescape(re.search(r'id="story-title"[^>]*>(.*?) <span', story)[1])
    assert title == "Place 1: <i>On or near</i> Mill Lane, <b>Abbey</b> & Co"
    assert re.search(r"<dt>Kinds</dt><dd>Anti-social behaviour \d+, Burglary \d+</dd>", story)
    assert "; its average is about" in story
    assert 'class="spark"' in story
    assert "January 2024 to February 2024" in story
    assert "<i>" not in story


def test_places_of_another_study_area_say_what_they_hold_of() -> None:
    assert Share(10, 0.182, " in Wards").words == (
        "Ten places hold 18.2 % of all incidents in Wards"
    )


def test_what_is_usual_is_not_said_of_places_without_earlier_incidents(
    town_client: TestClient,
) -> None:
    # The town has two months: of both together nothing earlier is known.
    for address, more in (("/", "&present=1"), ("/brief.html", "")):
        later = town_client.get(f"{address}{LATER}{more}").text
        whole = town_client.get(f"{address}{QUESTION}{more}").text
        assert re.search(r"average (is about )?\d", later), address
        assert not re.search(r"average (is about )?\d", whole), address
    at = place_of(town_client.get(QUESTION).text)
    assert "average" not in town_client.get(f"/story{QUESTION}&at={at}").text


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("Z", "is shown; choose one of the table"),
        ("h200:1:1", "in this grid"),
        ("p150:x", "not the id of a ranked hotspot"),
    ],
)
def test_a_place_that_is_not_there_has_no_story(
    town_client: TestClient, at: str, message: str
) -> None:
    assert message in town_client.get(f"{QUESTION}&at={at}").text


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


def test_a_month_that_is_compared_is_drawn_as_its_page_is(town_client: TestClient) -> None:
    page = town_client.get("/?datetime=2024-01/2024-02&compare=previous&month=2024-02").text
    (frame,) = re.findall(r'<iframe[^>]* src="([^"]+)"', page)
    assert "compare=previous" in frame
    assert "datetime=2024-02" in frame


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


@pytest.mark.parametrize("name", ["hotspots", "density", "patrols"])
def test_a_table_is_had_after_its_layer(town_client: TestClient, name: str) -> None:
    layer = town_client.get(f"/download/{name}.geojson{QUESTION}").json()
    table = town_client.get(f"/download/{name}.csv{QUESTION}")
    assert table.status_code == 200
    assert len(table.text.splitlines()) == 1 + len(layer["features"])


def test_a_drawing_holds_every_area_and_place(store: GeoPackageStore) -> None:
    findings = Findings(Answers(store), Question(layer="wards", cell=200))
    drawn = draw_plain(findings.answer, painting=findings.painting("cells"), places=findings.places)
    assert drawn.outlines.count("M") == 2
    assert len(drawn.places) == len(findings.places)
    assert drawn.bar.words == "500 m"


def test_the_brief_is_one_file_without_scripts(tmp_path: Path, store: GeoPackageStore) -> None:
    arguments = ["--store", "town.gpkg", "brief", "--layer", "wards", "-o"]
    done = run_patchmap(*arguments, "brief.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "brief.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=", page)
    assert "322 read" in page
    refused = run_patchmap(*arguments, "brief.txt", cwd=tmp_path)
    assert "name it .html or .pdf" in refused.stderr


def test_the_page_offers_the_same_brief(town_client: TestClient) -> None:
    page = town_client.get(f"{QUESTION}&show=density").text
    address = html.unescape(re.search(r'href="(/brief.html[^"]+)"', page)[1])
    brief = town_client.get(address)
    assert "attachment" in brief.headers["content-disposition"]
    assert "<script" not in brief.text
    assert "Density of incidents per km²" in brief.text


def test_a_brief_without_a_browser_says_how(
    tmp_path: Path, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.printing.shutil.which", lambda _name: None)
    done = run_patchmap("--store", "town.gpkg", "brief", "-o", "brief.pdf", cwd=tmp_path)
    assert done.returncode == 1
    assert "write -o brief.html, open it in any browser and print it" in done.stderr


def test_a_pdf_that_the_browser_cut_off_is_refused(
    tmp_path: Path, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(
        "#!/bin/sh\nfor word; do case $word in --print-to-pdf=*) "
        'printf "%%PDF-1.4 half" > "${word#*=}";; esac; done\n'
    )
    browser.chmod(0o755)
    monkeypatch.setattr("api.pages.printing.shutil.which", lambda _name: str(browser))
    done = run_patchmap("--store", "town.gpkg", "brief", "-o", "brief.pdf", cwd=tmp_path)
    assert done.returncode == 1
    assert "brief.pdf cannot be written" in done.stderr
    assert "ended without writing a whole PDF" in done.stderr
    assert not (tmp_path / "brief.pdf").exists()


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


def options_of(query: str) -> dict[str, str]:
    return dict(part.split("=") for part in query.removeprefix("?").split("&"))
