"""The map of waits, against a tally of the made cases day by day."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.app import make_app
from api.board.findings import Findings
from api.maps.painting import Painting
from api.maps.waits_mode import STEPS
from api.settings import Settings
from geo.question.model import Question
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere
from tests.geo.stores.made_cases import EXTRACTED, PERIOD, SLOW, made_cases, put_cases

YEAR = {"layer": "wards-2022", "datetime": PERIOD}
BANK_HOLIDAYS = [
    *("2025-12-25", "2025-12-26", "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04"),
    *("2026-05-25", "2026-08-31"),
]
"""Of England and Wales, from gov.uk/bank-holidays."""


def store_of(path: Path, cases: pd.DataFrame) -> GeoPackageStore:
    store = GeoPackageStore(path, create=True)
    put_cases(store, cases)
    return store


def painting_of(store: GeoPackageStore, **options: str) -> Painting:
    return Findings(Answers(store), Question.read(YEAR | options)).painting("waits")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeoPackageStore]:
    with closing(store_of(tmp_path_factory.mktemp("waits") / "c.gpkg", made_cases())) as made:
        yield made


def median_of(part: pd.DataFrame) -> float:
    """The first working day by which half were answered, over a curve made day by day."""
    closed = part["closed"].mask(part["withdrawn"])
    answered = pd.concat([part["answered"], closed], axis=1).min(axis=1)
    last = answered.fillna(part["closed"].where(part["withdrawn"]))
    last = last.fillna(pd.Timestamp(EXTRACTED))
    one = np.timedelta64(1, "D")
    start, end = (times.to_numpy("datetime64[D]") + one for times in (part["received"], last))
    days = np.busday_count(start, end, holidays=BANK_HOLIDAYS)
    waiting = 1.0
    for day in np.unique(days[answered.notna()]):
        over = (days == day) & answered.notna().to_numpy()
        waiting *= 1 - over.sum() / (days >= day).sum()
        if waiting <= 0.5 + 1e-12:
            return float(day)
    return np.nan


def test_each_ward_has_the_colour_of_its_median_in_working_days(store: GeoPackageStore) -> None:
    painting = painting_of(store)
    own = made_cases()[lambda rows: rows["received"] >= "2026-01-01"]
    own = own[own["x"].notna() | (own["stated"] != "")]
    medians = own.groupby("ward")[list(own)].apply(median_of)
    assert medians.min() < medians[SLOW]
    drawn = painting.cells[~painting.cells["kind"].isin(["slower", "faster"])]
    drawn = drawn.set_index("area_code")
    assert len(drawn) == 17
    for code, median in medians.items():
        assert int(drawn.loc[code, "kind"]) == sum(median > step for step in STEPS), code
        assert f"half answered in {median:.0f} working day" in drawn.loc[code, "meaning"]
    assert drawn["n"].tolist() == own.groupby("ward").size().tolist()
    edged = painting.cells[painting.cells["kind"] == "slower"]
    assert edged["area_code"].tolist() == [SLOW]


def test_the_note_says_of_which_time_and_held_against_what(store: GeoPackageStore) -> None:
    note = painting_of(store).note
    assert "January 2026 to November 2026, as known on 2026-11-30" in note
    assert "working days" in note
    assert "held against all others together" in note


def test_fewer_than_ten_records_have_no_class_and_open_ones_no_median(tmp_path: Path) -> None:
    every = made_cases()[lambda rows: rows["received"] >= "2026-01-01"]
    wards = dict(iter(every[every["x"].notna()].groupby("ward")))
    waiting = wards["W04"].head(30).assign(answered=pd.NaT, closed=pd.NaT, withdrawn=False)
    few = pd.concat([wards["W01"], wards["W02"].head(9), waiting])
    with closing(store_of(tmp_path / "few.gpkg", few)) as made:
        cells = painting_of(made).cells.drop_duplicates("area_code").set_index("area_code")
    assert cells.loc["W02", ["kind", "meaning"]].tolist() == ["few", "too few to say"]
    assert cells.loc["W17", "kind"] == "few"
    assert cells.loc["W04", "kind"] == "unreached"
    assert cells.loc["W01", "kind"].isdigit()


def test_the_map_the_board_and_the_brief_show_it(store: GeoPackageStore) -> None:
    app = make_app(store, Settings(), searches=SearchesHere())
    query = "?layer=wards-2022&datetime=2026-01/2026-11&show=waits"
    origin = "http://127.0.0.1:8000"
    with TestClient(app, base_url=origin, client=("127.0.0.1", 50_000)) as client:
        page, board, brief = (
            html.unescape(client.get(f"{path}{query}").text)
            for path in ("/map", "/", "/brief.html")
        )
    for text in (page, brief):
        assert "slower than the rest, by more than chance: 1 area<" in re.sub(
            r'<span class="fine">', "", text
        )
        assert " working days<" in re.sub(r'<span class="fine">[^<]*', "", text)
    assert "Records received" in page
    assert "show=waits" in board


def test_a_store_without_records_has_no_such_map(town_client: TestClient) -> None:
    assert "show=waits" not in town_client.get("/").text
    refusal = town_client.get("/map?show=waits")
    assert refusal.status_code == 400
    assert "no source has records" in refusal.text
