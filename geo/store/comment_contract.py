"""Comments on plans: what a store reads and changes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class PlanComment:
    """What somebody said of a plan, or of a place in it.

    Attributes
    ----------
    plan_id
        The plan.
    number
        Its number among the comments of the plan, from 1; 0 of one that is not stored yet.
    author
        Who said it; '' where that is not known.
    written_on
        The day, as `2026-05-01`; '' where it is not known.
    body
        The text.
    area_code
        The area that it is about, where it names one; '' for none.
    x, y
        The place that it is about, in metres of the working CRS; None for none.
    source
        The file that it was imported from; '' where somebody wrote it down.
    added_by, added_at
        Who brought it in, and when, in UTC.
    taken_out
        What tells it from others when a file is imported again, after its words were taken out for
        good; '' of all others.
    """

    plan_id: str
    number: int
    author: str
    written_on: str
    body: str
    area_code: str = ""
    x: float | None = None
    y: float | None = None
    source: str = ""
    added_by: str = ""
    added_at: str = ""
    taken_out: str = ""


class CommentReader(Protocol):
    """What can be read of comments."""

    def plan_comments(self, plan_id: str) -> list[PlanComment]:
        """The comments on a plan, by number; none where there is no such plan."""


class CommentStore(CommentReader, Protocol):
    """What can be changed of comments, inside `transaction()`."""

    def add_plan_comments(self, comments: Sequence[PlanComment]) -> list[PlanComment]:
        """Add comments.

        Parameters
        ----------
        comments
            Those without a number get the next ones of their plan; a number that is given stays.
            Those without a time are of now.

        Returns
        -------
        They, as they are stored.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        """

    def put_plan_comment(self, comment: PlanComment) -> None:
        """Store a comment in place of the one with its number."""

    def remove_plan_comments(self, plan_id: str, numbers: Sequence[int]) -> None:
        """Remove comments for good; until `compact` they can be read from the store's files.

        Parameters
        ----------
        plan_id, numbers
            The plan, and the numbers of comments on it.
        """
