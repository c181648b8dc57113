"""An answer's ETag and its place in the cache depend on what it was made of, and no more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import etags
from api.answers import Answers
from api.app import make_app
from api.reads import PARTS, Part, letters, note, noted, noting, parts_of
from api.settings import Settings
from boundaries.plans.draft import open_plan, save_plan
from boundaries.tasking.actions import raise_task
from geo.analyses import LAYERS
from geo.analyses.analysis import AnalysisResult
from geo.measures.model import Measure, entries_frame
from geo.question.ask import Answer, Question
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.conftest import SearchesHere, make_town, month_of_incidents
from tests.boundaries.cities import begun, fill, put_places, wards_of
from tests.boundaries.drawn import SIGNED, grid
from tests.boundaries.tasking.tasking_made import PLACE, signed, terms

PERIOD = "datetime=2024-01/2024-02"
WITHOUT_PLANS = (
    "/?period=latest-2m",
    "/?period=latest-1m&layer=wards&compare=previous",
    "/brief.html?period=latest-1m&layer=wards",
    "/map?period=latest-1m&layer=wards",
    "/story?period=latest-1m&layer=wards&at=E",
    "/allocation?layer=wards&posts=4",
    "/allocation/map?layer=wards&posts=4",
    "/planner/blocks/blocks",
    "/ogc",
    "/ogc/conformance",
    "/ogc/collections/wards",
    "/ogc/collections/wards/items",
    "/ogc/collections/wards/items?f=csv",
    "/ogc/collections/wards/items/E",
    "/ogc/collections/wards/queryables",
    "/ogc/collections/wards/tiles/WebMercatorQuad",
    "/ogc/collections/incidents",
    *(
        f"/ogc/collections/{name}/items?{PERIOD}&layer=wards&cell=100"
        for name in ("area-counts", "hotspots", "ranked-hotspots", "posts")
    ),
)
WITH_PLANS = (
    "/?period=latest-1m&layer=plan-north&compare=previous",
    "/map?period=latest-1m&layer=plan-north",
    "/map?period=latest-1m&layer=wards&over=plan-north",
    "/planner",
    "/planner/plans/north",
    "/planner/plans/north/map.svg",
    "/planner/compare?plan=north",
    "/planner/scores?plan=north",
    "/planner/plans/north/communities?communities=wards",
    "/ogc/collections",
    "/ogc/collections/plans/items",
    "/ogc/collections/plan-north",
    "/ogc/collections/plan-north/items",
    f"/ogc/collections/area-counts/items?{PERIOD}&layer=plan-north",
    f"/ogc/collections/area-counts/items?{PERIOD}&layer=wards&study=plan-north",
)


@pytest.fixture(scope="module")
def planned_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with the plan `north`, to be copied."""
    path = tmp_path_factory.mktemp("planned") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        fill(store)
        save_plan(store, begun(store, title="North", by="Ann").plan)
    return path


@pytest.fixture
def town(tmp_path: Path, planned_town: Path) -> Iterator[GeoPackageStore]:
    """A store with the plan `north`."""
    store = GeoPackageStore(shutil.copy(planned_town, tmp_path / "town.gpkg"))
    yield store
    store.close()


@pytest.fixture
def client(town: GeoPackageStore) -> Iterator[TestClient]:
    with TestClient(
        make_app(town, Settings(), searches=SearchesHere()),
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50_000),
    ) as made:
        yield made


def step(town: GeoPackageStore) -> None:
    plan = open_plan(town, "north", question=None).plan
    save_plan(town, plan.move(["c1"], "E", signed=SIGNED))


def new_import(town: GeoPackageStore) -> None:
    put_places(town, [(30.0, 30.0)] * 4, month="2024-03")


def new_layer(town: GeoPackageStore) -> None:
    with town.transaction():
        town.put_layer(LayerMetadata("other"), wards_of(grid(6, 4)))


def new_setting(town: GeoPackageStore) -> None:
    with town.transaction():
        town.put_setting("default_layer", "blocks")


def new_entry(town: GeoPackageStore, own: str = "m") -> None:
    entry = {"entry_id": own, "kind": "money", "amount": 100, "state": "paid", "day": "2024-02-01"}
    with town.transaction():
        town.put_entries(entries_frame([entry]), TableFile("entries.csv", "", 1))


def new_measure(town: GeoPackageStore) -> None:
    with town.transaction():
        town.put_measure(Measure("fit", "Fit", "%", "share", "up", "wards", "Council"))


def new_task(town: GeoPackageStore) -> None:
    raise_task(town, terms(place=PLACE), signed=signed())


def status_again(client: TestClient, address: str, tag: str) -> int:
    return client.get(address, headers={"if-none-match": tag}).status_code


def tags(client: TestClient, addresses: tuple[str, ...]) -> dict[str, str]:
    answers = {address: client.get(address) for address in addresses}
    assert {address: one.status_code for address, one in answers.items()} == dict.fromkeys(
        addresses, 200
    )
    return {address: one.headers["etag"] for address, one in answers.items()}


