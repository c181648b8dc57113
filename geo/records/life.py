"""The life of a record: its columns, their types, and the state it was in at a moment.

A record is an incident; its life says when it was received, was due, was answered and was closed.
Times are UTC, NaT where something has not happened or is not known.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

LIFE_TEXTS: Final = ("kind", "channel", "outcome", "service", "stated_area")
LIFE_TIMES: Final = ("received", "due", "answered", "closed")

LIFE_COLUMNS: Final = (
    "kind",
    "channel",
    "received",
    "due",
    "answered",
    "closed",
    "outcome",
    "service",
    "stated_area",
    "reopened",
)
"""Columns of a life, in a frame indexed by `incident_id`.

`kind` is one of `KINDS` and `channel` one of `CHANNELS`; `outcome`, `service` and `stated_area`
(the code of the area that the council states for the record) are texts; '' where unknown. The
times are `LIFE_TIME_TYPE`; `due` is the date by which the council itself promised an answer.
`reopened` is how many times the record was opened again after it had been closed, an int64.
"""

VANISHED: Final = "vanished"
"""Column of the extract in which an open record was no longer present, UTC; NaT if it never was.

A record that vanished is not closed: nobody knows what became of it.
"""

WITHDRAWN: Final = "withdrawn"
"""Column, bool: whether the outcome is one that the mapping names as withdrawn."""

STATED_LAYER: Final = "stated_layer"
"""Column of the layer that `stated_area` is a code or a name of; '' where none is stated."""

KNOWN_UNTIL: Final = "known_until"
"""Column of the last second of which the extracts of a record's own list say anything, UTC.

