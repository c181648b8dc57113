"""Opens the store that an address names: a file, or a database server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from api.identity.trail import AuditTrail
from api.settings import Settings, cache_folder
from boundaries.gazetteer.folder import beside
from geo.store.audit import AuditLog
from geo.store.audit_chain import Head
from geo.store.audit_files import HeadFile, read_key
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore, make_private, remove_store
from geo.store.geopackage.records import RecordsFile, records_path
from geo.store.records import Records
from geo.temporary import HIDDEN_PREFIX, remove_abandoned

POSTGRES: Final = ("postgres://", "postgresql://")
KEY_ENDING: Final = ".audit-key"


@contextmanager
def open_store(address: str, *, create: bool = False) -> Iterator[Store]:
    """Open a store; a file created for a command that then fails is deleted again."""
    remove_abandoned(Path(tempfile.gettempdir()))
    if address.startswith(POSTGRES):
        from geo.store.postgis import PostgisStore  # noqa: PLC0415 - only where it is asked for

        with closing(PostgisStore(address, create=create, cache=cache_folder())) as server:
            yield server
        return
    path = Path(address)
    remove_abandoned(path.parent, HIDDEN_PREFIX)
    is_new = create and make_private(path)
    try:
        with closing(GeoPackageStore(path, create=create, cache=cache_folder())) as store:
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


@contextmanager
def open_audit(
    address: str, settings: Settings, *, on_head: Callable[[Head], None] = lambda _head: None
) -> Iterator[AuditTrail]:
    """Open the audit of a store that was opened before; its key is made with the first entry.

    Parameters
    ----------
    address
        The store.
    settings
        Where the key is, and where heads are kept outside of the records.
    on_head
        Called with each new head too.

    Raises
    ------
    StoreError
        If the records or the key cannot be read.
    """
    with open_records(address) as records:
        yield audit_in(records, address, settings, on_head=on_head)


def keeps_audit(address: str, settings: Settings) -> bool:
    """Tell whether a command on a store that was opened before is recorded.

    It is where the settings say so, and where the records have entries: of a service whose
    settings the command may not have.
    """
    if settings.audit:
        return True
    if not address.startswith(POSTGRES) and not records_path(Path(address)).exists():
        return False
    with open_records(address) as records, records.reading():
        return bool(records.rows("SELECT 1 FROM patchmap_audit LIMIT 1"))


def audit_in(
    records: Records,
    address: str,
    settings: Settings,
    *,
    on_head: Callable[[Head], None] = lambda _head: None,
) -> AuditTrail:
    """Return the audit in the records of a store.

    Parameters
    ----------
    records
        Those of the store.
    address, settings, on_head
        As `open_audit` takes them.

    Raises
    ------
    StoreError
        If its key cannot be read.
    """
    key_file = settings.audit_key_file or beside(address, settings.data_folder, KEY_ENDING)
    has_entries = bool(records.rows("SELECT 1 FROM patchmap_audit LIMIT 1"))
    key = read_key(key_file, make=not has_entries)
    return AuditTrail(AuditLog(records, key, HeadFile(settings.audit_head, on_head)))