def test_a_step_in_a_plan_leaves_all_answers_that_read_no_plan(
    client: TestClient, town: GeoPackageStore
) -> None:
    known = tags(client, WITHOUT_PLANS)
    outdated = tags(client, WITH_PLANS)
    step(town)
    again = {address: status_again(client, address, tag) for address, tag in known.items()}
    assert again == dict.fromkeys(known, 304)
    other = {address: status_again(client, address, tag) for address, tag in outdated.items()}
    assert other == dict.fromkeys(outdated, 200)


def test_a_task_leaves_all_answers_as_they_are(client: TestClient, town: GeoPackageStore) -> None:
    # The list of collections names only those that have features.
    listed = tags(client, ("/ogc/collections", "/ogc/collections/tasks/items"))
    known = tags(client, tuple({*WITHOUT_PLANS, *WITH_PLANS} - listed.keys()))
    new_task(town)
    again = {address: status_again(client, address, tag) for address, tag in known.items()}
    # The board, its stories and brief, and pages of areas show tasks: they are made anew of the
    # same answers.
    assert again == {
        address: 200 if address.startswith(("/?", "/story", "/brief", "/areas/wards/")) else 304
        for address in known
    }
    for address, tag in listed.items():
        assert status_again(client, address, tag) == 200


def test_whoever_has_no_etag_gets_the_same_bytes_after_a_step(
    client: TestClient, town: GeoPackageStore
) -> None:
    before = {address: client.get(address).content for address in WITHOUT_PLANS}
    step(town)
    assert {address: client.get(address).content for address in WITHOUT_PLANS} == before


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (new_import, ("/ogc/collections/wards/items", "/planner/blocks/blocks")),
        (new_setting, ("/ogc/collections/wards/items", "/planner/blocks/blocks")),
        (new_layer, ("/ogc/conformance",)),
    ],
)
def test_other_changes_make_what_was_made_of_them_outdated(
    client: TestClient,
    town: GeoPackageStore,
    change: Callable[[GeoPackageStore], None],
    same: tuple[str, ...],
) -> None:
    known = tags(
        client,
        ("/?period=latest-1m&compare=previous", "/map?period=latest-1m", *same),
    )
    change(town)
    again = {address: status_again(client, address, tag) for address, tag in known.items()}
    assert again == {address: 304 if address in same else 200 for address in known}


