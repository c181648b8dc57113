"""The collection of incidents: all of them, or a month of them after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.answers import Answers
from api.ogc.collections.base import BoundingBox, Collection, ItemParts, ItemsOfPage, Summary, Terms
from api.ogc.collections.extents import incidents_box, incidents_times
from api.ogc.items import MAX_CACHED, Items, PointGeometries
from api.ogc.properties import Property
from api.snapshot import Snapshot
from geo.crs import Projection
from geo.incidents import ANSWER_COLUMNS, LONDON, empty_incidents, month_span
from geo.period import Moments, Period
from geo.question.store_settings import source_notes
from geo.records.life import LIFE_TIME_TYPE, LIFE_TIMES, state_at
from geo.store.contract import Window
from geo.store.layer_ids import INCIDENTS

INCIDENT_COLUMNS = ("incident_id", *ANSWER_COLUMNS)

LIFE_COLUMNS: Final = (
    *("kind", "channel", "service"),
    *(f"{name}_at" for name in LIFE_TIMES),
    "state",
)
"""What incidents have in stores with records; `received` alone is how many, in answers."""


class IncidentsCollection(Collection):
    """Every accepted incident."""

    title = "Incidents"
    group = "Incidents"
    geometry = "geometry-point"
    # Single incidents are personal data: only their counts leave this machine.
    local_only = True
    merges_points = True

    def __init__(self, answers: Answers) -> None:
        super().__init__(INCIDENTS, answers)

    def summary(self) -> Summary:
        """Return who published the incidents, on which terms, and what to keep in mind."""
        return {
            "title": self.title,
            "description": "Every accepted incident; served to callers on this machine only.",
            **source_terms(self.snapshot),
        }

    def items(self, query: Mapping[str, str]) -> Items:
        """Return all incidents."""
        return self.answers.cached(
            self.key(query),
            lambda snapshot: incident_items(
                snapshot.incidents(columns=INCIDENT_COLUMNS),
                snapshot.projection,
                lives=lives_of(snapshot),
            ),
        )

    def properties(self) -> list[Property]:
        """Return the properties of incidents, without reading any."""
        return _head(self.snapshot).properties

    def parts(self) -> ItemParts | None:
        """Return the incidents month by month where they are too many for memory."""
        snapshot = self.snapshot
        count = snapshot.incident_count()
        if count <= MAX_CACHED:
            return None
        return ItemParts(_head(snapshot), incidents_by_month(snapshot), count)

    def page(self, start: int, count: int) -> ItemsOfPage | None:
        """Return some incidents in the order in which they occurred, where they are too many."""
        if not self._read_singly:
            return None
        frame = self.snapshot.incident_page(start, count, columns=INCIDENT_COLUMNS)
        return ItemsOfPage(self._items(frame), self.snapshot.incident_count())

    def items_with(self, query: Mapping[str, str], feature_id: str) -> Items:
        """Return the incident of an id alone where they are too many, else all."""
        if not self._read_singly:
            return self.items(query)
        return self._items(self.snapshot.incident(feature_id, columns=INCIDENT_COLUMNS))

    def _items(self, frame: pd.DataFrame) -> Items:
        return incident_items(frame, self.snapshot.projection, cache=False)

    @property
    def _read_singly(self) -> bool:
        """Whether few of them are read from the store at a time.

        The lives of records are known of all at once; which incidents an officer sees, too.
        """
        snapshot = self.snapshot
        whole = snapshot.sees_all_areas and not has_lives(snapshot)
        return whole and snapshot.incident_count() > MAX_CACHED

    def event_times(self) -> Period | None:
        """Return the days of the incidents."""
        return incident_times(self.snapshot)

    def extent_box(self) -> BoundingBox | None:
        """Return the box of all incidents, also of those beyond every layer."""
        return incidents_box(self.answers)

    def extent_times(self) -> Moments | None:
        """Return the moments from the first to the last incident."""
        return incidents_times(self.snapshot)


def source_terms(snapshot: Snapshot) -> Terms:
    """Return who published the incidents, on which terms, and what to keep in mind."""
    names = {record.source for record in snapshot.imports()}
    notes = [note for name, note in source_notes(snapshot, names).items() if name in names]
    terms: Terms = {}
    if attribution := _listed(note.attribution for note in notes):
        terms["attribution"] = attribution
    if licence := _listed(note.licence for note in notes):
        terms["license"] = licence
    if caveats := [caveat for note in notes for caveat in note.caveats]:
        terms["caveats"] = caveats
    return terms


def _listed(texts: Iterable[str]) -> str:
    """Each text once; sources without one add nothing."""
    return "; ".join(dict.fromkeys(filter(None, texts)))


def incident_times(snapshot: Snapshot) -> Period | None:
    """Return the first to the last day of the incidents in London; None where there are none."""
    spans = [record.summary for record in snapshot.imports()]
    firsts = [span.first for span in spans if span.first is not None]
    lasts = [span.last for span in spans if span.last is not None]
    if not firsts:
        return None
    first, last = (moment.tz_convert(LONDON).date() for moment in (min(firsts), max(lasts)))
    return Period(first, last)


def has_lives(snapshot: Snapshot) -> bool:
    """Whether some incidents are records that are received, answered and closed."""
    return any(one.extracted for one in snapshot.imports())


def lives_of(snapshot: Snapshot) -> pd.DataFrame | None:
    """Return the lives of incidents as `LIFE_COLUMNS`, by incident; None where none has one.

    Their states are those at the end of the day of the latest extract of their own list.
    """
    days = [one.extracted for one in snapshot.imports() if one.extracted]
    if not days:
        return None
    records, last = snapshot.records(), pd.Timestamp(max(days), tz=LONDON)
    moment = (last + pd.DateOffset(days=1)).tz_convert("UTC") - pd.Timedelta(seconds=1)
    state = state_at(records, moment, snapshot.closed_spells())
    texts = {name: records[name].where(records[name] != "") for name in LIFE_COLUMNS[:3]}
    times = {f"{name}_at": records[name] for name in LIFE_TIMES}
    return pd.DataFrame({**texts, **times, "state": state})[list(LIFE_COLUMNS)]


def incident_items(
    frame: pd.DataFrame,
    projection: Projection,
    *,
    lives: pd.DataFrame | None = None,
    cache: bool = True,
) -> Items:
    """Return incidents as features.

    Parameters
    ----------
    frame
        With the columns of `INCIDENT_COLUMNS`.
    lives
        `LIFE_COLUMNS` by incident, of those that have a life; None where none has one.
    cache
        Whether encoded features are likely to be asked for again.
    """
    table = with_local_times(frame.drop(columns=["x", "y"]))
    if lives is not None:
        own = lives.reindex(table["incident_id"]).set_axis(table.index)
        table = pd.concat([table, own], axis=1)
    return Items(
        table,
        pd.Index(frame["incident_id"]),
        geometries=PointGeometries(frame["x"].to_numpy(), frame["y"].to_numpy()),
        projection=projection,
        cache=cache,
        declared=True,
    )


def with_local_times(frame: pd.DataFrame) -> pd.DataFrame:
    """Add `month`, `local_date` and `local_time` in London, after the moments in UTC.

    In summer a month begins at 23:00 UTC of the month before, so a tool that reads the UTC column
    would file a whole published month under another one. What the source does not say is empty.
    """
    local = frame["occurred_from"].dt.tz_convert(LONDON).dt.tz_localize(None)
    moments = local.to_numpy(dtype="datetime64[m]")
    days = moments.astype("datetime64[D]")
    precision = frame["precision"].astype(str)
    columns = {
        "month": _texts(moments.astype("datetime64[M]")),
        "local_date": _texts(days, known=(precision != "month").to_numpy()),
        "local_time": _texts(
            (moments - days) + np.datetime64("1970-01-01"),
            known=precision.isin(["instant", "interval"]).to_numpy(),
            start=len("1970-01-01T"),
        ),
    }
    at = list(frame.columns).index("occurred_to") + 1
    added = pd.DataFrame(columns, index=frame.index)
    return pd.concat([frame.iloc[:, :at], added, frame.iloc[:, at:]], axis=1)


def _texts(
    moments: NDArray[np.datetime64], *, known: NDArray[np.bool_] | None = None, start: int = 0
) -> pd.Categorical:
    """Return moments as text, each distinct one once: ten million rows need ten thousand."""
    codes, distinct = pd.factorize(moments, sort=True)
    texts = np.datetime_as_string(np.asarray(distinct)).tolist()
    names = pd.Index([text[start:] for text in texts], dtype=object)
    numbers = np.asarray(codes if known is None else np.where(known, codes, -1), dtype=np.int64)
    return pd.Categorical.from_codes(numbers, names)


@lru_cache(maxsize=8)
def no_incidents(projection: Projection, *, lives: bool = False) -> Items:
    """Return incidents with all their properties and no feature; with those of `lives` too."""
    times = dict.fromkeys((f"{name}_at" for name in LIFE_TIMES), LIFE_TIME_TYPE)
    none = pd.DataFrame(columns=list(LIFE_COLUMNS), dtype="str").astype(times) if lives else None
    return incident_items(empty_incidents()[list(INCIDENT_COLUMNS)], projection, lives=none)


def _head(snapshot: Snapshot) -> Items:
    return no_incidents(snapshot.projection, lives=has_lives(snapshot))


def incidents_by_month(snapshot: Snapshot) -> Iterator[Items]:
    """Yield all incidents month by month, so that only one month is in memory."""
    times, lives = incident_times(snapshot), lives_of(snapshot)
    for month in times.months if times else []:
        first, last = month_span(month)
        window = Window(first, last + pd.Timedelta(seconds=1))
        frame = snapshot.incidents(window, columns=INCIDENT_COLUMNS)
        yield incident_items(frame, snapshot.projection, lives=lives, cache=False)
