"""Tables and sentences of what was given to areas, and spent there."""

from __future__ import annotations

from typing import Final

import pandas as pd

from api.pages.measure_text import pounds
from api.reports.cells import part_title
from api.reports.model import Column, ReportTable
from api.reports.sentences import joined

AMOUNTS: Final = ("allocated", "committed", "paid", "left")
TOTAL: Final = "Total"
_COLUMNS: Final = (
    Column("allocated", "Allocated", "pounds"),
    Column("committed", "Committed, not yet paid", "pounds"),
    Column("paid", "Paid", "pounds"),
    Column("left", "Left", "pounds"),
    Column("share_paid", "Paid, of what was allocated", "share"),
)


def with_total(rows: pd.DataFrame, further: pd.DataFrame, by: str) -> tuple[pd.DataFrame, int]:
    """Rows with what is in none of them, and a total of both: sums are never less than all.

    Parameters
    ----------
    rows
        One for each area or priority, with `AMOUNTS` in pounds.
    further
        What is in no area, with the same columns; may be empty.
    by
        The column that names a row.

    Returns
    -------
    The rows, and how many of the last are totals.
    """
    parts = [part[[by, *AMOUNTS]] for part in (rows, further) if len(part)]
    # Without a row a frame has no numbers either: a share of nothing would be an error, not NaN.
    every = pd.concat(parts or [rows[[by, *AMOUNTS]]], ignore_index=True)
    every = every.astype(dict.fromkeys(AMOUNTS, float))
    # Pounds of two decimals: their sums are rounded back to pence.
    total = pd.DataFrame([{by: TOTAL, **{name: round(every[name].sum(), 2) for name in AMOUNTS}}])
    frame = pd.concat([every, total], ignore_index=True)
    given = frame["allocated"]
    frame["share_paid"] = (frame["paid"] / given).where(given > 0)
    return frame, 1


def money_table(
    title: str, rows: pd.DataFrame, further: pd.DataFrame, *, by: str, head: str
) -> ReportTable:
    """Amounts by area, or by priority.

    Parameters
    ----------
    title, head
        Its caption, and the head of its first column.
    rows, further, by
        As `with_total` takes them.
    """
    frame, totals = with_total(rows, further, by)
    return ReportTable(title, frame, (Column(by, head), *_COLUMNS), totals=totals)


def paid_table(title: str, paid: pd.DataFrame) -> ReportTable:
    """What was paid in each area, by part of time or priority.

    Parameters
    ----------
    title
        Its caption.
    paid
        In pounds, indexed by the name of the area; its last row is the total.
    """
    labels = [str(name) for name in paid]
    frame = paid.rename_axis("area_name").reset_index()
    frame["sum"] = paid.sum(axis=1).to_numpy()
    columns = (
        Column("area_name", "Area"),
        *(Column(label, part_title(label), "pounds") for label in labels),
        Column("sum", "All", "pounds"),
    )
    return ReportTable(title, frame, columns, totals=1)


def standing_out(rows: pd.DataFrame) -> list[str]:
    """Which areas have spent nothing, or more than they were given: a sentence each.

    Parameters
    ----------
    rows
        One for each area, with `area_name` and `AMOUNTS`.
    """
    given = rows[rows["allocated"] > 0]
    nothing = given[(given["paid"] == 0) & (given["committed"] == 0)]
    over = given[given["left"] < 0]
    said = []
    if len(nothing):
        names = joined(sorted(nothing["area_name"].astype(str)))
        said.append(f"Nothing spent or committed in {names}.")
    elif len(given) > 1:
        said.append(f"All {len(given)} areas with money have spent or committed some of it.")
    if len(over):
        left = over.set_index("area_name")["left"].sort_index()
        amounts = joined(f"{name} by {pounds(-pence)}" for name, pence in left.items())
        said.append(f"More paid and committed than allocated in {amounts}.")
    return said


def priority_tables(rows: pd.DataFrame, every: pd.DataFrame) -> list[ReportTable]:
    """The amounts by priority: of all areas together, and what was paid in each.

    Parameters
    ----------
    rows
        One for each area and priority, with `area_name`, `priority` and `AMOUNTS`.
    every
        The same with what is in no area.
    """
    sums = every.groupby("priority", as_index=False, sort=True)[list(AMOUNTS)].sum().round(2)
    table = money_table("Money by priority", sums, sums.iloc[:0], by="priority", head="Priority")
    wide = every.pivot_table(
        values="paid", index="area_name", columns="priority", aggfunc="sum", sort=False
    )
    order = [*sorted(set(rows["area_name"].astype(str))), *every["area_name"].drop_duplicates()]
    wide = wide.reindex([*dict.fromkeys(order)])[list(sums["priority"])]
    wide = pd.concat([wide, wide.sum().to_frame(TOTAL).T])
    return [table, paid_table("Paid by area and priority", wide)]
