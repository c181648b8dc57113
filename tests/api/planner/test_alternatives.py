"""Plans side by side over HTTP: scores, sentences, maps of one extent, and the list at a glance."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.planner.scores_text import score_differences
from boundaries.plans.draft import open_plan
from boundaries.plans.scores import plan_scores
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import begin, client_of, step
from tests.boundaries.cities import ALL
from tests.boundaries.drawn import grid

PERIOD = "datetime=2024-01/2024-02"


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    """Two plans: the second gives the east two blocks of the west."""
    with client_of(store) as made:
        begin(made)
        begin(made, plan_id="south", title="To the <east>")
        step(made, "move", plan_id="south", blocks=["c1", "c2"], to="E")
        yield made


def boxes(page: str) -> list[str]:
    return re.findall(r'<svg xmlns="[^"]*" viewBox="([^"]*)" role="img"', page)


def test_the_scores_are_those_of_the_command(client: TestClient, store: GeoPackageStore) -> None:
    payload = client.get(f"/planner/scores?plan=north,south&{PERIOD}").json()
    drafts = [open_plan(store, name, question=ALL) for name in ("north", "south")]
    expected = plan_scores(drafts)
    assert [plan["plan_id"] for plan in payload["plans"]] == ["north", "south"]
    for plan in payload["plans"]:
        row = expected.loc[plan["plan_id"]]
        for name in ("blocks_moved", "beyond_10", "beyond_30", "hotspots_split", "cut_edges"):
            assert plan[name] == row[name], name
        assert plan["largest_variance"] == pytest.approx(row["largest_variance"])
        assert plan["split_Wards"] == (0 if plan["plan_id"] == "north" else 1)
    assert payload["accounts"]["counted"] == drafts[0].figures.accounts.counted


def test_without_names_all_plans_on_the_same_blocks_are_compared(
    client: TestClient, store: GeoPackageStore
) -> None:
    plans = client.get("/planner/scores").json()["plans"]
    assert [plan["plan_id"] for plan in plans] == ["north", "south"]
    with store.transaction():
        store.put_layer(LayerMetadata("squares"), grid(2, 2))
    begin(client, plan_id="other", blocks_layer="squares")
    refused = client.get("/planner/scores?plan=north,other")
    assert refused.status_code == 400
    assert "compare plans on the same blocks" in refused.json()["detail"]
    page = client.get("/planner/compare?plan=north&plan=other")
    assert page.status_code == 400
    assert "compare plans on the same blocks" in page.text
    assert page.text.count('type="checkbox"') == 3


def test_the_page_has_a_column_and_a_map_of_one_extent_for_each_plan(client: TestClient) -> None:
    page = client.get(f"/planner/compare?plan=north&plan=south&{PERIOD}").text
    assert len(boxes(page)) == 2
    assert len(set(boxes(page))) == 1
    assert "To the &lt;east&gt;" in page
    assert "<east>" not in page
    row = re.search(r"Blocks moved since it began</th>(.*?)</tr>", page)
    assert row
    assert re.findall(r">(\d+)</td>", row[1]) == ["0", "2"]
    assert (
        "Areas of Wards split: fewest in North 2027 (0), most in To the &lt;east&gt; (1)." in page
    )


def test_what_is_not_finished_is_said_and_not_ranked(client: TestClient) -> None:
    begin(client, plan_id="empty", title="Empty", from_layer="")
    payload = client.get("/planner/scores?plan=north,south,empty").json()
    assert payload["differences"][0] == "Empty is not finished: 24 blocks have no area yet"
    assert not any("Empty" in line for line in payload["differences"][1:])
    page = client.get("/planner/compare?plan=empty&plan=north").text
    assert "not known" in page
    assert not any(
        "fewest" in line
        for line in client.get("/planner/scores?plan=north,empty").json()["differences"]
    )


def test_councils_of_other_sizes_are_named(client: TestClient, store: GeoPackageStore) -> None:
    step(client, "members", plan_id="south", area="E", members=4)
    drafts = [open_plan(store, name, question=ALL) for name in ("north", "south")]
    lines = score_differences(plan_scores(drafts))
    assert lines[0] == (
        "They elect different numbers of members (North 2027: 5, To the <east>: 7), so each "
        "variance is held against another average"
    )


def test_communities_that_are_kept_whole_are_a_score(client: TestClient) -> None:
    payload = client.get("/planner/scores?plan=north,south&communities=wards").json()
    assert [plan["whole_wards"] for plan in payload["plans"]] == [2, 1]
    sentence = (
        "Communities of wards kept whole: fewest in To the <east> (1), most in North 2027 (2)"
    )
    assert sentence in payload["differences"]
    page = client.get("/planner/compare?plan=north&plan=south&communities=wards").text
    assert "Communities of wards kept whole</th>" in page
    assert '<option value="wards" selected>Wards</option>' in page
    assert "kept whole</th>" not in client.get("/planner/compare?plan=north&communities=").text
    assert client.get("/planner/compare?plan=north&communities=gone").status_code == 404


def test_more_plans_than_columns_and_unknown_ones_are_refused(client: TestClient) -> None:
    names = ",".join(f"p{number}" for number in range(9))
    for address in (f"/planner/scores?plan={names}", f"/planner/compare?plan={names}"):
        refused = client.get(address)
        assert refused.status_code == 400
        assert "hoose up to 8" in refused.text
    assert client.get("/planner/scores?plan=gone").status_code == 404
    assert client.get("/planner/compare?plan=gone").status_code == 404
    assert client.get("/planner/compare?plan=north&colour=red").status_code == 400


def test_the_list_shows_each_plan_at_a_glance(client: TestClient) -> None:
    rows = client.get("/planner/plans/south").json()["rows"]
    variances = [row["variance_percent"] for row in rows.values()]
    largest = max(variances, key=abs)
    page = client.get("/planner").text
    assert f"largest variance {largest:+.0f}".replace("-", "−") in page
    assert page.count('src="/planner/plans/') == 2
    picture = client.get("/planner/plans/south/map.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["content-security-policy"].startswith("default-src 'none'")
    assert len(boxes(picture.text)) == 1
    tag = {"if-none-match": picture.headers["etag"]}
    assert client.get("/planner/plans/south/map.svg", headers=tag).status_code == 304
    step(client, "move", plan_id="south", blocks=["c3"], to="E")
    changed = client.get("/planner/plans/south/map.svg", headers=tag)
    assert changed.status_code == 200
    assert changed.text != picture.text
    assert client.get("/planner/plans/gone/map.svg").status_code == 404


def test_a_plan_whose_blocks_changed_is_listed_with_the_reason(
    client: TestClient, store: GeoPackageStore
) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("blocks"), grid(5, 4))
    page = client.get("/planner")
    assert page.status_code == 200
    assert page.text.count("have changed since plan") == 2
    assert client.get("/planner/plans/north/map.svg").status_code == 400


def test_the_map_of_a_plan_without_electors_claims_no_variance(
    client: TestClient, store: GeoPackageStore
) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("bare"), grid(6, 4).drop(columns="electors"))
    begin(client, plan_id="bare", title="Bare", blocks_layer="bare")
    assert "no variance is known" in client.get("/planner").text
    page = client.get("/planner/compare?plan=bare").text
    assert "within ±10" not in page


def test_a_page_without_plans_says_so_and_is_no_error(store: GeoPackageStore) -> None:
    with client_of(store) as bare:
        page = bare.get("/planner/compare")
        assert page.status_code == 200
        assert "There are no plans to compare yet." in page.text
        assert 'role="alert"' not in page.text
        assert bare.get("/planner/scores").status_code == 400
