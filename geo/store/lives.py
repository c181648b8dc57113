"""Lives of records and their events: two tables, alike in every backend.

Every version of a life belongs to the import whose extract said it, and names the import that
replaced it, so that an import can be undone and a purge forgets what was said before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from geo.errors import ConflictError
from geo.incidents import ANSWER_COLUMNS, LONDON, Batch, Partition, empty_incidents
from geo.lookup import are_among
from geo.records.events import STORED_EVENT_COLUMNS, step, vanished
from geo.records.life import (
    LIFE_TIME_TYPE,
    LIFE_TIMES,
    STATED_LAYER,
    STORED_LIFE_COLUMNS,
    VANISHED,
    WITHDRAWN,
    with_life_types,
)
from geo.store.backend import BulkTables, Row
from geo.store.times import from_iso, to_iso

_MOST_VALUES: Final = 500
_TIMES: Final = (*LIFE_TIMES, VANISHED)
_LIFE: Final = (*STORED_LIFE_COLUMNS, STATED_LAYER)
_INCIDENT: Final = (
    "category",
    "occurred_from",
    "occurred_to",
    "precision",
    "location",
    "reference",
)
"""Columns of an incident that a record without a place has here."""

_TEXTS: Final = ("source", "category", "precision", "location")

_READ: Final = ("incident_id", "source", "import_id", "partition_id", *_LIFE, *_INCIDENT)
_STORED: Final = (*_READ, "replaced_by")
_SELECT: Final = f"SELECT {', '.join(_READ)} FROM patchmap_lives"


class Lives:
    """Reads and writes lives. Each method that changes anything runs inside `changing()`."""

    def __init__(self, tables: BulkTables) -> None:
        self._tables = tables

    def current(self, partition_id: str = "") -> pd.DataFrame:
        """What is known now of each record.

        Parameters
        ----------
        partition_id
            Of this partition alone; '' for all.

        Returns
        -------
        pandas.DataFrame
            Indexed by `incident_id` and in its order, with `STORED_LIFE_COLUMNS`, `stated_layer`,
            `source`, `import_id`, `partition_id` and, of a record without a place, the columns of
            its incident; these are None or NaT where it has one.
        """
        if partition_id:
            return self._select("replaced_by IS NULL AND partition_id = ?", partition_id)
        return self._select("replaced_by IS NULL")

    def of_records(self, incident_ids: Sequence[str], partition_id: str) -> pd.DataFrame:
        """What is known now of those of some records that a partition has.

        Parameters
        ----------
        incident_ids
            Of the records; others of the partition are not read.
        partition_id
            The partition.

        Returns
        -------
        As `current` returns them.
        """
        rows = [
            row
            for some in _slices(incident_ids)
            for row in self._tables.rows(
                f"{_SELECT} WHERE replaced_by IS NULL AND partition_id = ?"
                f" AND incident_id IN ({_marks(some)})",
                partition_id,
                *some,
            )
        ]
        return _frame(sorted(rows, key=lambda row: (row[0], row[2])))

    def any(self) -> bool:
        """Whether any record has a life."""
        return bool(self._tables.rows("SELECT 1 FROM patchmap_lives LIMIT 1"))

    def placeless_count(self) -> int:
        """How many records have no place."""
        sql = "SELECT count(*) FROM patchmap_lives WHERE replaced_by IS NULL"
        return int(self._tables.rows(f"{sql} AND category IS NOT NULL")[0][0])

    def events(self, import_id: int | None = None) -> pd.DataFrame:
        """The events, with `STORED_EVENT_COLUMNS` and `import_id`, by import, record and event."""
        columns = (*STORED_EVENT_COLUMNS, "import_id")
        sql = f"SELECT {', '.join(columns)} FROM patchmap_life_events"
        rows = (
            self._tables.rows(sql)
            if import_id is None
            else self._tables.rows(f"{sql} WHERE import_id = ?", import_id)
        )
        # Sorted here: PostgreSQL would read them in any order.
        ordered = sorted(rows, key=lambda row: (row[-1], row[0], row[1]))
        return pd.DataFrame(ordered, columns=list(columns))

    def closed_spells(self) -> pd.DataFrame:
        """As `StoreReader.closed_spells`."""
        rows = self._tables.rows(
            "SELECT incident_id, closed, extracted FROM patchmap_life_events"
            " WHERE event = 'reopened' AND closed <> ''"
        )
        frame = pd.DataFrame(sorted(rows), columns=["incident_id", "closed", "reopened"])
        days = pd.to_datetime(frame["reopened"]).dt.tz_localize(LONDON).dt.tz_convert("UTC")
        closed = pd.to_datetime(frame["closed"], utc=True)
        times = {"closed": closed, "reopened": days}
        return frame.assign(**times).astype(dict.fromkeys(times, LIFE_TIME_TYPE))

    def owner_of_any(self, incident_ids: Sequence[str]) -> tuple[str, str] | None:
        """The first of some records that has a life, and its partition; None where none has."""
        for some in _slices(incident_ids):
            owned = self._tables.rows(
                "SELECT incident_id, partition_id FROM patchmap_lives WHERE replaced_by IS NULL"
                f" AND incident_id IN ({_marks(some)})",
                *some,
            )
            if owned:
                incident_id, partition_id = min(owned)
                return str(incident_id), str(partition_id)
        return None

    def of_import(self, import_id: int) -> pd.DataFrame:
        """As `current`, of those that an import wrote and no later one replaced."""
        return self._select("replaced_by IS NULL AND import_id = ?", import_id)

    def writer(self, partition: Partition, import_id: int, *, is_first: bool) -> LifeWriter:
        """Begin to write the lives of an import.

        Parameters
        ----------
        partition
            With an extract.
        import_id
            The import.
        is_first
            Whether it is the first of its partition: then nothing can have changed.

        Returns
        -------
        What writes them, inside the present transaction.
        """
        return LifeWriter(self, partition, import_id, is_first=is_first)

    def replace(self, lives: pd.DataFrame, *, import_id: int) -> None:
        """Write versions of lives in place of those that are known.

        Parameters
        ----------
        lives
            As `current` returns them.
        import_id
            The import that says so.
        """
        for some in _slices(lives.index.tolist()):
            self._tables.execute(
                "UPDATE patchmap_lives SET replaced_by = ? WHERE replaced_by IS NULL"
                f" AND incident_id IN ({_marks(some)})",
                import_id,
                *some,
            )
        self.insert(lives.assign(import_id=import_id))

    def insert(self, lives: pd.DataFrame) -> None:
        """Write versions of lives of records that are not known yet; as `replace` takes them."""
        if len(lives):
            self._tables.insert("patchmap_lives", _STORED, _rows(lives))

    def add_events(self, events: pd.DataFrame, *, import_id: int) -> None:
        """Add events of an import.

        Parameters
        ----------
        events
            With `STORED_EVENT_COLUMNS`.
        import_id
            The import.
        """
        if len(events):
            columns = ("import_id", *STORED_EVENT_COLUMNS)
            values = events[list(STORED_EVENT_COLUMNS)].to_numpy().tolist()
            rows = ((import_id, *row) for row in values)
            self._tables.insert("patchmap_life_events", columns, rows)

    def restore(self, import_id: int) -> None:
        """Delete what an import wrote, and bring back what it replaced."""
        self._tables.execute("DELETE FROM patchmap_life_events WHERE import_id = ?", import_id)
        self._tables.execute("DELETE FROM patchmap_lives WHERE import_id = ?", import_id)
        self._tables.execute(
            "UPDATE patchmap_lives SET replaced_by = NULL WHERE replaced_by = ?", import_id
        )

    def imports_with_replaced(self) -> list[int]:
        """The imports that still hold versions which they replaced, by id."""
        sql = "SELECT DISTINCT replaced_by FROM patchmap_lives WHERE replaced_by IS NOT NULL"
        return sorted(int(import_id) for (import_id,) in self._tables.rows(sql))

    def purge(self, import_ids: Sequence[int]) -> None:
        """Delete the versions that some imports replaced."""
        for import_id in import_ids:
            self._tables.execute("DELETE FROM patchmap_lives WHERE replaced_by = ?", import_id)

    def placeless_of_source(self, source: str) -> pd.DataFrame:
        """Every version of a record without a place, as an incident frame with `import_id`."""
        return placeless(self._select("category IS NOT NULL AND source = ?", source))

    def remove(self, incident_ids: Sequence[str]) -> None:
        """Delete all that is known, or was, of some records."""
        for some in _slices(incident_ids):
            for table in ("patchmap_lives", "patchmap_life_events"):
                self._tables.execute(
                    f"DELETE FROM {table} WHERE incident_id IN ({_marks(some)})", *some
                )

    def _select(self, condition: str, *values: object) -> pd.DataFrame:
        rows = self._tables.rows(f"{_SELECT} WHERE {condition}", *values)
        return _frame(sorted(rows, key=lambda row: (row[0], row[2])))


class LifeWriter:
    """Writes the lives of one import, batch by batch, and what changed with each.

    Attributes
    ----------
    events
        How many there were, by event.
    present
        The ids of the rows so far.
    wrote
        Whether anything differs from what was known.
    """

    def __init__(
        self, lives: Lives, partition: Partition, import_id: int, *, is_first: bool
    ) -> None:
        extract = partition.extract
        if extract is None:
            raise AssertionError("only an extract has lives")
        self._lives = lives
        self._partition, self._extract = partition, extract
        self._import_id, self._is_first = import_id, is_first
        # All of them for what may have vanished alone: a page of changes is of some hundred.
        self._before = lives.current(partition.partition_id) if extract.whole else None
        self._rejected: set[str] = set()
        self.events: Counter[str] = Counter()
        self.present: set[str] = set()
        self.wrote = False

    def add(self, batch: Batch) -> None:
        """Write the lives of a batch's rows that are new or differ."""
        if batch.lives is None:
            return
        before = self.known(batch.lives.index)
        self._refuse_known_ids(batch.lives.index, before)
        self.present.update(batch.lives.index)
        # What is wrong in the row of a record does not make it vanish: it is as it was known.
        self._rejected.update(batch.rejected_ids)
        counts = self._extract.counts_reopened
        lives, events = step(before, batch.lives, counts_reopened=counts)
        lives = self._with_facts(lives, batch.placeless)
        self._write(lives[_differs(lives, before)], _with_closed(events, before))

    def finish(self) -> None:
        """Let open records vanish that an extract of all records does not have."""
        if self._before is None:
            return
        gone = self._before.loc[vanished(self._before, self.present | self._rejected)]
        start = pd.Timestamp(self._extract.day, tz=LONDON).tz_convert("UTC")
        events = pd.DataFrame({"incident_id": gone.index, "event": VANISHED, "closed": ""})
        self._write(with_life_types(gone.assign(**{VANISHED: start})), events)

    def known(self, ids: pd.Index) -> pd.DataFrame:
        """What was known before this import of those of some records that were known."""
        if self._before is None:
            return self._lives.of_records(ids.tolist(), self._partition.partition_id)
        # By position: to look for all in each batch takes the square of the time.
        at = self._before.index.get_indexer(ids)
        return self._before.iloc[np.unique(at[at >= 0])]

    def _refuse_known_ids(self, ids: pd.Index, before: pd.DataFrame) -> None:
        repeated = [*ids[ids.duplicated()], *self.present.intersection(ids)]
        if repeated:
            raise ConflictError(
                f"{self._partition.file}: the id {min(repeated)} appears twice; each row needs its "
                "own id"
            )
        new = ids[before.index.get_indexer(ids) < 0].tolist()
        if other := self._lives.owner_of_any(new):
            raise ConflictError(
                f"{self._partition.file}: the id {other[0]} is already used by {other[1]}; import "
                "the file under that name, or under a source of its own"
            )

    def _with_facts(self, lives: pd.DataFrame, rows: pd.DataFrame | None) -> pd.DataFrame:
        lives = lives.assign(
            source=self._partition.source, partition_id=self._partition.partition_id
        )
        if STATED_LAYER not in lives:
            lives[STATED_LAYER] = ""
        lives[STATED_LAYER] = lives[STATED_LAYER].fillna("").astype("str")
        facts = (empty_incidents() if rows is None else rows).set_index("incident_id")
        return lives.join(facts[list(_INCIDENT)])

    def _write(self, lives: pd.DataFrame, events: pd.DataFrame) -> None:
        self._lives.replace(lives, import_id=self._import_id)
        self.wrote |= bool(len(lives))
        if self._is_first:
            return
        events = events.assign(extracted=self._extract.day.isoformat())
        self._lives.add_events(events, import_id=self._import_id)
        self.events.update(events["event"].tolist())


