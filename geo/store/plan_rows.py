"""A plan as a row of the table `patchmap_plans`, and the check on its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

import orjson

from geo.errors import ConflictError, NotFoundError
from geo.store.backend import Row
from geo.store.contract import PlanSummary

SUMMARY_COLUMNS = tuple(get_type_hints(PlanSummary))
PLAN_COLUMNS = (*SUMMARY_COLUMNS, "record")


def plan_row(record: Mapping[str, Any], *, updated_at: str) -> Row:
    """A plan as a row of `PLAN_COLUMNS`.

    Parameters
    ----------
    record
        As `PlanStore.put_plan` takes it.
    updated_at
        When the plan was saved, in UTC.

    Returns
    -------
    The values in the order of `PLAN_COLUMNS`.
    """
    steps = record["steps"][: record["done"]]
    updated_by = steps[-1]["by"] if steps else record["begun_by"]
    metadata = (record[name] for name in SUMMARY_COLUMNS[:-2])
    # A plan of 36,000 blocks is nearly a megabyte, and is written at every step.
    return (*metadata, updated_by, updated_at, orjson.dumps(dict(record)).decode())


def plan_summary(row: Row) -> PlanSummary:
    """The summary in a row of `SUMMARY_COLUMNS`."""
    plan_id, title, blocks_layer, base_layer, version, updated_by, updated_at = row
    return PlanSummary(
        plan_id=plan_id,
        title=title,
        blocks_layer=blocks_layer,
        base_layer=base_layer,
        version=version,
        updated_by=updated_by,
        updated_at=updated_at,
    )


def check_version(plan_id: str, stored: int, *, based_on: int) -> None:
    """Refuse to save over a version that the caller has not read.

    Parameters
    ----------
    plan_id
        The plan, for the message.
    stored, based_on
        The version in the store and the one that was edited; 0 where there is none.

    Raises
    ------
    ConflictError
        If they differ.
    """
    if stored == based_on:
        return
    if not based_on:
        raise ConflictError(
            f"plan {plan_id} already exists, in version {stored}; choose another id"
        )
    # A version of 0 means that the plan is no longer there.
    state = f"is now version {stored}" if stored else "was deleted"
    raise ConflictError(f"plan {plan_id} {state}; you edited version {based_on}")


def unknown_plan(plan_id: str, known: Sequence[str]) -> NotFoundError:
    """The error for a plan that is not in the store.

    Parameters
    ----------
    plan_id
        The id that was asked for.
    known
        The ids of the plans that exist; may be empty.

    Returns
    -------
    The error, with the plans that exist.
    """
    listed = ", ".join(known) or "none yet; 'patchmap plan new' makes one"
    return NotFoundError(f"there is no plan {plan_id!r}; there are: {listed}")