def test_answers_of_the_default_layer_are_outdated_when_another_one_comes_into_force(
    client: TestClient, town: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with town.transaction():
        town.put_layer(LayerMetadata("wards-2025", valid_from="2025-05-01"), wards_of(grid(6, 4)))
    counts = f"/ogc/collections/area-counts/items?{PERIOD}"

    def opened(day: str) -> str:
        for module in ("api.ready", "api.snapshot", "geo.question.store_settings"):
            monkeypatch.setattr(f"{module}.london_day", lambda: day)
        return str(client.get(counts).json()["accounts"]["question"]["layer"])

    before = opened("2025-04-29")
    known = tags(client, (counts, f"/map?{PERIOD}", "/ogc/collections/wards/items"))
    assert opened("2025-04-30") == before
    assert {status_again(client, *each) for each in known.items()} == {304}
    assert opened("2025-05-01") == "wards-2025" != before
    again = {address: status_again(client, address, tag) for address, tag in known.items()}
    assert again == {address: 304 if "wards/items" in address else 200 for address in known}


def test_entries_and_measures_outdate_the_answers_that_read_them_alone(
    client: TestClient, town: GeoPackageStore
) -> None:
    counts, profile, spend = (
        f"/ogc/collections/{name}/items?{PERIOD}&layer=wards"
        for name in ("area-counts", "profile", "spend")
    )
    page = f"/answers/spend?{PERIOD}&layer=wards"
    new_entry(town)
    known = tags(client, (counts, profile, spend, page))
    new_entry(town, "n")
    again = {address: status_again(client, address, tag) for address, tag in known.items()}
    assert again == {counts: 304, profile: 304, spend: 200, page: 200}
    known = tags(client, (counts, profile))
    new_measure(town)
    again = {address: status_again(client, address, tag) for address, tag in known.items()}
    assert again == {counts: 304, profile: 200}


def test_a_step_computes_nothing_anew_for_the_board(
    client: TestClient, town: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = "/?period=latest-1m&layer=wards&compare=previous"
    computed: list[str] = []
    from api import snapshot  # noqa: PLC0415 - the name that is replaced

    real = snapshot.ask_about
    monkeypatch.setattr(
        snapshot, "ask_about", lambda *one, **options: computed.append("") or real(*one, **options)
    )
    client.get(board)
    first = len(computed)
    assert first > 0
    step(town)
    client.get(board)
    assert len(computed) == first
    new_import(town)
    client.get(board)
    assert len(computed) > first


def test_answers_follow_what_they_are_made_of(client: TestClient, town: GeoPackageStore) -> None:
    addresses = (
        f"/ogc/collections/area-counts/items?{PERIOD}&layer=plan-north",
        f"/download/area-counts.csv?{PERIOD}&layer=plan-north",
        f"/ogc/collections/area-counts/tiles/WebMercatorQuad/14/5343/8124?{PERIOD}&layer=plan-north",
        "/map?period=latest-1m&layer=plan-north",
    )
    before = {address: client.get(address) for address in addresses}
    step(town)
    after = {address: client.get(address) for address in addresses}
    for address in addresses:
        assert before[address].status_code == 200
        assert before[address].content != after[address].content, address


def test_an_etag_is_valid_after_a_restart_of_the_service(
    client: TestClient, town: GeoPackageStore
) -> None:
    tag = client.get(WITHOUT_PLANS[1]).headers["etag"]
    again = make_app(town, Settings(), searches=SearchesHere())
    with TestClient(again, base_url="http://127.0.0.1:8000") as second:
        assert status_again(second, WITHOUT_PLANS[1], tag) == 304
        step(town)
        assert status_again(second, WITHOUT_PLANS[1], tag) == 304


def test_nothing_is_read_that_the_etag_does_not_name(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while a page is being sent, nor from what an earlier request left in the cache."""
    named: list[frozenset[Part]] = []
    real = etags._version

    def version(snapshot, parts):
        named.append(parts)
        return real(snapshot, parts)

    monkeypatch.setattr(etags, "_version", version)
    for address in (*WITHOUT_PLANS, *WITH_PLANS):
        both = []
        for _ in range(2):
            with noting() as read:
                assert client.get(address).status_code == 200
            both.append((named[-1], frozenset(read)))
        assert all(tag >= read for tag, read in both), (address, both)
        assert both[0][0] == both[1][0], (address, both)
        assert address in ("/ogc", "/ogc/conformance", "/planner/blocks/blocks") or both[0][1]


def test_a_restored_store_makes_every_etag_outdated(
    client: TestClient, town: GeoPackageStore, tmp_path: Path
) -> None:
    known = tags(client, ("/?period=latest-1m", "/ogc/collections/wards/items", "/ogc/conformance"))
    town.back_up(tmp_path / "saved.gpkg")
    town.restore(tmp_path / "saved.gpkg")
    again = {address: status_again(client, address, tag) for address, tag in known.items()}
    assert again == dict.fromkeys(known, 200)


@pytest.mark.parametrize("tag", ["ils", '"x-0"', '"si-0"', '"-"', '"ii-0"', "*", '"' + "i" * 99])
def test_an_etag_that_is_none_of_ours_changes_nothing(client: TestClient, tag: str) -> None:
    assert status_again(client, "/ogc/collections/wards/items", tag) == 200


def test_accounts_name_the_counters_of_what_was_read(
    client: TestClient, town: GeoPackageStore
) -> None:
    def version(layer: str) -> str:
        address = f"/ogc/collections/area-counts/items?{PERIOD}&layer={layer}"
        return str(client.get(address).json()["accounts"]["data_version"])

    state = town.data_version()
    counters = f"{state.uuid}.{state.incidents}.{state.layers}"
    assert version("wards") == f"{counters}.-.{state.settings}.-.-.-"
    assert version("plan-north") == f"{counters}.{state.plans}.{state.settings}.-.-.-"


def test_reads_count_for_what_is_around_them() -> None:
    note("plans")
    assert noted() == frozenset()
    with noting() as outer:
        note("layers")
        with suppress(KeyError), noting() as inner:
            note("incidents", "settings")
            raise KeyError
        assert inner == {"incidents", "settings"}
    assert outer == {"layers", "incidents", "settings"}
    assert letters(outer) == "ils"
    assert parts_of("ils") == outer
    assert parts_of("sli") is None
    assert parts_of("") == frozenset()
    assert parts_of(letters(PARTS)) == PARTS


def test_a_result_and_its_answer_are_of_one_state_though_the_data_change_between(
    tmp_path: Path,
) -> None:
    store, seen = make_town(tmp_path / "town.gpkg"), []

    ranked = LAYERS["ranked-hotspots"]

    def compute(answer: Answer, **options: object) -> AnalysisResult:
        with store.transaction():
            store.put_partition(month_of_incidents("2024-02", seed=8, east=100.0))
        seen.append(answer)
        return ranked.compute(answer)

    question = Question.read({"layer": "wards", "datetime": "2024-01/2024-02"})
    answer, _ = Answers(store).result(replace(ranked, function=compute), question)
    assert [answer] == seen
    now, _ = Answers(store).result(ranked, question)
    assert now.accounts.data_version != answer.accounts.data_version
    store.close()
