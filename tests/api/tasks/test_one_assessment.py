"""One decision fixes one assessment, whether a form, a command or an acceptance fixes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from boundaries.tasking.deciding import chosen_on
from boundaries.tasking.storage import read_task
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run_json
from tests.api.conftest import serve_town
from tests.boundaries.tasking.judged_made import MONTHS, counts, frame, partition, wards

FIRST = MONTHS.index("2023-01")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, GeoPackageStore]]:
    folder = tmp_path_factory.mktemp("doors")
    incidents = frame(counts(mean=2))
    with closing(GeoPackageStore(folder / "patchmap.gpkg", create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", "Wards"), wards())
            for month in MONTHS[FIRST:]:
                store.put_partition(partition(incidents, month), by="test")
        yield folder, store


@pytest.fixture(scope="module")
def form(made: tuple[Path, GeoPackageStore]) -> Iterator[TestClient]:
    with serve_town(made[1]) as client:
        client.headers["accept"] = "text/html"
        yield client


@pytest.mark.parametrize(
    ("asked", "chosen", "before"),
    [
        ("layer=wards", date(2025, 1, 1), ("2024-01", "2024-12")),
        ("layer=wards&period=latest-3m", date(2025, 1, 1), ("2024-01", "2024-12")),
        ("layer=wards&datetime=2024-05/2024-08", date(2024, 9, 1), ("2023-09", "2024-08")),
        ("layer=wards&datetime=2023-09", date(2023, 10, 1), ("2023-01", "2023-09")),
    ],
)
def test_a_form_a_command_and_an_acceptance_fix_the_same(
    made: tuple[Path, GeoPackageStore],
    form: TestClient,
    asked: str,
    chosen: date,
    before: tuple[str, str],
) -> None:
    folder, store = made
    query = f"{asked}&category=anti-social-behaviour"
    raised = run_json(
        folder, "task", "raise", "Patrol", "--place", "A@wards", "--kind", "patrol",
        "--question", query, "--assess",
    )  # fmt: skip
    fields = {"title": "Patrol", "kind": "patrol", "judge": "yes"}
    sent = form.post(f"/tasks/new?{query}&at=A", data=fields, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    number = int(raised["task_id"][2:])
    by_form = read_task(store, f"T-{number + 1:04d}").assessment
    later = run_json(
        folder, "task", "raise", "Patrol", "--place", "A@wards", "--kind", "patrol",
        "--question", query,
    )["task_id"]  # fmt: skip
    accepted = {"version": "1", "owner": "officer", "judge": "yes"}
    sent = form.post(f"/tasks/{later}/accept", data=accepted, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    by_command = read_task(store, raised["task_id"]).assessment
    assert by_command is not None
    assert (by_command.chosen, by_command.before) == (chosen, before)
    assert by_command == by_form == read_task(store, later).assessment


def test_a_place_was_not_chosen_by_what_was_published_after_the_decision() -> None:
    assert chosen_on(date(2026, 3, 10), date(2026, 1, 31)) == date(2026, 2, 1)
    assert chosen_on(date(2026, 3, 10), date(2026, 5, 31)) == date(2026, 3, 10)
    assert chosen_on(date(2026, 3, 10), date(2019, 12, 31)) == date(2020, 1, 1)
