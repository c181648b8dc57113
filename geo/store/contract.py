"""What every store promises, whichever file or server keeps it.

Changes happen inside `transaction()`: all of them or none, and a reader sees the store as it
was before or as it is after. Every change moves the counter of what it touched, so that a
data version names a state of the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import geopandas as gpd
import pandas as pd

from geo.crs import Projection
from geo.errors import InputError
from geo.incidents import Partition

Setting = str | int | float | bool | None
PartitionChange = Literal["added", "replaced", "unchanged"]

# Names that the pages and collections of the service use for something else.
RESERVED_LAYER_IDS = frozenset(
    {"incidents", "plans", "area-counts", "hotspots", "ranked-hotspots", "patrols"}
)
_RESERVED_PREFIXES = ("plan-", "patchmap", "gpkg", "rtree", "sqlite", "idx")


@dataclass(frozen=True)
class LayerPapers:
    """What is known of a layer besides its areas.

    Dates are ISO (`2025-05-01`) or empty; `code_field` and `name_field` are the names that the
    file used (`name_field` is empty where areas bear their code); `file` and `sha256` name
    what was read, and `note` what was changed on the way in.
    """

    layer_id: str
    title: str = ""
    authority: str = ""
    licence: str = ""
    source: str = ""
    valid_from: str = ""
    valid_to: str = ""
    code_field: str = ""
    name_field: str = ""
    file: str = ""
    sha256: str = ""
    note: str = ""


@dataclass(frozen=True)
class ImportRecord:
    """What one partition's import read, took and turned away."""

    partition_id: str
    source: str
    force: str
    month: str
    file: str
    sha256: str
    rows_read: int
    rows_accepted: int
    rejected_by_reason: dict[str, int]
    imported_at: str

    @property
    def rows_rejected(self) -> int:
        """Rows that were turned away, for whatever reason."""
        return self.rows_read - self.rows_accepted


@dataclass(frozen=True)
class DataVersion:
    """A state of a store: its UUID and the counters of what it holds."""

    uuid: str
    incidents: int
    layers: int
    plans: int
    settings: int

    def __str__(self) -> str:
        """The version as one word, fit for an ETag."""
        return f"{self.uuid}.{self.incidents}.{self.layers}.{self.plans}.{self.settings}"


def check_layer_id(layer_id: str) -> None:
    """Refuse an id that cannot be an address, a table and a word on the command line.

    Raises
    ------
    InputError
        If the id is not made of small letters, digits, `-` and `_`, or is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", layer_id):
        raise InputError(
            f"{layer_id!r} cannot be a layer's id: use small letters, digits and '-', such as "
            "wards-2025"
        )
    if layer_id in RESERVED_LAYER_IDS or layer_id.startswith(_RESERVED_PREFIXES):
        raise InputError(f"{layer_id!r} cannot be a layer's id: Patchmap uses that name itself")


class StoreReader(Protocol):
    """What can be read. Frames are in the store's working CRS, in metres."""

    @property
    def projection(self) -> Projection:
        """The working CRS and the one coordinate operation pinned at creation."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """All reads made inside see one state of the store."""
        ...

    def data_version(self) -> DataVersion:
        """The state that a read made now would see."""
        ...

    def layers(self) -> list[LayerPapers]:
        """The papers of every layer, in the order they were added."""
        ...

    def layer(self, layer_id: str) -> tuple[LayerPapers, gpd.GeoDataFrame]:
        """A layer's papers and areas: indexed by `area_code`, with `area_name` and attributes.

        Raises
        ------
        NotFoundError
            If there is no such layer; the message names those there are.
        """
        ...

    def incidents(self) -> pd.DataFrame:
        """Every accepted incident, partition by partition in the order of its lines."""
        ...

    def imports(self) -> list[ImportRecord]:
        """The record of every partition in the store, by id."""
        ...

    def setting(self, key: str) -> Setting:
        """A setting's value, None where it was never set."""
        ...


class Store(StoreReader, Protocol):
    """What can be read and changed."""

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all; blocks are not nested."""
        ...

    def put_layer(self, papers: LayerPapers, areas: gpd.GeoDataFrame) -> None:
        """Add a layer, or replace the one of the same id whole."""
        ...

    def put_partitions(self, partitions: Iterable[Partition]) -> list[PartitionChange]:
        """Replace each partition whole; one that is already there byte for byte stays.

        Returns what happened to each partition, in the order given.
        """
        ...

    def put_setting(self, key: str, value: Setting) -> None:
        """Set a setting."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
