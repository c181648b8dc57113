"""Steps of a plan over HTTP: what each changes, what is refused, and who may send one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.planner.sessions import EditingSession, PlanSessions
from boundaries.plans.draft import open_plan, save_plan
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.plan import Plan
from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import assert_one_step_is_taken, begin, client_of, step
from tests.boundaries.drawn import SIGNED


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    with client_of(store) as made:
        begin(made)
        yield made


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[TestClient]:
    """One plan for all that must not change it."""
    made = GeoPackageStore(shutil.copy(town, tmp_path_factory.mktemp("untouched") / "town.gpkg"))
    with client_of(made) as client:
        begin(client)
        yield client
    made.close()


def test_a_move_returns_only_what_it_changed_and_is_saved(
    client: TestClient, store: GeoPackageStore
) -> None:
    answer = step(client, "move", blocks=["c1", "c2"], to="E", reason="the road parts them")
    assert answer.status_code == 200
    change = answer.json()
    assert change["blocks"] == {"c1": "E", "c2": "E"}
    assert set(change["rows"]) == {"E", "W"}
    assert change["status"]["version"] == 2
    (past,) = change["history"]
    assert (past["step"], past["by"], past["reason"]) == (1, "Ann", "the road parts them")
    saved = open_plan(store, "north")
    assert saved.plan.metadata.version == 2
    fresh = PlanMeasures.of(saved.plan.now, saved.blocks).frame
    for code, row in change["rows"].items():
        for name, value in row.items():
            assert value == pytest.approx(fresh.loc[code, name]), (code, name)


def test_every_kind_of_step_is_taken(client: TestClient) -> None:
    assert step(client, "split", area="E", blocks=["f1", "f2"], code="N", name="New").json()[
        "blocks"
    ] == {"f1": "N", "f2": "N"}
    status = step(client, "members", area="N", members=1).json()["status"]
    assert status["council"]["members"] == 6
    names = step(client, "rename", area="N", name="Newtown").json()["status"]["areas"]
    assert "Newtown" in [area["name"] for area in names]
    assert step(client, "lock", area="N").json()["status"]["areas"][1]["locked"]
    assert not step(client, "unlock", area="N").json()["status"]["areas"][1]["locked"]
    assert step(client, "add", code="X", members=None).status_code == 200
    assert step(client, "bridge", name="Ferry", ends=["a1", "f4"]).json()["status"]["bridges"] == [
        {"name": "Ferry", "ends": ["a1", "f4"], "metres": 447}
    ]
    assert step(client, "unbridge", name="Ferry").json()["status"]["bridges"] == []
    assert step(client, "merge", areas=["N"], into="E").json()["blocks"] == {"f1": "E", "f2": "E"}
    gone = step(client, "remove", area="X").json()["status"]["areas"]
    assert [area["code"] for area in gone] == ["E", "W"]
    left = step(client, "move", blocks=["a1"], to="").json()["status"]["unassigned"]
    assert left["blocks"] == ["a1"]
    assert left["sums"]["electors"] == 100
    history = client.get("/planner/plans/north").json()["history"]
    assert [past["step"] for past in history] == list(range(1, 12))


def test_undo_and_redo_go_back_to_the_very_same_figures(client: TestClient) -> None:
    before = client.get("/planner/plans/north").json()
    moved = step(client, "move", blocks=["c1"], to="E").json()
    undone = step(client, "undo").json()
    assert undone["blocks"] == {"c1": "W"}
    (entry,) = undone["history"]
    assert (entry["step"], entry["by"], entry["in_force"]) == (2, "Ann", True)
    assert entry["what"] == "undid step 1: moved 1 block from West to East"
    assert undone["status"]["undone"] == [1]
    after = client.get("/planner/plans/north").json()
    assert after["rows"] == before["rows"]
    assert after["history"][0]["in_force"] is False
    assert after["status"]["redo"] == {"Ann": "moved 1 block from West to East"}
    assert after["status"]["undo"] == {}
    assert step(client, "redo").json()["rows"] == moved["rows"]
    refusal = step(client, "redo")
    assert (refusal.status_code, refusal.json()["detail"]) == (409, "there is nothing to redo")


def test_a_suggested_move_is_legal_and_improves_the_balance(client: TestClient) -> None:
    suggested = client.get("/planner/plans/north/suggestions").json()
    assert suggested["column"] == "electors"
    best = suggested["moves"][0]
    before = client.get("/planner/plans/north").json()["rows"]
    after = step(client, "move", blocks=[best["block_code"]], to=best["to_area"]).json()["rows"]
    spread = [
        sum(abs(row["variance"]) for row in each.values()) for each in (before, before | after)
    ]
    assert spread[1] < spread[0]
    assert client.get("/planner/plans/south/suggestions").status_code == 404
    begin(client, plan_id="empty", from_layer="")
    refusal = client.get("/planner/plans/empty/suggestions")
    assert refusal.status_code == 400
    assert "there is no electors to balance" in refusal.json()["detail"]


def test_a_broken_area_is_refused_with_its_pieces_and_may_be_forced(client: TestClient) -> None:
    refusal = step(client, "move", blocks=["a1"], to="E")
    assert refusal.status_code == 409
    problem = refusal.json()
    assert (problem["conflict"], problem["area"]) == ("pieces", "E")
    assert [len(piece) for piece in problem["pieces"]] == [12, 1]
    assert problem["pieces"][1] == ["a1"]
    assert "would be in 2 pieces instead of 1" in problem["detail"]
    forced = step(client, "move", blocks=["a1"], to="E", force=True).json()
    (broken,) = forced["status"]["broken"]
    assert (broken["area"], broken["pieces"][1]) == ("E", ["a1"])
    assert forced["history"][0]["forced"] is True


def test_a_locked_area_refuses_what_touches_it(client: TestClient) -> None:
    step(client, "lock", area="W")
    refusal = step(client, "move", blocks=["c1"], to="E")
    assert refusal.status_code == 409
    assert refusal.json()["detail"].startswith("West (W) is locked; unlock it first")
    assert "conflict" not in refusal.json()


def test_a_step_from_an_older_version_does_not_overwrite(client: TestClient) -> None:
    step(client, "move", blocks=["c1"], to="E", by="Bo Hill")
    refusal = step(client, "move", blocks=["c2"], to="E", version=1)
    assert refusal.status_code == 409
    assert refusal.json()["conflict"] == "version"
    assert refusal.json()["detail"] == (
        "Bo Hill changed plan north since you opened it (version 2, yours is 1); reload it "
        "and repeat your step"
    )


def test_what_another_process_saved_is_seen(client: TestClient, store: GeoPackageStore) -> None:
    client.get("/planner/plans/north")
    other = GeoPackageStore(store.path)
    save_plan(other, open_plan(other, "north").plan.move(["c4"], "E", signed=SIGNED))
    other.close()
    assert step(client, "undo", version=1).json()["conflict"] == "version"
    assert step(client, "undo").json()["blocks"] == {"c4": "W"}


def test_a_plan_that_goes_on_elsewhere_right_after_a_step_is_read_again(
    client: TestClient, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = PlanSessions._save

    def save_and_go_on(self: PlanSessions, session: EditingSession, plan: Plan) -> Plan:
        saved = save(self, session, plan)
        save_plan(store, saved.move(["c4"], "E", signed=SIGNED))
        return saved

    with monkeypatch.context() as patched:
        patched.setattr(PlanSessions, "_save", save_and_go_on)
        assert step(client, "move", blocks=["c3"], to="E").json()["status"]["version"] == 2
    assert client.get("/planner/plans/north").json()["status"]["version"] == 3
    assert step(client, "undo").json()["blocks"] == {"c4": "W"}


def test_a_step_reads_no_record_of_a_plan_that_nobody_else_has_saved(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/planner/plans/north")

    def refuse(store: GeoPackageStore, plan_id: str) -> None:
        raise AssertionError(f"the record of {plan_id} was read, which is large")

    monkeypatch.setattr(GeoPackageStore, "plan", refuse)
    assert step(client, "move", blocks=["c3"], to="E", version=1).status_code == 200
    assert step(client, "undo", version=2).status_code == 200


def test_two_who_step_at_once_do_not_overwrite_each_other(client: TestClient) -> None:
    assert_one_step_is_taken(client)


@pytest.mark.parametrize(
    ("values", "status", "message"),
    [
        ({"step": "fly"}, 400, "does not match any of the expected tags"),
        ({"step": "move", "blocks": [], "to": "E"}, 400, "at least 1 item"),
        ({"step": "move", "blocks": ["zz"], "to": "E"}, 400, "zz is not in this plan's layer"),
        ({"step": "move", "blocks": ["c1"], "to": "Q"}, 404, "there is no area 'Q'"),
        ({"step": "move", "blocks": ["c1"], "to": "W"}, 400, "nothing to move"),
        ({"step": "move", "blocks": "c1", "to": "E"}, 400, "valid array"),
        ({"step": "move", "blocks": [1], "to": "E"}, 400, "valid string"),
        ({"step": "undo", "version": "1"}, 400, "valid integer"),
        ({"step": "undo", "version": 10**30}, 400, "version"),
        ({"step": "undo", "by": ""}, 400, "at least 1 character"),
        ({"step": "undo", "by": "x" * 101}, 400, "at most 100 characters"),
        ({"step": "undo", "reason": "x" * 501}, 400, "at most 500 characters"),
        ({"step": "undo", "colour": "red"}, 400, "Extra inputs are not permitted"),
        (
            {"step": "members", "area": "E", "members": -1},
            400,
            "E cannot have -1 members; an area elects 1 to 9",
        ),
        ({"step": "members", "area": "E", "members": 2.5}, 400, "members"),
        ({"step": "rename", "area": "E", "name": "  "}, 400, "the new name of E is empty"),
        ({"step": "add", "code": "E"}, 409, "there is already an area E"),
        ({"step": "split", "area": "E", "blocks": ["a1"], "code": "N"}, 400, "is not in E"),
        ({"step": "bridge", "name": "x", "ends": ["a1"]}, 400, "ends"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(
    untouched: TestClient, values: dict[str, object], status: int, message: str
) -> None:
    body = {"version": 1, "by": "Ann", **values}
    refusal = untouched.post("/planner/plans/north/steps", json=body)
    assert refusal.status_code == status, refusal.text
    assert refusal.headers["content-type"] == "application/problem+json"
    assert message in refusal.json()["detail"]
    assert untouched.get("/planner/plans/north").json()["status"]["version"] == 1


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 3_000, "application/json", 400),
        (b'{"step":"undo","version":1,"by":"Ann"}', "text/plain", 415),
        (b'{"step":"undo","version":1,"by":"Ann"}', "", 415),
        (b'"' + b"x" * 4_000_001 + b'"', "application/json", 413),
    ],
)
def test_a_body_that_is_no_step_is_refused(
    untouched: TestClient, content: bytes, kind: str, status: int
) -> None:
    refusal = untouched.post(
        "/planner/plans/north/steps", content=content, headers={"content-type": kind}
    )
    assert refusal.status_code == status
    assert refusal.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/planner/plans", "/planner/plans/north/steps"])
def test_a_page_of_another_origin_changes_nothing(
    untouched: TestClient, path: str, headers: dict[str, str]
) -> None:
    body = {"step": "move", "version": 1, "by": "Eve", "blocks": ["c1"], "to": "E"}
    refusal = untouched.post(path, json=body, headers=headers)
    assert refusal.status_code == 403
    assert untouched.get("/planner/plans/north").json()["status"]["version"] == 1


def test_all_areas_are_locked_and_unlocked_at_once(client: TestClient) -> None:
    locked = step(client, "lock-all").json()["status"]["areas"]
    assert [area["locked"] for area in locked] == [True, True]
    assert step(client, "move", blocks=["c1"], to="E").status_code == 409
    assert step(client, "lock-all").status_code == 400
    opened = step(client, "unlock-all").json()["status"]["areas"]
    assert [area["locked"] for area in opened] == [False, False]


def test_a_text_that_seems_personal_is_confirmed_before_it_is_kept(client: TestClient) -> None:
    begin(client)
    personal = "Ring the caretaker on 07700 900123 about the hall."
    refused = step(client, "why", area="E", why=personal)
    assert refused.status_code == 409
    assert refused.json()["conflict"] == "personal"
    assert "the text seems to hold a telephone number" in refused.json()["detail"]
    assert client.get("/planner/plans/north").json()["status"]["version"] == 1
    kept = step(client, "why", area="E", why=personal, confirmed=True).json()
    assert kept["status"]["areas"][0]["why"] == personal
    plain = step(client, "why", area="W", why="Along Mill Lane.").json()
    assert plain["history"][0]["what"] == "wrote why W (West) is drawn so"
    assert step(client, "why", area="W", why="x" * 4001).status_code == 400


def test_how_the_forecast_was_made_is_a_step(client: TestClient) -> None:
    text = {"method": "Cohorts, by Dr Jane Smith", "made_by": "Research", "made_on": "2026-05-31"}
    refused = step(client, "forecast", **text)
    assert (refused.status_code, refused.json()["conflict"]) == (409, "personal")
    status = step(client, "forecast", **text, confirmed=True).json()["status"]
    assert status["forecast"] == text
    assert step(client, "undo").json()["status"]["forecast"] == dict.fromkeys(text, "")
    wrong = step(client, "forecast", method="Cohorts.", made_on="May")
    assert (wrong.status_code, wrong.json()["detail"]) == (
        400, "'May' is no date; write the day of the forecast as 2026-05-31",
    )  # fmt: skip
