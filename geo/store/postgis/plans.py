"""Plans in a PostGIS store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from geo.store.plan_rows import no_plan, plan_row, refuse_overtaken, told
from geo.store.postgis.server import Server
from geo.store.times import now


def read_plans(server: Server) -> list[dict[str, Any]]:
    """What is told of each plan, by id."""
    rows = server.rows(
        "SELECT plan_id, title, blocks_layer, base_layer, version, updated_by, updated_at"
        " FROM patchmap.patchmap_plans ORDER BY plan_id"
    )
    return [told(row) for row in rows]


def read_plan(server: Server, plan_id: str) -> dict[str, Any]:
    """The record of a plan."""
    rows = server.rows("SELECT record FROM patchmap.patchmap_plans WHERE plan_id = %s", plan_id)
    if not rows:
        raise no_plan(plan_id, [each["plan_id"] for each in read_plans(server)])
    record: dict[str, Any] = json.loads(rows[0][0])
    return record


def put_plan(server: Server, record: Mapping[str, Any], *, based_on: int, updated_at: str) -> None:
    """Save a plan where its stored version is the one that the caller has seen."""
    plan_id = record["plan_id"]
    rows = server.rows("SELECT version FROM patchmap.patchmap_plans WHERE plan_id = %s", plan_id)
    refuse_overtaken(plan_id, rows[0][0] if rows else 0, based_on=based_on)
    server.execute(
        "INSERT INTO patchmap.patchmap_plans (plan_id, title, blocks_layer, base_layer, version,"
        " updated_by, updated_at, record) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (plan_id) DO UPDATE SET title = excluded.title,"
        " blocks_layer = excluded.blocks_layer, base_layer = excluded.base_layer,"
        " version = excluded.version, updated_by = excluded.updated_by,"
        " updated_at = excluded.updated_at, record = excluded.record",
        *plan_row(record, updated_at=updated_at or now()),
    )
    server.count("plans")


def remove_plan(server: Server, plan_id: str) -> None:
    """Remove a plan with its history."""
    read_plan(server, plan_id)
    server.execute("DELETE FROM patchmap.patchmap_plans WHERE plan_id = %s", plan_id)
    server.count("plans")