def placeless(lives: pd.DataFrame) -> pd.DataFrame:
    """The records of some lives that have no place.

    Parameters
    ----------
    lives
        As `Lives.current` returns them.

    Returns
    -------
    An incident frame with `import_id`, whose `x` and `y` are NaN.
    """
    rows = lives[lives["category"].notna()].reset_index()
    frame = rows[["incident_id", "source", *_INCIDENT, "import_id"]].assign(x=np.nan, y=np.nan)
    times = dict.fromkeys(("occurred_from", "occurred_to"), "datetime64[s, UTC]")
    return frame[[*empty_incidents().columns, "import_id"]].astype(times)


def records_with_lives(incidents: pd.DataFrame, lives: pd.DataFrame) -> pd.DataFrame:
    """Put the lives of records beside their incidents.

    Parameters
    ----------
    incidents
        With `incident_id` and `ANSWER_COLUMNS`; those without a life are left out.
    lives
        As `Lives.current` returns them.

    Returns
    -------
    As `StoreReader.records` returns them.
    """
    without = placeless(lives)[["incident_id", *ANSWER_COLUMNS]]
    plain = incidents.astype(dict.fromkeys(_TEXTS, "str"))
    rows = pd.concat([plain[["incident_id", *ANSWER_COLUMNS]], without]).set_index("incident_id")
    return rows.join(lives[[*_LIFE, "partition_id"]], how="inner").sort_index()


