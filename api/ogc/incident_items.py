"""Incidents as features: all of them, none of them, or a month of them after another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pandas as pd

from api.ogc.items import Items, Points
from api.snapshot import Snapshot
from geo.crs import Projection
from geo.incidents import ANSWER_COLUMNS, LONDON, empty_incidents, month_span
from geo.period import Period
from geo.store.contract import Window

INCIDENT_COLUMNS = ("incident_id", *ANSWER_COLUMNS)


def times_of(snapshot: Snapshot) -> Period | None:
    """From the first to the last day of the incidents, in London."""
    spans = [record.summary for record in snapshot.imports()]
    firsts = [span.first for span in spans if span.first is not None]
    lasts = [span.last for span in spans if span.last is not None]
    if not firsts:
        return None
    first, last = (moment.tz_convert(LONDON).date() for moment in (min(firsts), max(lasts)))
    return Period(first, last)


def every_incident(snapshot: Snapshot) -> Items:
    """All incidents as features."""
    return incident_items(snapshot.incidents(columns=INCIDENT_COLUMNS), snapshot.projection)


def incident_items(frame: pd.DataFrame, projection: Projection, *, kept: bool = True) -> Items:
    """Incidents as features.

    Parameters
    ----------
    frame
        With the columns of `INCIDENT_COLUMNS`.
    kept
        Whether what has been encoded is worth keeping.
    """
    return Items(
        frame.drop(columns=["x", "y"]),
        pd.Index(frame["incident_id"]),
        places=Points(frame["x"].to_numpy(), frame["y"].to_numpy()),
        projection=projection,
        kept=kept,
    )


@lru_cache(maxsize=8)
def no_incidents(projection: Projection) -> Items:
    """What incidents look like where there are none."""
    return incident_items(empty_incidents()[list(INCIDENT_COLUMNS)], projection)


def incidents_by_month(snapshot: Snapshot) -> Iterator[Items]:
    """All incidents, a month at a time, so that not all of them are in memory at once."""
    times = times_of(snapshot)
    for month in times.months if times else []:
        first, last = month_span(month)
        window = Window(first, last + pd.Timedelta(seconds=1))
        frame = snapshot.incidents(window, columns=INCIDENT_COLUMNS)
        yield incident_items(frame, snapshot.projection, kept=False)
