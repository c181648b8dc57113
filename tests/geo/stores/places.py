"""Stores by their address, whatever their kind: copied, opened and looked through."""

from __future__ import annotations

import importlib
import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from tests.geo.stores import postgis_soundness, soundness
from tests.postgres import Cluster


def open_at(address: str, *, create: bool = False) -> Store:
    """Open the store at a path or at the address of a database."""
    if address.startswith("postgresql://"):
        store: Store = importlib.import_module("geo.store.postgis").PostgisStore(
            address, create=create
        )
        return store
    return GeoPackageStore(Path(address), create=create)


class Places(Protocol):
    """Where stores of one kind lie."""

    def new(self) -> str:
        """An address at which no store is yet."""

    def copy(self, address: str) -> str:
        """The address of a copy of a store that nobody has open."""

    def remove(self, address: str) -> None:
        """Make room."""

    def faults(self, address: str) -> list[str]:
        """What is wrong with a store; nothing of a sound one."""


class GeopackagePlaces:
    """Files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / f"{number}.gpkg" for number in count())

    def new(self) -> str:
        return str(next(self._paths))

    def copy(self, address: str) -> str:
        return str(shutil.copy(address, self.new()))

    def remove(self, address: str) -> None:
        Path(address).unlink()

    def faults(self, address: str) -> list[str]:
        return soundness.faults(Path(address))


@dataclass(frozen=True)
class PostgisPlaces:
    """Databases of one server."""

    cluster: Cluster

    def new(self) -> str:
        return self.cluster.new_database()

    def copy(self, address: str) -> str:
        return self.cluster.new_database(like=address)

    def remove(self, address: str) -> None:
        self.cluster.drop_database(address)

    def faults(self, address: str) -> list[str]:
        return postgis_soundness.faults(address)
