"""Work on a store in a process of its own, which tests stop and kill.

Each function says `begun` and in the end `done`, or the line of a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

from geo.errors import PatchmapError
from geo.store.copying import copy_store
from geo.store.geopackage import GeoPackageStore
from tests.geo.stores.places import open_at

_JUMPS = cycle((timedelta(days=-20_000), timedelta(days=20_000), timedelta()))


class JumpingClock(datetime):
    """A clock that is set anew each time that somebody looks at it."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz or UTC) + next(_JUMPS)


def undo(address: str, _other: str, jumps: bool, mark: Connection) -> None:
    """Undo the last two imports in one transaction."""
    with _reported(mark, jumps=jumps), closing(open_at(address)) as store:
        mark.send("begun")
        last = sorted(record.import_id for record in store.imports())[-2:]
        with store.transaction():
            for number in last:
                store.undo_import(number)


def copy(address: str, other: str, jumps: bool, mark: Connection) -> None:
    """Copy the other store into this one, which is made if it is not there."""
    with _reported(mark, jumps=jumps), closing(open_at(other)) as source:
        mark.send("begun")
        with closing(open_at(address, create=True)) as target:
            copy_store(source, target)


def restore(address: str, other: str, jumps: bool, mark: Connection) -> None:
    """Restore this store from a backup, as `patchmap restore --replace` does."""
    with _reported(mark, jumps=jumps), closing(open_at(address)) as store:
        mark.send("begun")
        assert isinstance(store, GeoPackageStore)
        store.restore(Path(other))


def migrate(address: str, _other: str, jumps: bool, mark: Connection) -> None:
    """Open a store of an earlier release."""
    with _reported(mark, jumps=jumps):
        mark.send("begun")
        open_at(address).close()


@contextmanager
def _reported(mark: Connection, *, jumps: bool) -> Iterator[None]:
    clock = mock.patch("geo.store.times.datetime", JumpingClock if jumps else datetime)
    try:
        with clock:
            yield
    except PatchmapError as error:
        mark.send(str(error))
    else:
        mark.send("done")