def _with_closed(events: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """The events with `closed`: when the records that were reopened had been closed."""
    closed = before["closed"].reindex(events["incident_id"]).set_axis(events.index)
    reopened = closed.where(events["event"] == "reopened")
    return events.assign(closed=np.array(_written(reopened, unknown=""), dtype=object))


def _differs(lives: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Whether each life says anything else than what was known."""
    was = before.reindex(lives.index)
    same = pd.Series(are_among(lives.index, before.index), index=lives.index)
    for name in (*_LIFE, *_INCIDENT):
        now, then = lives[name], was[name]
        same &= (now == then).fillna(value=False).astype(bool) | (now.isna() & then.isna())
    return ~same


def _rows(lives: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    columns: dict[str, list[object]] = {"incident_id": lives.index.tolist()}
    for name in ("source", "import_id", "partition_id", *_LIFE):
        if name in _TIMES:
            columns[name] = _written(lives[name], unknown="")
        elif name == WITHDRAWN:
            columns[name] = [int(flag) for flag in lives[name]]
        else:
            columns[name] = lives[name].tolist()
    for name in _INCIDENT:
        if name.startswith("occurred"):
            columns[name] = _written(pd.to_datetime(lives[name], utc=True), unknown=None)
        else:
            columns[name] = lives[name].astype(object).where(lives[name].notna(), None).tolist()
    return ((*row, None) for row in zip(*(columns[name] for name in _READ), strict=True))


def _written(times: pd.Series, *, unknown: str | None) -> list[object]:
    known = times.notna().to_numpy()
    texts = np.full(len(times), unknown, dtype=object)
    if known.any():
        texts[known] = to_iso(times[known])
    written: list[object] = texts.tolist()
    return written


def _frame(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(_READ)).set_index("incident_id")
    frame.index = frame.index.astype("str")
    for name in (*_TIMES, "occurred_from", "occurred_to"):
        known = frame[name].fillna("").ne("").to_numpy(bool)
        moments = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s, UTC]")
        if known.any():
            moments[known] = from_iso(frame.loc[known, name]).to_numpy()
        frame[name] = moments
    typed = with_life_types(frame)
    return typed.astype({"source": "str", "partition_id": "str", STATED_LAYER: "str"})


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _MOST_VALUES):
        yield ids[start : start + _MOST_VALUES]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
