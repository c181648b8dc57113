"""The releases of a running service, whose records are opened when they are first needed."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from api.imports.opening import POSTGRES, open_records
from geo.releases.records import ReleaseRecords
from geo.store.contract import Store
from geo.store.geopackage.records import records_path
from geo.store.records import Records


class OpenReleases:
    """The releases of a store.

    Parameters
    ----------
    store
        Whose data they are made of.
    records
        Of the store, where they are open already.
    address
        Of the store.
    """

    def __init__(self, store: Store, records: Records | None, address: str) -> None:
        self.store = store
        self._address = address
        self._releases = ReleaseRecords(records) if records else None
        self._opened = ExitStack()
        self._opening = threading.Lock()

    def existing(self) -> ReleaseRecords | None:
        """The releases, without making a file for them; None where there cannot be any."""
        is_file = not self._address.startswith(POSTGRES)
        if self._releases is None and is_file and not records_path(Path(self._address)).exists():
            return None
        return self.opened()

    def opened(self) -> ReleaseRecords:
        """The releases; a file for them is made where there is none."""
        with self._opening:
            if self._releases is None:
                records = self._opened.enter_context(open_records(self._address))
                self._releases = ReleaseRecords(records)
            return self._releases

    def close(self) -> None:
        """Release what was opened here."""
        with self._opening:
            self._opened.close()


async def _releases(request: Request) -> OpenReleases:
    releases: OpenReleases = request.app.state.releases
    return releases


ReleasesDep = Annotated[OpenReleases, Depends(_releases)]
