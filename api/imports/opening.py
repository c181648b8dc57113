"""Opens the store that an address names: a file, or a database server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore, make_private, remove_store
from geo.store.geopackage.records import RecordsFile
from geo.store.records import Records
from geo.temporary import HIDDEN_PREFIX, remove_abandoned

POSTGRES: Final = ("postgres://", "postgresql://")


@contextmanager
def open_store(address: str, *, create: bool = False) -> Iterator[Store]:
    """Open a store; a file created for a command that then fails is deleted again."""
    remove_abandoned(Path(tempfile.gettempdir()))
    if address.startswith(POSTGRES):
        from geo.store.postgis import PostgisStore  # noqa: PLC0415 - only where it is asked for

        with closing(PostgisStore(address, create=create)) as server:
            yield server
        return
    path = Path(address)
    remove_abandoned(path.parent, HIDDEN_PREFIX)
    is_new = create and make_private(path)
    try:
        with closing(GeoPackageStore(path, create=create)) as store:
            yield store
    except BaseException:  # Ctrl-C too must not leave an empty store behind
        if is_new:
            remove_store(path)
        raise


@contextmanager
def open_records(address: str) -> Iterator[Records]:
    """Open the records of a store that was opened before; a file of them is made if there is none.

    Raises
    ------
    StoreError
        If they cannot be read.
    """
    if address.startswith(POSTGRES):
        from geo.store.postgis.records import PostgisRecords  # noqa: PLC0415 - likewise

        with closing(PostgisRecords(address)) as server:
            yield server
        return
    with closing(RecordsFile(Path(address))) as file:
        yield file
