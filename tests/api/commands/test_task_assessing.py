"""An import that publishes the last month of a task's assessment assesses it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from boundaries.demo.published import PUBLISHED_COLUMNS
from boundaries.tasking.actions import raise_task, take_step
from boundaries.tasking.automatic import proposed_assessment
from boundaries.tasking.history import Signed
from boundaries.tasking.task import Place, TaskTerms
from geo.crs import Projection
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run, run_json
from tests.boundaries.tasking.judged_made import (
    MONTHS,
    after,
    circle,
    counts,
    frame,
    partition,
    wards,
)

CHOSEN, DONE = datetime(2024, 2, 10, 12, tzinfo=UTC), datetime(2024, 3, 20, 12, tzinfo=UTC)
PLACE, LAST = 27, "2024-09"
QUERY = "category=anti-social-behaviour&layer=wards"


def test_an_import_assesses_the_task_whose_last_month_it_brings(
    tmp_path: Path, projection: Projection
) -> None:
    n = counts(mean=8)
    n[PLACE, after("2024-04") :] //= 8
    incidents = frame(n)
    with closing(GeoPackageStore(tmp_path / "patchmap.gpkg", create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", "Wards"), wards())
            for month in MONTHS[: MONTHS.index(LAST)]:
                store.put_partition(partition(incidents, month), by="test")
        fixed = proposed_assessment(store, QUERY, circle(PLACE), at=CHOSEN)
        place = Place("polygon", "", "A square", fixed.place)
        terms = TaskTerms(
            title="Patrol at night",
            kind="patrol",
            level="area",
            place=place,
            owner="officer",
            question=QUERY,
            assessment=fixed,
        )
        raise_task(store, terms, signed=Signed("manager", CHOSEN))
        for step, at in (("accept", CHOSEN), ("finish", DONE)):
            take_step(store, "T-0001", step, signed=Signed("manager", at))
    assert run(tmp_path, "task", "assess") == "no task is due to be assessed\n"
    name = f"{LAST}-made-street.csv"
    published(incidents, projection).to_csv(tmp_path / name, index=False)
    run(tmp_path, "ingest", name, "--rejects", str(tmp_path / "rejects.csv"))
    shown = run_json(tmp_path, "task", "show", "T-0001")
    assert (shown["state"], shown["outcome"], shown["steps"][-1]["by"]) == (
        "assessed", "worked", "Patchmap",
    )  # fmt: skip
    assert shown["finding"].startswith("Worked: incidents fell from ")


def published(incidents: pd.DataFrame, projection: Projection) -> pd.DataFrame:
    rows = incidents[incidents["occurred_to"].dt.strftime("%Y-%m") == LAST]
    x, y = rows["x"].to_numpy(), rows["y"].to_numpy()
    longitude, latitude = (degrees.round(6) for degrees in projection.to_lonlat(x, y))
    values = {
        "Month": LAST,
        "Reported by": "Made Police",
        "Falls within": "Made Police",
        "Longitude": longitude,
        "Latitude": latitude,
        "Location": "On or near Street",
        "Crime type": "Anti-social behaviour",
    }
    return pd.DataFrame(values, index=range(len(rows))).reindex(columns=list(PUBLISHED_COLUMNS))
