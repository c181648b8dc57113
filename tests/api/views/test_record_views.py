"""What each caller sees of records with a life: of other areas nothing, by no door."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from geo.incidents import Batch, Partition
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SIDE, SOUTH, WEST
from tests.api.views.conftest import fill, serve
from tests.api.views.test_views import CANARY, STREETS, finds, get
from tests.geo.stores.made_cases import extract_of
from tests.geo.stores.parts import put

ASKED: Final = "datetime=2023-10/2024-02&layer=wards"
COMMANDS: Final = ("response-times", "backlog", "repeat-issues", "enforcement")
REPORTS: Final = ("response-times", "members-enquiries", "log", "repeat-issues")
OWN_SPOT: Final = (WEST + 400.0, SOUTH + 900.0)
OTHER_SPOT: Final = (WEST + SIDE + 700.0, SOUTH + 900.0)
PLACE: Final = f"p150:{int(WEST + 400) // 10}:{int(SOUTH + 900) // 10}"
EDGE: Final = f"p150:{int(WEST + SIDE - 10) // 10}:{int(SOUTH + 500) // 10}"
"""A place of the officer's ward at the border: half of its circle lies in the other one."""

DOORS: Final = (
    *(f"/?{ASKED}", f"/?{ASKED}&show=waits", f"/map?{ASKED}&show=waits"),
    *(f"/brief.html?{ASKED}", f"/brief.html?{ASKED}&show=waits"),
    *(f"/story?{ASKED}&at={at}" for at in ("QA01", PLACE, EDGE)),
    *(f"/answers/{name}?{ASKED}" for name in COMMANDS),
    *(f"/answers/{name}?{ASKED}&by=month" for name in COMMANDS[:2]),
    f"/answers/backlog?{ASKED}&split=category",
    *(f"/reports/{name}{ending}?{ASKED}" for name in REPORTS for ending in ("", ".html", ".xlsx")),
    *(f"/areas/wards/QA01?{ASKED}", f"/areas/wards/QA01?f=xlsx&{ASKED}"),
    *(
        f"/ogc/collections/{name}/items?f={form}&{ASKED}"
        for name in COMMANDS
        for form in ("json", "html", "csv", "gpkg", "parquet")
    ),
    *(f"/download/{name}.csv?{ASKED}" for name in COMMANDS),
    *(f"/ogc/collections/incidents/items?f={form}" for form in ("json", "html", "csv")),
)


def _cases() -> pd.DataFrame:
    """Thirty records of each ward, four reports of ASB at a spot of each, some at the border."""
    n, own = 60, np.arange(60) < 30
    received = pd.Timestamp("2023-10-02T10:00") + pd.to_timedelta(np.arange(n) % 30 * 4, "D")
    answered = received + pd.to_timedelta(np.where(own, 3, 9), "D")
    still = np.arange(n) % 5 == 0
    spot = np.isin(np.arange(n) % 30, (6, 8, 11, 13))
    border = np.isin(np.arange(n) % 30, (15, 16))
    x = np.where(own, *(one[0] for one in (OWN_SPOT, OTHER_SPOT))) + np.arange(n) % 30 * 12.0
    x = np.where(spot, np.where(own, OWN_SPOT[0], OTHER_SPOT[0]), x)
    x = np.where(border, np.where(own, WEST + SIDE - 20.0, WEST + SIDE + 20.0), x)
    y = np.where(border, SOUTH + 500.0, SOUTH + 900.0)
    return pd.DataFrame(
        {
            "ward": np.where(own, "QA01", "QB02"),
            "x": x,
            "y": y,
            "category": np.where(spot, "anti-social-behaviour-report", "litter"),
            "kind": np.where(np.arange(n) % 2 == 0, "request", "enquiry"),
            "channel": np.where(np.arange(n) % 2 == 0, "resident", "member"),
            "received": received,
            "due": received.normalize() + pd.Timedelta(days=5),
            "answered": pd.Series(answered).mask(still).to_numpy(),
            "closed": pd.Series(answered + pd.Timedelta(days=1)).mask(still).to_numpy(),
            "withdrawn": False,
            "outcome": np.where(own, "Cleared", "Canary cleared"),
            "stated": "",
        },
        index=[f"case:{'own' if one else 'canary'}-{i:02}" for i, one in enumerate(own)],
    )


