"""A plan as a row of a store: what is told of it, and what keeps two savings apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from geo.errors import ConflictError, NotFoundError

COLUMNS = (
    "plan_id",
    "title",
    "blocks_layer",
    "base_layer",
    "version",
    "updated_by",
    "updated_at",
    "record",
)
TOLD = COLUMNS[:-1]
"""What is told of a plan without reading its history."""


def plan_row(record: Mapping[str, Any], *, updated_at: str) -> tuple[object, ...]:
    """The values of `COLUMNS`; updated by who took the last step in force, else who began it."""
    steps = record["steps"][: record["done"]]
    by = steps[-1]["by"] if steps else record["begun_by"]
    metadata = (record[name] for name in COLUMNS[:5])
    return (*metadata, by, updated_at, json.dumps(record, ensure_ascii=False))


def told(row: Sequence[object]) -> dict[str, Any]:
    """What a row of `TOLD` says."""
    return dict(zip(TOLD, row, strict=True))


def refuse_overtaken(plan_id: str, stored: int, *, based_on: int) -> None:
    """Refuse to save over a version that the caller has not seen; 0 is none.

    Raises
    ------
    ConflictError
        With both versions.
    """
    if stored != based_on:
        there = f"in version {stored}" if stored else "gone"
        expected = f"version {based_on}" if based_on else "none of that id"
        raise ConflictError(f"plan {plan_id} is {there} by now, and not {expected} as expected")


def no_plan(plan_id: str, there_are: Sequence[str]) -> NotFoundError:
    """What to raise where there is no such plan."""
    listed = ", ".join(there_are) or "none yet; 'patchmap plan new' makes one"
    return NotFoundError(f"there is no plan {plan_id!r}; there are: {listed}")
