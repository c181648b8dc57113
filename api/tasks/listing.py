"""Lists of tasks: which of them, in which order, a page at a time, with their accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from api.snapshot import Snapshot
from api.tasks.where import ChosenArea, area_names, chosen_area, tasks_in
from boundaries.tasking.accounts import TaskAccounts, accounts_by_level
from boundaries.tasking.task import LEVELS, Level
from boundaries.tasking.transitions import OPEN, STATES
from boundaries.tasking.whose import is_of, owners_of, unknown_owner
from geo.errors import QuestionError
from geo.store.tasking_contract import TaskRow

PAGE: Final = 100
"""Tasks on a page."""

FILTERS: Final = ("area", "owner", "state", "level")
NAMES: Final = (*FILTERS, "sort", "page", "meeting")

_LAST: Final = date.max

_SORTS: Final[Mapping[str, Callable[[TaskRow], object]]] = {
    "id": lambda row: row.task_id,
    "title": lambda row: row.title.casefold(),
    "place": lambda row: row.place_label.casefold(),
    "level": lambda row: row.level,
    "owner": lambda row: (not (row.owner or row.service), row.owner.casefold(), row.service),
    "due": lambda row: row.due or _LAST,
    "state": lambda row: cast("tuple[str, ...]", STATES).index(row.state),
    "updated": lambda row: row.updated_at,
}
SORTS: Final = tuple(_SORTS)


@dataclass(frozen=True)
class TaskList:
    """A page of a list of tasks.

    Attributes
    ----------
    chosen
        What the address says: filters, order, page.
    area
        The area that it is limited to; None for all.
    rows
        The tasks of the page.
    areas
        The name of the area that each of them lies in, by id.
    matching
        How many tasks there are on all pages.
    accounts
        Of the tasks of the area, owner and level that are chosen, whatever their state.
    owners
        All owners and services of the tasks that are seen.
    unknown_owner
        That the owner who is asked for has none of them; '' where they have.
    page, pages
        Which page of how many, from 1.
    """

    chosen: Mapping[str, str]
    area: ChosenArea | None
    rows: list[TaskRow]
    areas: Mapping[str, str]
    matching: int
    accounts: Mapping[Level, TaskAccounts]
    owners: list[str]
    unknown_owner: str
    page: int
    pages: int

    @property
    def sort(self) -> str:
        """The column that it is ordered by."""
        return self.chosen.get("sort", "-id").removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """Whether the last comes first."""
        return self.chosen.get("sort", "-id").startswith("-")

    def options(self, **others: str) -> dict[str, str]:
        """The parameters of its address; `others` replace some of them."""
        return {name: text for name, text in {**self.chosen, **others}.items() if text}

    def sorted_by(self, column: str) -> dict[str, str]:
        """The parameters of the address that orders by a column, or turns that order round."""
        turned = column == self.sort and not self.is_descending
        return self.options(sort=f"{'-' if turned else ''}{column}", page="")


def task_list(snapshot: Snapshot, query: Mapping[str, str], *, most: int = PAGE) -> TaskList:
    """List tasks.

    Parameters
    ----------
    snapshot
        What the caller sees.
    query
        `area` (CODE@LAYER), `owner`, `state`, `level`, `sort` (a column, with `-` before it for
        the last one first), `page`.
    most
        Tasks on a page.

    Raises
    ------
    QuestionError
        If a filter has no such value.
    NotFoundError
        If there is no such area.
    """
    chosen = {name: text.strip() for name, text in query.items() if text.strip()}
    _check(chosen, "state", STATES)
    _check(chosen, "level", LEVELS)
    _check(chosen, "sort", [f"{sign}{name}" for name in SORTS for sign in ("", "-")])
    area = chosen_area(snapshot, chosen.get("area", ""))
    every = snapshot.tasks()
    rows = tasks_in(snapshot, every, area)
    owner, level = chosen.get("owner", ""), chosen.get("level", "")
    rows = [row for row in rows if is_of(row, owner) and level in ("", row.level)]
    accounts = accounts_by_level(rows)
    state = chosen.get("state", "")
    rows = [row for row in rows if state in ("", row.state)]
    sort = chosen.get("sort", "-id")
    rows.sort(key=lambda row: row.task_id)
    rows.sort(key=_SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))  # type: ignore[arg-type]  # each key gives values of one type
    pages = max(1, -(-len(rows) // most))
    page = _page(chosen, pages)
    shown = rows[(page - 1) * most : page * most]
    return TaskList(
        chosen=chosen,
        area=area,
        rows=shown,
        areas=area_names(snapshot, shown),
        matching=len(rows),
        accounts=accounts,
        owners=owners_of(every),
        unknown_owner=unknown_owner(owner, every),
        page=page,
        pages=pages,
    )


def is_late(row: TaskRow, day: date) -> bool:
    """Whether a task was to be done before a day, and is not."""
    return bool(row.due and row.due < day and (row.state in OPEN or row.state == "waiting"))


def _check(chosen: Mapping[str, str], name: str, known: Sequence[str]) -> None:
    if name in chosen and chosen[name] not in known:
        raise QuestionError(name, f"unknown value {chosen[name]!r}; choose {', '.join(known)}")


def _page(chosen: Mapping[str, str], pages: int) -> int:
    text = chosen.get("page", "1")
    if not text.isdecimal() or len(text) > 6 or not 1 <= int(text) <= pages:
        raise QuestionError("page", f"{text!r} is no page; there are {pages}")
    return int(text)
