"""Plans of a store: each a JSON record with its whole history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypedDict

# Any, because only `boundaries` knows what a plan consists of; it checks each record it reads.
PlanRecord = dict[str, Any]


class PlanSummary(TypedDict):
    """A plan without its history.

    `updated_by` made the last step in force, or began the plan if there is none; `updated_at` is
    UTC, as `2025-05-01T09:30:00Z`.
    """

    plan_id: str
    title: str
    blocks_layer: str
    base_layer: str
    version: int
    updated_by: str
    updated_at: str


class PlanReader(Protocol):
    """Reads plans."""

    def plans(self) -> list[PlanSummary]:
        """A summary of each plan, by id."""
        ...

    def plan(self, plan_id: str) -> PlanRecord:
        """The record of a plan with its history, as it was put.

        Raises
        ------
        NotFoundError
            If there is no such plan; the message lists the plans that exist.
        """
        ...


class PlanStore(PlanReader, Protocol):
    """Reads and writes plans."""

    def put_plan(self, record: Mapping[str, Any], *, based_on: int, updated_at: str = "") -> None:
        """Save a plan in place of the version that it was made from.

        Parameters
        ----------
        record
            Plain JSON: the members of `PlanSummary` but for the last two, `begun_by`, the `steps`
            with `by` in each, how many of them are `done`, and whatever else belongs to the plan.
        based_on
            The version that was read; 0 for a new plan.
        updated_at
            When the plan was saved; empty means now.

        Raises
        ------
        ConflictError
            If the stored version is another one, whichever process put it there.
        """
        ...

    def remove_plan(self, plan_id: str) -> None:
        """Remove a plan with its history.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        """
        ...
