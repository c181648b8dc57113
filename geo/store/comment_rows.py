"""Comments on plans as rows of `patchmap_plan_comments`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from typing import Final

from geo.store.backend import BulkTables, count_change
from geo.store.comment_contract import PlanComment
from geo.store.times import now

_TABLE: Final = "patchmap_plan_comments"
_COLUMNS: Final = tuple(each.name for each in fields(PlanComment))


class CommentRows:
    """The comments of a store.

    Parameters
    ----------
    tables
        The store's tables.
    """

    def __init__(self, tables: BulkTables) -> None:
        self._tables = tables

    def of_plan(self, plan_id: str) -> list[PlanComment]:
        """The comments on a plan, by number."""
        rows = self._tables.rows(
            f"SELECT {', '.join(_COLUMNS)} FROM {_TABLE} WHERE plan_id = ? ORDER BY number", plan_id
        )
        return [PlanComment(*row) for row in rows]

    def add(self, comments: Sequence[PlanComment]) -> list[PlanComment]:
        """Add comments; see `CommentStore.add_plan_comments`."""
        at, last = now(), dict[str, int]()
        stored = []
        for comment in comments:
            plan_id = comment.plan_id
            if plan_id not in last:
                last[plan_id] = self._last(plan_id)
            number = comment.number or last[plan_id] + 1
            last[plan_id] = max(last[plan_id], number)
            stored.append(replace(comment, number=number, added_at=comment.added_at or at))
        self._tables.insert(_TABLE, _COLUMNS, map(astuple, stored))
        if stored:
            count_change(self._tables, "plans")
        return stored

    def put(self, comment: PlanComment) -> None:
        """Store a comment in place of the one with its number."""
        values = ", ".join(f"{name} = ?" for name in _COLUMNS[2:])
        self._tables.execute(
            f"UPDATE {_TABLE} SET {values} WHERE plan_id = ? AND number = ?",
            *(*astuple(comment)[2:], comment.plan_id, comment.number),
        )
        count_change(self._tables, "plans")

    def remove(self, plan_id: str, numbers: Sequence[int]) -> None:
        """Remove comments.

        Parameters
        ----------
        plan_id, numbers
            The plan, and the numbers of comments on it.
        """
        for number in numbers:
            self._tables.execute(
                f"DELETE FROM {_TABLE} WHERE plan_id = ? AND number = ?", plan_id, number
            )
        count_change(self._tables, "plans")

    def remove_of_plan(self, plan_id: str) -> None:
        """Remove all comments on a plan that is removed itself."""
        self._tables.execute(f"DELETE FROM {_TABLE} WHERE plan_id = ?", plan_id)

    def _last(self, plan_id: str) -> int:
        rows = self._tables.rows(f"SELECT max(number) FROM {_TABLE} WHERE plan_id = ?", plan_id)
        return int(rows[0][0] or 0)
