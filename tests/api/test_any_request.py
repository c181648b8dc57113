"""Whatever a page or the planner is asked, it answers or refuses; it never fails."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from api.app import make_app
from api.planner.steps import PlanStep
from api.query import QUESTION_PARAMETERS
from api.settings import Settings
from geo.store.contract import LayerMetadata, Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import MONTHS, SearchesHere, month_of_incidents, two_wards
from tests.postgres import Cluster

CASES = int(os.environ.get("REQUEST_CASES", "40"))
"""How many requests of each kind are drawn for each store; more find more."""

PAGES = (
    "/",
    "/map",
    "/story",
    "/brief.html",
    "/allocation",
    "/allocation/map",
    "/planner",
    "/planner/compare",
    "/search",
)

# Values that some option takes, values of the wrong kind, and texts that break careless readers.
VALUES = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                "0",
                "1",
                "-1",
                "2",
                "200",
                "1e9",
                "99999999999999999999",
                "nan",
                "inf",
                "½",
                "٣",
            ),
            *(
                "wards",
                "A",
                "A,B",
                "B,nowhere",
                "plan-p",
                "estates",
                "all",
                "none",
                "count",
                "post",
            ),
            *(
                "2024-01",
                "2024-02",
                "2024-01/2024-02",
                "2024-02/2024-01",
                "../2024-01",
                "latest-1m",
            ),
            *("latest-99999m", "2024-01-31T23:59:60Z", "0000-00", "9999-12", "previous", "year"),
            *("burglary", "anti-social-behaviour", "police.uk", "month", "hexagon", "square"),
            *(
                "18-02",
                "25-99",
                "00-24",
                "matched",
                "rest",
                "p150:2900:2240",
                "h200:1:2",
            ),
            *(
                "A:1,B:2",
                "A:£5",
                "'; DROP TABLE incidents; --",
                "<script>",
                "%",
                "\\",
                "\u202e",
                "🏛",
            ),
            *("a" * 5_000, ",,,,", "/" * 50, "1/1", "-0", "true", "null", "[]", "{}"),
        ]
    ),
    st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")), max_size=12),
)
QUERIES = st.dictionaries(st.sampled_from(QUESTION_PARAMETERS), VALUES, max_size=5)

ODD = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=5))
CODES = st.one_of(st.sampled_from(["A", "B", "C", "", " A", "nowhere"]), st.text(max_size=70))
LISTS = st.lists(CODES, max_size=4)
FIELDS: dict[str, st.SearchStrategy[object]] = {
    "by": st.sampled_from(["Ann", "", " "]),
    "reason": st.text(max_size=5),
    "force": st.booleans(),
    **dict.fromkeys(("blocks", "areas", "ends"), LISTS),
    **dict.fromkeys(("to", "into", "area", "code", "name"), CODES),
    **dict.fromkeys(("method", "made_by", "made_on"), st.text(max_size=5)),
    "members": st.one_of(st.none(), st.integers(-1, 2_000)),
}


def steps(version: int, begun_at: str) -> st.SearchStrategy[dict[str, object]]:
    """Steps of every kind with all their fields, some of them of the wrong kind or beside them."""
    basis = st.fixed_dictionaries(
        {
            "begun_at": st.sampled_from([begun_at, begun_at, "another"]),
            "steps": st.integers(-1, version),
            "own": st.lists(st.integers(0, version), max_size=2),
        }
    )
    known: dict[str, st.SearchStrategy[object]] = FIELDS | {"basis": st.none() | basis}
    kinds = []
    for model in TypeAdapter(PlanStep).json_schema()["$defs"].values():
        if "step" not in model["properties"]:  # a part of steps
            continue
        words = model["properties"]["step"]
        fields = {name: known[name] for name in model["properties"] if name in known}
        step = st.sampled_from(words.get("enum") or [words["const"]])
        kinds.append(st.fixed_dictionaries({"step": step, "version": st.just(version), **fields}))
    odd = st.dictionaries(st.sampled_from([*FIELDS, "step", "version", "colour"]), ODD, max_size=1)
    return st.builds(lambda step, faults: step | faults, st.one_of(kinds), odd)


@pytest.fixture(scope="module", params=["GeoPackage", "PostGIS"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cluster: Cluster
) -> Iterator[TestClient]:
    """The service of a town with a plan, on either store."""
    made: Store = (
        GeoPackageStore(tmp_path_factory.mktemp("any") / "town.gpkg", create=True)
        if request.param == "GeoPackage"
        else PostgisStore(cluster.new_database(), create=True)
    )
    with closing(made) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
            for month in MONTHS:
                store.put_partition(month_of_incidents(month))
        with TestClient(
            make_app(store, Settings(), searches=SearchesHere()),
            base_url="http://127.0.0.1:8000",
            client=("127.0.0.1", 50_000),
            raise_server_exceptions=False,
        ) as client:
            begun = {"plan_id": "p", "by": "Ann", "blocks_layer": "wards", "from_layer": "wards"}
            assert posted(client, "/planner/plans", begun).status_code == 201
            yield client


def posted(client: TestClient, address: str, body: object) -> Any:
    return client.post(
        address, content=json.dumps(body), headers={"content-type": "application/json"}
    )


def drawn(cases: int) -> settings:
    return settings(
        max_examples=cases,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=cases == 40,
    )


def test_any_question_gets_an_answer_or_a_refusal_from_every_page(
    town: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    statuses = set()

    @drawn(CASES)
    @given(page=st.sampled_from(PAGES), query=QUERIES)
    def asked(page: str, query: dict[str, str]) -> None:
        response = town.get(page, params=query)
        assert response.status_code in {200, 303, 307, 400, 404, 409, 413, 422, 503}, response.text
        assert "Traceback" not in response.text
        statuses.add(response.status_code)

    asked()
    assert {200, 400} <= statuses
    assert [record.message for record in caplog.records if record.exc_info] == []


def test_any_step_of_a_plan_is_taken_or_refused(
    town: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    statuses = set()

    @drawn(CASES)
    @given(data=st.data())
    def sent(data: st.DataObject) -> None:
        plan = town.get("/planner/plans/p").json()
        step = data.draw(steps(plan["status"]["version"], plan["begun_at"]))
        response = posted(town, "/planner/plans/p/steps", step)
        assert response.status_code in {200, 400, 404, 409}, response.text
        assert "store" not in response.json().get("detail", ""), response.text
        statuses.add(response.status_code)

    sent()
    assert {200, 400} <= statuses
    assert [record.message for record in caplog.records if record.exc_info] == []
