"""What changed between two extracts of records: the events that they show, and lives carried on.

A council's system sends extracts, each a snapshot of its day. What happened between two of them is
seen from what differs; the times themselves are those that the later extract states.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from geo.lookup import are_among
from geo.records.life import VANISHED, WITHDRAWN, with_life_types

EVENTS: Final = (
    "opened",
    "answered",
    "closed",
    "withdrawn",
    "reopened",
    "vanished",
    "returned",
)
"""What two extracts can show of a record.

- `opened`: it was not in the extracts before.
- `answered`, `closed`: it has been answered, or closed, since.
- `withdrawn`: its outcome has become one of those that the mapping names as withdrawn.
- `reopened`: it was closed and is open again, or the council counts it as reopened once more.
- `vanished`: it was open and is not in this extract, which is of all records: nobody knows what
  became of it. A closed record that an extract leaves out stays closed, and is no event.
- `returned`: it had vanished and is present again.
"""

EVENT_COLUMNS: Final = ("incident_id", "event", "extracted")
"""Columns of events; `extracted` is the day of the extract that shows it, `YYYY-MM-DD`."""

STORED_EVENT_COLUMNS: Final = (*EVENT_COLUMNS, "closed")
"""Columns of events as a store has them.

`closed` is when a reopened record had been closed, as UTC text; '' where it is not known, and of
other events.
"""


class Step(NamedTuple):
    """What an extract says beside those before it.

    Attributes
    ----------
    lives
        As the extract has them, with what is carried on from before: `reopened`.
    events
        `incident_id` and `event`, in the order of the extract and of `EVENTS`.
    """

    lives: pd.DataFrame
    events: pd.DataFrame


def step(before: pd.DataFrame, now: pd.DataFrame, *, counts_reopened: bool = False) -> Step:
    """Compare the records of an extract with what was known of them.

    Parameters
    ----------
    before
        The lives known so far, indexed by `incident_id`; of any records.
    now
        The lives of an extract, likewise. None of them has vanished.
    counts_reopened
        Whether the extract itself states how often a record was reopened; else that is counted
        here, from one extract to the next.

    Returns
    -------
    The lives, and the events of those that were known before or are new.
    """
    now = with_life_types(now)
    known = pd.Series(are_among(now.index, before.index), index=now.index)
    was = with_life_types(before.reindex(now.index))
    reopens: pd.Series = known & was["closed"].notna() & now["closed"].isna() & ~now[WITHDRAWN]
    if counts_reopened:
        reopens |= known & (now["reopened"] > was["reopened"])
    else:
        now["reopened"] = was["reopened"] + reopens
    happened: dict[str, pd.Series] = {
        "opened": ~known,
        "answered": was["answered"].isna() & now["answered"].notna(),
        "closed": was["closed"].isna() & now["closed"].notna() & ~now[WITHDRAWN],
        "withdrawn": ~was[WITHDRAWN] & now[WITHDRAWN],
        "reopened": reopens,
        "returned": was[VANISHED].notna(),
    }
    return Step(now, _events(now.index, happened))


def vanished(before: pd.DataFrame, present: Set[str]) -> pd.Index:
    """Find the open records that an extract of all records does not have.

    Parameters
    ----------
    before
        The lives known before it, indexed by `incident_id`.
    present
        The ids in the extract.

    Returns
    -------
    Their ids. A record that was closed or withdrawn, or had vanished already, is not among them.
    """
    waits = before["closed"].isna() & ~before[WITHDRAWN] & before[VANISHED].isna()
    waiting = before.index[waits.to_numpy()]
    # A set answers at once; `isin` would first make an array of all that are present.
    return waiting[[incident_id not in present for incident_id in waiting]]


def _events(ids: pd.Index, happened: dict[str, pd.Series]) -> pd.DataFrame:
    table = np.column_stack([np.asarray(flags, dtype=bool) for flags in happened.values()])
    record, event = np.nonzero(table)
    names = np.array(list(happened), dtype=object)
    return pd.DataFrame({"incident_id": ids[record].astype("str"), "event": names[event]})
