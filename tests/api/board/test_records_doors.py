"""Records at the doors: the same totals by any boundaries, nothing found where there is nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from scipy.stats import binom

from api.answers import Answers
from api.app import make_app
from api.board.findings import Findings
from api.settings import Settings
from boundaries.plans.draft import new_plan, save_plan
from geo.analyses import LAYERS
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere
from tests.geo.stores.made_cases import (
    EXTRACTED,
    PERIOD,
    SOUTH,
    WARDS,
    WEST,
    WIDE,
    extract_of,
    made_cases,
    put_cases,
    strip,
)
from tests.geo.stores.parts import put

LAYERS_ASKED = ("wards-2022", "wards-2025", "plan-draft")
TABLES = 40
IN_A_WARD = 20


def served(store: GeoPackageStore) -> TestClient:
    app = make_app(store, Settings(), searches=SearchesHere())
    return TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeoPackageStore]:
    """The 2,000 cases with a plan of blocks that are three to a ward of 2022."""
    with closing(GeoPackageStore(tmp_path_factory.mktemp("p") / "p.gpkg", create=True)) as store:
        put_cases(store)
        with store.transaction():
            store.put_layer(LayerMetadata("blocks", title="Blocks"), strip(3 * WARDS, "B"))
        draft, _ = new_plan(store, "draft", by="x", blocks_layer="blocks", from_layer="wards-2025")
        save_plan(store, draft.plan)
        yield store


@pytest.mark.parametrize("command", ["response-times", "backlog"])
def test_a_plan_has_the_totals_of_wards_of_either_vintage(
    planned: GeoPackageStore, command: str
) -> None:
    answers, totals = Answers(planned), []
    for layer in LAYERS_ASKED:
        question = Question.read({"layer": layer, "datetime": PERIOD})
        _, result = answers.result(LAYERS[command], question)
        counts = [
            name
            for name in ("received", "in_time", "late", "overdue", "not_yet_due", "no_due_date")
            if name in result.frame
        ]
        counts += [name for name in ("open_before", "closed", "open_after") if name in result.frame]
        parts = [result.frame, result.tables["elsewhere"]]
        own = sum(part[counts].sum().astype(int) for part in parts).to_dict()
        assert own == result.tables["all"][counts].iloc[0].astype(int).to_dict(), layer
        totals.append(own | {key: result.parameters[key] for key in ("received_account", "as_of")})
    assert totals[0] == totals[1] == totals[2]
    received = made_cases()["received"] >= "2026-01-01"
    assert totals[0]["received"] == received.sum()


def test_the_map_of_waits_is_of_a_plan_too(planned: GeoPackageStore) -> None:
    question = Question.read({"layer": "plan-draft", "datetime": PERIOD})
    cells = Findings(Answers(planned), question).painting("waits").cells
    assert set(cells["area_code"]) == set(strip(13, "N").index)
    with served(planned) as client:
        page = client.get("/map?layer=plan-draft&datetime=2026-01/2026-11&show=waits").text
    assert "Ward N01" in page


def alike_cases() -> pd.DataFrame:
    """Tables of cases, each a category, whose wards all have one distribution of waits."""
    rng = np.random.default_rng(7)
    n = TABLES * WARDS * IN_A_WARD
    ward = np.tile(np.repeat(np.arange(WARDS), IN_A_WARD), TABLES)
    start = np.datetime64("2026-01-05T12:00:00")
    received = start + rng.integers(0, 300 * 24, n).astype("timedelta64[h]")
    # Received at noon, and nothing in the night in which clocks change.
    received = received.astype("datetime64[D]").astype("datetime64[s]") + np.timedelta64(12, "h")
    hours = (rng.lognormal(2.0, 1.0, n) * 24).astype(int)
    hours += np.where((12 + hours) % 24 == 1, 1, 0)
    answered = received + hours.astype("timedelta64[h]")
    end = np.datetime64(f"{EXTRACTED}T22:00:00")
    done = np.where(answered <= end, answered, np.datetime64("NaT"))
    return pd.DataFrame(
        {
            "ward": [f"W{number + 1:02}" for number in ward],
            "x": WEST + WIDE / WARDS * (ward + rng.uniform(0.01, 0.99, n)),
            "y": SOUTH + rng.uniform(1, 999, n),
            "category": np.repeat([f"table-{one:02}" for one in range(TABLES)], WARDS * IN_A_WARD),
            "kind": "request",
            "channel": "resident",
            "received": received,
            "due": np.datetime64("NaT", "s"),
            "answered": done,
            "closed": np.datetime64("NaT", "s"),
            "withdrawn": False,
            "outcome": "",
            "stated": "",
        },
        index=[f"null:{number:06}" for number in range(n)],
    )


def test_wards_alike_are_seldom_called_slower_by_the_collection(tmp_path: Path) -> None:
    with closing(GeoPackageStore(tmp_path / "n.gpkg", create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards-2022", title="Wards"), strip(WARDS, "W"))
        put(store, extract_of(alike_cases()))
        false, judged = 0, 0
        with served(store) as client:
            for number in range(TABLES):
                query = f"layer=wards-2022&datetime={PERIOD}&category=table-{number:02}"
                address = f"/ogc/collections/response-times/items?f=json&limit=100&{query}"
                rows = [one["properties"] for one in client.get(address).json()["features"]]
                verdicts = [row["verdict"] for row in rows]
                judged += sum(verdict == "no clear difference" for verdict in verdicts)
                false += "slower" in verdicts
                if number == 0:
                    page = client.get(f"/answers/response-times?{query}").text
                    assert ("Slower than the rest" in page) == ("slower" in verdicts)
    # Nearly all wards are judged: that none is slower is not for want of records.
    assert judged >= 0.95 * TABLES * WARDS
    assert false <= binom.ppf(0.999, TABLES, 0.05)


def story(client: TestClient, at: str) -> str:
    page = client.get(f"/story?layer=wards-2022&datetime=2026-01/2026-11&at={at}").text
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page)))


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeoPackageStore]:
    """Cases with four reports of ASB at one spot of W05 in six months, and one long before."""
    every = made_cases()
    own = every[(every["ward"] == "W05") & every["x"].notna()].sort_values("received")
    chosen = [own.index[0], *own.index[own["received"] >= "2026-07-01"][-4:]]
    every.loc[chosen, "category"] = "anti-social-behaviour-report"
    every.loc[chosen, ["x", "y"]] = [WEST + 4_500.0, SOUTH + 500.0]
    every.loc[chosen, "withdrawn"] = False
    every.loc[chosen[-2:], ["answered", "closed"]] = pd.NaT
    with closing(GeoPackageStore(tmp_path_factory.mktemp("r") / "r.gpkg", create=True)) as store:
        put_cases(store, every)
        yield store


def near(cases: pd.DataFrame, x: float, y: float, radius: float) -> pd.DataFrame:
    return cases[np.hypot(cases["x"] - x, cases["y"] - y) <= radius]


def test_a_place_tells_its_open_records_and_a_spot_for_a_case_review(
    reported: GeoPackageStore,
) -> None:
    cases: Any = reported.records()
    with served(reported) as client:
        text = story(client, "p150:43450:33650")
    own = near(cases, WEST + 4_500, SOUTH + 500, 150)
    still = own[own["closed"].isna()]
    assert len(still)
    assert f"Records {len(still):,} open on 30 November 2026" in text
    for kind, n in still["kind"].value_counts().items():
        assert f"{kind} {n}" in text
    oldest = still["received"].min().tz_convert("Europe/London")
    days = (pd.Timestamp(EXTRACTED) - oldest.tz_localize(None).normalize()).days
    assert f"the oldest was received on {oldest:%-d %B %Y}, {days} days before" in text
    assert "4 reports of anti-social behaviour at one spot in 6 months" in text
    assert "threshold of the ASB case review that many areas use; your council’s own" in text


def test_an_area_tells_those_without_a_place_too(reported: GeoPackageStore) -> None:
    cases: Any = reported.records()
    with served(reported) as client:
        text, other = story(client, "W05"), story(client, "W06")
    own = made_cases()
    codes = own[(own["ward"] == "W05") & (own["x"].notna() | (own["stated"] != ""))].index
    assert f"Records {cases.loc[codes, 'closed'].isna().sum():,} open on" in text
    assert "Case review" in text
    assert "Case review" not in other


def test_the_brief_has_both_accounts_and_the_oldest(reported: GeoPackageStore) -> None:
    with served(reported) as client:
        page = client.get("/brief.html?layer=wards-2022&datetime=2026-01/2026-11").text
    part = page.partition('<section id="raised"')[2].partition("</section>")[0]
    text = re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", part)))
    cases: Any = reported.records()
    still = cases[cases["closed"].isna()].sort_values("received")
    assert " received = " in text
    assert f"= {len(still):,} open after." in text
    assert "Ward W03 slower" in text
    assert text.count("Ward W") >= 6
    assert str(still.index[0]) in text


@pytest.mark.parametrize(
    "asked",
    [
        "repeat-issues",
        "enforcement",
        "response-times?by=quarter",
        "backlog?split=kind",
        "backlog?split=category&by=month",
    ],
)
def test_each_feature_of_a_collection_has_an_id_of_its_own(
    reported: GeoPackageStore, asked: str
) -> None:
    collection, _, options = asked.partition("?")
    options = f"layer=wards-2022&datetime=2026-01/2026-11&limit=5000&{options}"
    with served(reported) as client:
        page = client.get(f"/ogc/collections/{collection}/items?{options}").json()
    ids = [feature["id"] for feature in page["features"]]
    assert len(set(ids)) == len(ids) == page["numberMatched"] > WARDS
