"""Removes incidents for good: one by its id, or all that are older than their source is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from api.imports.opening import POSTGRES, open_records
from geo.errors import InputError, NotFoundError
from geo.incidents import COVERS_SETTING, LONDON
from geo.store.contract import Erasure, Setting, Store
from geo.store.erasures import add_erasures, read_erasures
from geo.store.geopackage.records import records_path
from geo.store.records import Records

SETTING: Final = "retention"
"""The setting that holds how many months each source is kept."""

MOST_MONTHS: Final = 1_200

ELSEWHERE: Final = (
    "copies may remain in backups, copies and exports made earlier, in downloaded files, in "
    "imported files and their .rejects.csv, for an hour in files sent to a running service, and "
    "in the archived log (WAL) and standbys of a PostgreSQL server; erase them there too"
)
"""What no command can reach."""

REFUSED: Final = "refused, nothing was erased"
"""What the audit says after an erasure that did not happen."""


OUT_OF_REACH: Final = (
    "{} belongs to another user and could not be changed; what was removed may be in it until its "
    "owner uses the store again or deletes that folder"
)
"""Of a copy for quick reading."""


@dataclass(frozen=True)
class Expiry:
    """What retention means for one source.

    Attributes
    ----------
    months
        How many whole months before the present one are kept.
    first
        The first month that is kept, as `YYYY-MM`.
    rows
        How many rows are older, or were until they were removed.
    """

    source: str
    months: int
    first: str
    rows: int

    @property
    def line(self) -> str:
        """The same for people."""
        return f"{self.source}: kept for {self.months} months, since {self.first}"


def erase(
    store: Store, records: Records, source: str, incident_id: str, *, by: str, reason: str
) -> tuple[Erasure, int]:
    """Erase an incident, also from what imports replaced, and write the store's files anew.

    Parameters
    ----------
    store, records
        The store, and what is kept beside it: a restored backup erases again what they know.
    source, incident_id
        The incident.
    by, reason
        Who erases it, and why.

    Returns
    -------
    The erasure, and how many rows were removed.

    Raises
    ------
    InputError
        If there is no reason.
    NotFoundError
        If there is no such incident.
    """
    if not reason.strip():
        raise InputError("the reason is empty; say why the incident is erased")
    erasure = store.erasure_of(source, incident_id, by=by, reason=reason.strip())
    # First: whatever breaks off later, a backup that is restored does not bring it back.
    with records.transaction():
        add_erasures(records, [erasure])
    with store.transaction():
        removed = store.put_erasures([erasure])
    # Also where nothing was left: an erasure that was broken off leaves rows in free pages.
    store.compact()
    return erasure, removed


def left_in_copies(store: Store) -> list[str]:
    """Return a line for each copy for quick reading that what was removed may have stayed in."""
    return [OUT_OF_REACH.format(folder) for folder in store.copies_out_of_reach()]


def erasures_beside(address: str) -> list[Erasure]:
    """Return the erasures that the records of a store know; none where there are no records."""
    if not address.startswith(POSTGRES) and not records_path(Path(address)).exists():
        return []
    with open_records(address) as records:
        return read_erasures(records)


def replay(store: Store, erasures: Sequence[Erasure]) -> int:
    """Erase in a restored store what was erased before it was restored.

    Parameters
    ----------
    store
        With the data of a backup.
    erasures
        Those of the store before, and of its records.

    Returns
    -------
    How many rows were removed.
    """
    if not erasures:
        return 0
    with store.transaction():
        removed = store.put_erasures(erasures)
    if removed:
        store.compact()
    return removed


def retention_of(store: Store) -> dict[str, int]:
    """Return how many months each source is kept; others are kept without end."""
    stored = store.setting(SETTING)
    return {
        source: months
        for source, months in (stored if isinstance(stored, dict) else {}).items()
        if isinstance(months, int)
    }


def set_retention(store: Store, source: str, months: int | None) -> None:
    """Set how many months a source is kept.

    Parameters
    ----------
    store
        The store.
    source
        Its id.
    months
        Whole months before the present one; None keeps it without end.

    Raises
    ------
    InputError
        If the number is not allowed.
    NotFoundError
        If nothing was imported from such a source.
    """
    if months is not None and not 1 <= months <= MOST_MONTHS:
        raise InputError(f"{months} months: write a number from 1 to {MOST_MONTHS:,}, or none")
    sources = sorted({record.source for record in store.imports(history=True)})
    if source not in sources:
        raise NotFoundError(f"there is no source {source!r}; there are: {', '.join(sources)}")
    months_of: dict[str, int] = {**retention_of(store)}
    if months is None:
        months_of.pop(source, None)
    else:
        months_of[source] = months
    with store.transaction():
        store.put_setting(SETTING, {**months_of})


def expiries(store: Store, *, today: date | None = None) -> list[Expiry]:
    """Return what retention would remove now, by source."""
    months_of = retention_of(store)
    with store.reading():
        return [_expiry(store, source, months_of[source], today) for source in sorted(months_of)]


def apply_retention(store: Store, *, today: date | None = None) -> list[Expiry]:
    """Remove what is older than its source is kept, and write the store's files anew.

    Parameters
    ----------
    store
        The store.
    today
        The day in London; the present one by default.

    Returns
    -------
    What was removed, by source.
    """
    done = expiries(store, today=today)
    with store.transaction():
        for one in done:
            store.expire_incidents(one.source, _begins(one.first))
            _shorten_cover(store, one)
    store.compact()
    return done


def _expiry(store: Store, source: str, months: int, today: date | None) -> Expiry:
    day = pd.Timestamp(today) if today else pd.Timestamp.now(LONDON).tz_localize(None)
    first = str(day.to_period("M") - months)
    return Expiry(source, months, first, store.expirable_incidents(source, _begins(first)))


def _begins(month: str) -> pd.Timestamp:
    return pd.Timestamp(f"{month}-01", tz=LONDON).tz_convert("UTC")


def _shorten_cover(store: Store, expiry: Expiry) -> None:
    """Let no file say that it covers months that are gone: they are unknown now, and not zero."""
    key = COVERS_SETTING.format(expiry.source)
    stored = store.setting(key)
    if not isinstance(stored, Mapping):
        return
    covers: dict[str, Setting] = {
        name: {**cover, "from": max(str(cover["from"]), expiry.first) if cover["from"] else ""}
        for name, cover in stored.items()
        if isinstance(cover, dict)
    }
    if covers != stored:
        store.put_setting(key, covers)
