"""Plans in a GeoPackage store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.plan_rows import COLUMNS, TOLD, no_plan, plan_row, refuse_overtaken, told
from geo.store.times import now


def read_plans(file: SqliteFile) -> list[dict[str, Any]]:
    """What is told of each plan, by id."""
    rows = file.rows(f"SELECT {', '.join(TOLD)} FROM patchmap_plans ORDER BY plan_id")
    return [told(row) for row in rows]


def read_plan(file: SqliteFile, plan_id: str) -> dict[str, Any]:
    """The record of a plan."""
    rows = file.rows("SELECT record FROM patchmap_plans WHERE plan_id = ?", plan_id)
    if not rows:
        raise no_plan(plan_id, [each["plan_id"] for each in read_plans(file)])
    record: dict[str, Any] = json.loads(rows[0][0])
    return record


def put_plan(
    file: SqliteFile, record: Mapping[str, Any], *, based_on: int, updated_at: str
) -> None:
    """Save a plan where its stored version is the one that the caller has seen."""
    plan_id = record["plan_id"]
    rows = file.rows("SELECT version FROM patchmap_plans WHERE plan_id = ?", plan_id)
    refuse_overtaken(plan_id, rows[0][0] if rows else 0, based_on=based_on)
    file.execute(
        f"INSERT OR REPLACE INTO patchmap_plans ({', '.join(COLUMNS)})"
        f" VALUES ({', '.join('?' * len(COLUMNS))})",
        *plan_row(record, updated_at=updated_at or now()),
    )
    file.count("plans")


def remove_plan(file: SqliteFile, plan_id: str) -> None:
    """Remove a plan with its history."""
    read_plan(file, plan_id)
    file.execute("DELETE FROM patchmap_plans WHERE plan_id = ?", plan_id)
    file.count("plans")