Lists are extracted on days of their own. A frame without the column knows all to any moment.
"""

STORED_LIFE_COLUMNS: Final = (*LIFE_COLUMNS, VANISHED, WITHDRAWN)
"""All columns of a life as a store gives it."""

LIFE_TIME_TYPE: Final = "datetime64[ns, UTC]"

KINDS: Final = ("request", "case", "enquiry", "complaint", "enforcement")
CHANNELS: Final = ("meeting", "member", "resident", "officer", "partner")

STATES: Final = ("not received", "open", "answered", "closed", "withdrawn", "vanished")
"""What a record can be at a moment; see `state_at`."""

OPEN_STATES: Final = ("open", "answered")
"""States in which a record still waits to be closed."""


def empty_lives() -> pd.DataFrame:
    """A frame of lives without rows, with the right types."""
    return with_life_types(pd.DataFrame(index=pd.Index([], dtype="str", name="incident_id")))


def with_life_types(lives: pd.DataFrame) -> pd.DataFrame:
    """Return lives with every column of `STORED_LIFE_COLUMNS`, each of its type.

    Parameters
    ----------
    lives
        A row a record, indexed by `incident_id`. Columns that are missing become unknown: texts
        '', times NaT, `reopened` 0, `withdrawn` false; further columns are left as they are.

    Returns
    -------
    lives
        A new frame with the same rows; the columns of a life come first.
    """
    unknown = pd.Series(index=lives.index, dtype="object")
    columns = {name: _typed(name, lives.get(name, unknown)) for name in STORED_LIFE_COLUMNS}
    # All at once: a column that is added to a frame takes as long as to make it.
    others = {name: lives[name] for name in lives.columns if name not in columns}
    return pd.DataFrame(columns | others, index=lives.index)


def _typed(name: str, values: pd.Series) -> pd.Series:
    if name in LIFE_TEXTS:
        return values.where(values.notna(), "").astype("str")
    if name == "reopened":
        return values.where(values.notna(), 0).astype("int64")
    if name == WITHDRAWN:
        return values.isin([True]).astype("bool")
    return pd.to_datetime(values, utc=True).astype(LIFE_TIME_TYPE)


def known_at(lives: pd.DataFrame, moment: pd.Timestamp) -> pd.Series:
    """The moment up to which each record can be judged: its own list's last day at the latest.

    Later nobody knows whether it is open still, so it neither becomes overdue nor waits longer.

    Parameters
    ----------
    lives
        n rows, with `known_until` or without.
    moment
        With a time zone.

    Returns
    -------
    n UTC timestamps with the index of `lives`.
    """
    at = pd.Series(moment.tz_convert("UTC"), index=lives.index, dtype=LIFE_TIME_TYPE)
    if KNOWN_UNTIL not in lives:
        return at
    return at.where(~(lives[KNOWN_UNTIL] < at), lives[KNOWN_UNTIL])


SPELL_COLUMNS: Final = ("incident_id", "closed", "reopened")
"""Columns of the times during which a record was closed before it was opened again, UTC."""


def no_spells() -> pd.DataFrame:
    """A frame of spells without rows."""
    times = dict.fromkeys(SPELL_COLUMNS[1:], pd.Series(dtype=LIFE_TIME_TYPE))
    return pd.DataFrame({"incident_id": pd.Series(dtype="str"), **times})


def spells_of(lives: pd.DataFrame, spells: pd.DataFrame | None) -> pd.DataFrame:
    """The spells of some records that lie in the time in which these were open at all.

    Parameters
    ----------
    lives
        n rows; a record may have several, as where areas overlap.
    spells
        `SPELL_COLUMNS`; None for none.

    Returns
    -------
    spells
        `SPELL_COLUMNS` and `record`, the position of a row in `lives`.
    """
    if spells is None or spells.empty:
        return no_spells().assign(record=np.array([], dtype=np.intp))
    rows = pd.DataFrame({"incident_id": lives.index.astype(str), "record": np.arange(len(lives))})
    some = spells[list(SPELL_COLUMNS)].merge(rows, on="incident_id")
    own = lives.iloc[some["record"]].set_axis(some.index)
    end = own[["closed", VANISHED]].min(axis=1)
    order = (own["received"] <= some["closed"]) & (some["closed"] <= some["reopened"])
    return some[order & ~(some["reopened"] > end)]


def state_at(
    lives: pd.DataFrame, moment: pd.Timestamp, spells: pd.DataFrame | None = None
) -> pd.Series:
    """Return the state of each record at a moment, what happens at that moment included.

    The state is what the times say, never the outcome: a record with the outcome `no action` is
    open until it is closed. In the order in which they are decided:

    - `not received`: it was received later, or nobody knows when.
    - `withdrawn`: its outcome is a withdrawal, and it was closed by then, or has no time of
      closing, which leaves it withdrawn from the start.
    - `closed`: it was closed by then, whatever an extract no longer had afterwards.
    - `vanished`: it was open in one extract and missing from a later one by then.
    - `answered`: it was answered by then, and is still to be closed.
    - `open`: everything else.

    A life holds the last closing alone: without `spells` a record that was closed and opened again
    counts as open from when it was received until it is closed for good.

    Parameters
    ----------
    lives
        n rows with the columns `received`, `answered`, `closed`, `vanished` and `withdrawn`.
    moment
        With a time zone.
    spells
        `SPELL_COLUMNS`: times during which records were closed before they were opened again. One
        outside the time in which its record was open is left out.

    Returns
    -------
    states
        n of `STATES`, with the index of `lives`.
    """
    received, answered, closed, vanished = (
        (lives[name] <= moment).to_numpy() for name in ("received", "answered", "closed", VANISHED)
    )
    withdrawn = lives[WITHDRAWN].to_numpy() & (closed | lives["closed"].isna().to_numpy())
    conditions = [~received, withdrawn, closed, vanished, answered]
    names = ["not received", "withdrawn", "closed", "vanished", "answered"]
    states = np.select(conditions, names, default="open")
    pauses = spells_of(lives, spells)
    paused = pauses[(pauses["closed"] <= moment) & (pauses["reopened"] > moment)]
    states[paused["record"].to_numpy()] = "closed"
    return pd.Series(states, index=lives.index, name="state", dtype="str")