def _extract() -> Partition:
    part = extract_of(_cases(), day=date(2024, 2, 29))

    def batches() -> Iterator[Batch]:
        for batch in part.batches():
            rows = batch.accepted
            other = rows["incident_id"].str.contains("canary").to_numpy(bool)
            texts = np.where(other, "12 Canary Street", "3 Mill Lane")
            lives = batch.lives
            assert lives is not None
            services = np.where(lives.index.str.contains("canary"), "Canary Parks", "Streets")
            yield replace(
                batch,
                accepted=rows.assign(location=texts),
                lives=lives.assign(service=services),
            )

    return replace(part, batches=batches)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service of the town of the views with records in both wards."""
    path = tmp_path_factory.mktemp("records") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        fill(store)
        put(store, _extract())
        with serve(store) as made:
            yield made


def test_an_officer_finds_no_record_of_the_other_ward_at_any_door(client: TestClient) -> None:
    found = {door: at for door in DOORS if (at := finds(client, "ann", CANARY, door))}
    assert found == {}


def test_the_canary_is_there_for_who_sees_all(client: TestClient) -> None:
    spoken = {door for door in DOORS if finds(client, "nat", CANARY, door)}
    assert len(spoken) > 0.6 * len(DOORS)
    named = ("/answers/response-times", "/answers/backlog", "/reports/log", "/map", "/brief.html")
    assert all(any(door.startswith(name) for door in spoken) for name in named)


def test_no_street_is_named_without_the_right_and_no_single_record_counted(
    client: TestClient,
) -> None:
    found = {door: at for door in DOORS if (at := finds(client, "pat", STREETS, door))}
    assert found == {}
    text = get(client, "pat", f"/story?{ASKED}&at={PLACE}").text
    assert "Case review" not in text
    assert ">Records<" not in text


def test_the_story_of_a_place_at_the_border_counts_the_officers_own_records(
    client: TestClient,
) -> None:
    text = {who: get(client, who, f"/story?{ASKED}&at={EDGE}").text for who in ("ann", "nat")}
    # Numbers 15 and 45 are open: one in each ward.
    assert "1 open on 29 February 2024" in text["ann"]
    assert "2 open on 29 February 2024" in text["nat"]
    spot = re.compile(r"4 reports of anti-social behaviour at one spot")
    assert spot.search(get(client, "ann", f"/story?{ASKED}&at={PLACE}").text)


@pytest.mark.parametrize("service", ["Moon", "Canary Parks"])
@pytest.mark.parametrize("door", ["/?", "/answers/backlog?", "/ogc/collections/backlog/items?"])
def test_services_of_other_areas_alone_are_neither_listed_nor_known(
    client: TestClient, door: str, service: str
) -> None:
    address = f"{door}{ASKED}&service={service.replace(' ', '%20')}"
    refused = get(client, "ann", address)
    assert refused.status_code in (400, 422)
    assert html.unescape(refused.text).find(f"unknown value '{service}'; choose Streets") > 0
    assert "Canary" not in refused.text.replace(service, "")
    seen = get(client, "nat", address)
    assert (seen.status_code == 200) == (service == "Canary Parks")
    assert "Canary Parks" in seen.text or seen.status_code == 200
    assert get(client, "ann", f"{door}{ASKED}&service=Streets").status_code == 200


def test_the_life_of_incidents_is_seen_by_those_who_see_incidents(client: TestClient) -> None:
    address = "/ogc/collections/incidents/items?f=json&limit=1000"
    rows = get(client, "nat", address).json()["features"]
    cases = _cases()
    own = {one["id"]: one["properties"] for one in rows if one["id"].startswith("case:")}
    assert len(own) == 60
    for name, case in cases.iterrows():
        row = own[str(name)]
        assert (row["kind"], row["channel"]) == (case["kind"], case["channel"])
        received = case["received"].tz_localize("Europe/London").tz_convert("UTC")
        assert row["received_at"] == f"{received:%Y-%m-%dT%H:%M:%SZ}"
        assert row["state"] == ("open" if pd.isna(case["closed"]) else "closed")
        assert (row["closed_at"] is None) == pd.isna(case["closed"])
    calls = [one["properties"] for one in rows if one["id"].startswith("calls/")]
    assert {(one["kind"], one["received_at"], one["state"]) for one in calls} == {
        (None, None, None)
    }
    limited = get(client, "ann", address).json()["features"]
    assert sum(one["id"].startswith("case:own") for one in limited) == 30
    assert not any("canary" in one["id"] for one in limited)
    for who in ("pat", "vera"):
        assert get(client, who, address).status_code in (401, 403, 404)
