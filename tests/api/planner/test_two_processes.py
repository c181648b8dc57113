"""Two processes that serve one store save steps of one plan at the same time: none is lost."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.load.memory import MemoryBudget
from api.load.turns import Turns
from api.planner.sessions import PlanSessions
from api.planner.steps import Beginning, read_step
from boundaries.plans.draft import open_plan
from geo.question.model import Question
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.boundaries.cities import fill
from tests.postgres import Cluster

STEPS = 12


def opened(address: str) -> Store:
    return PostgisStore(address) if "://" in address else GeoPackageStore(Path(address))


def sessions_of(store: Store) -> PlanSessions:
    return PlanSessions(store, Turns(1), MemoryBudget(10**8))


@pytest.fixture(params=["geopackage", "postgis"])
def address(request: pytest.FixtureRequest, tmp_path: Path, town: Path) -> str:
    """A store with a plan of four areas."""
    if request.param == "geopackage":
        place = str(tmp_path / "town.gpkg")
        Path(place).write_bytes(town.read_bytes())
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        place = cluster.new_database()
        with contextlib.closing(PostgisStore(place, create=True)) as empty:
            fill(empty)
    with contextlib.closing(opened(place)) as store:
        sessions = sessions_of(store)
        sessions.begin(
            Beginning(plan_id="north", by="Cay", blocks_layer="blocks", from_layer="wards")
        )
        for version, (area, column) in enumerate((("W", "c"), ("E", "d")), 1):
            split = {"step": "split", "version": version, "by": "Cay", "area": area}
            blocks = [f"{column}{row}" for row in range(1, 5)]
            body = json.dumps({**split, "blocks": blocks, "code": column})
            sessions.step("north", read_step(body.encode()), Question())
    return place


def take_steps(address: str, by: str, block: str, *areas: str) -> None:
    """Move a block to and fro, as a page does that has seen no step but its own."""
    with contextlib.closing(opened(address)) as store:
        sessions = sessions_of(store)
        begun_at = sessions.get("north", Question()).payload()["begun_at"]
        own: list[int] = []
        sys.stdin.readline()  # both begin together
        for number in range(STEPS):
            seen = {"begun_at": begun_at, "steps": 2, "own": own}
            moved = {"step": "move", "blocks": [block], "to": areas[number % 2]}
            body = json.dumps({**moved, "version": 3, "by": by, "basis": seen})
            change = sessions.step("north", read_step(body.encode()), Question())
            own.append(change["status"]["steps"])
        sys.stdout.write(json.dumps(own))


def test_two_processes_that_save_at_the_same_time_lose_nothing(address: str) -> None:
    planners = {"Ann": ("b4", "c", "W"), "Bob": ("e4", "d", "E")}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name, address, by, *terms],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for by, terms in planners.items()
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    own = [json.loads(process.communicate(timeout=300)[0]) for process in processes]
    with contextlib.closing(opened(address)) as store:
        plan = open_plan(store, "north", question=None).plan
    assert len(plan.steps) == plan.metadata.version - 1 == 2 + 2 * STEPS
    for by, numbers, (block, *areas) in zip(planners, own, planners.values(), strict=True):
        taken = [step for step in plan.steps if step.signed.by == by]
        assert taken == [plan.steps[number - 1] for number in numbers]
        targets = [step.blocks[block][1] for step in taken]
        assert targets == [areas[number % 2] for number in range(STEPS)]
    replayed = plan.start
    for step in plan.steps:
        replayed = replayed.apply(step)
    assert replayed.assigned.tolist() == plan.now.assigned.tolist()


if __name__ == "__main__":
    take_steps(*sys.argv[1:])
