"""What every store promises, whether a file or a database server holds it.

Changes are made inside `transaction()`: all of them happen or none, and a reader sees the store
as it was before or as it is after. Every change raises the counter of its subject, so a data
version names one state of a store.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    Any,
    Final,
    Literal,
    NamedTuple,
    Protocol,
    TypedDict,
    get_args,
    runtime_checkable,
)

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import Projection
from geo.distinct_points import PointCounts
from geo.geometry_types import KINDS, GeometryType, LayerKind
from geo.incidents import COLUMNS, Batch, IncidentSummary, Partition
from geo.locate import AreaLocator
from geo.partitioned import PartitionedIncidents
from geo.store.comment_contract import CommentReader, CommentStore
from geo.store.measure_contract import MeasureReader, MeasureStore
from geo.store.tasking_contract import TaskingReader, TaskingStore
from geo.tiles.grid import TileRange
from geo.tiles.tile_file import StoredTile, TileKind

Subject = Literal["incidents", "layers", "plans", "settings", "measures", "entries", "tasks"]
SUBJECTS: Final[tuple[Subject, ...]] = get_args(Subject)

ImportState = Literal["current", "replaced", "undone"]
ErasureKind = Literal["id", "line"]
LayerChangeState = Literal["current", "undone", "final"]
Change = Literal["added", "replaced", "updated", "unchanged"]

PAST_RETENTION: Final = "past retention"
"""Why an import no longer has rows that were older than their source is kept."""

# Any, because only `boundaries` knows what a plan consists of; it checks each record it reads.
PlanRecord = dict[str, Any]

Setting = str | int | float | bool | None | list["Setting"] | dict[str, "Setting"]


@dataclass(frozen=True)
class DataVersion:
    """A state of a store: its UUID, and how often each subject has changed."""

    uuid: str
    incidents: int
    layers: int
    plans: int
    settings: int
    measures: int = 0
    entries: int = 0
    tasks: int = 0

    def __str__(self) -> str:
        """The version as one word, fit for an ETag."""
        return self.of(*SUBJECTS)

    def of(self, *subjects: Subject) -> str:
        """Return the version of some subjects as one word, with `-` for the counters of others.

        What was made of these subjects alone is the same in all stores of one such version.
        """
        counters = (str(getattr(self, name)) if name in subjects else "-" for name in SUBJECTS)
        return ".".join([self.uuid, *counters])


@dataclass(frozen=True)
class LayerMetadata:
    """What is known of a layer besides its features.

    Dates are ISO (`2025-05-01`) or empty; `code_field` and `name_field` are the names that the
    file used (`name_field` is empty where the file had no names); `file` and `sha256` identify
    the file that was read, and `note` says what was changed on the way in. `stored_as` is the id
    under which an earlier release stored the layer, if that id is reserved now; else empty.
    All geometries of the layer are of `geometry_type`.
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
    stored_as: str = ""
    geometry_type: GeometryType = "MultiPolygon"

    @property
    def kind(self) -> LayerKind:
        """What the features are: areas, lines or points."""
        return KINDS[self.geometry_type]


@dataclass(frozen=True)
class Window:
    """The incidents that occurred from `start` up to but not at `end`, both UTC."""

    start: pd.Timestamp
    end: pd.Timestamp

    def holds(self, incidents: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell which incidents of a frame it means, by `occurred_from`."""
        occurred = incidents["occurred_from"]
        return ((occurred >= self.start) & (occurred < self.end)).to_numpy(dtype=bool)


@dataclass(frozen=True)
class ImportRecord:
    """What one import of one partition read, accepted, rejected and replaced.

    `rows_accepted` counts those without a place too, which are `rows_placeless`. `extracted` is the
    day of the extract that it is, as `YYYY-MM-DD`, `whole` whether that holds all records (None of
    an import of an earlier release), and `events` counts what changed since the one before, by
    `geo.records.events.EVENTS`.

    `state` is `current`, `replaced` (by a later import of the partition) or `undone`. A keyed
    partition can have several current imports: each owns the rows that it wrote last. `purged_at`
    is when the rows that it replaced were purged, so it cannot be undone; else ''. `keyed` is
    whether its rows have ids of their own; None of an import of an earlier release. `erased` is how
    many of its rows were erased by what they say, by content hash.
    """

    import_id: int
    partition_id: str
    source: str
    name: str
    month: str
    file: str
    sha256: str
    rows_read: int
    rows_accepted: int
    rejected_by_reason: dict[str, int]
    rows_replaced: int
    summary: IncidentSummary
    imported_by: str
    imported_at: str
    state: ImportState
    purged_at: str = ""
    keyed: int | None = None
    erased: dict[str, int] = field(default_factory=dict)
    extracted: str = ""
    events: dict[str, int] = field(default_factory=dict)
    rows_placeless: int = 0
    whole: int | None = None

    @property
    def rows_rejected(self) -> int:
        """How many rows were rejected, for whatever reason."""
        return self.rows_read - self.rows_accepted


class AdoptedLives(NamedTuple):
    """What an import says of lives, to be copied to another store.

    Attributes
    ----------
    lives
        As `geo.store.lives.Lives.current` returns them.
    events
        As `StoreReader.life_events` returns them.
    """

    lives: pd.DataFrame
    events: pd.DataFrame


@dataclass(frozen=True)
class Erasure:
    """An incident that was erased, which no import, undo or restored backup may bring back.

    `id_hash` and `content_hash` are keyed hashes of its id and of what happened when and where;
    `key` is their key, in hexadecimal digits. `kind` is `id` where the row had an id of its own,
    and `line` where it was known by the number of its line: the next file has another row there.
    """

    id_hash: str
    content_hash: str
    key: str
    source: str
    erased_by: str
    erased_at: str
    reason: str
    kind: ErasureKind = "id"


@dataclass(frozen=True)
class LayerChange:
    """One change of a layer: its first file, another file, or figures of its areas.

    `what` says where it came from; `areas` is how many there are since and `areas_before` how many
    there were (0 for a new layer). `state` is `current`, `undone`, or `final` where it can no
    longer be undone, because what it replaced is not stored any more.
    """

    change_id: int
    layer_id: str
    what: str
    areas: int
    areas_before: int
    changed_by: str
    changed_at: str
    state: LayerChangeState


class PlanSummary(TypedDict):
    """A plan without its history.

    `updated_by` took the last step, or began the plan if there is none; `updated_at` is UTC,
    as `2025-05-01T09:30:00Z`.
    """

    plan_id: str
    title: str
    blocks_layer: str
    base_layer: str
    version: int
    updated_by: str
    updated_at: str


class BasemapRecord(TypedDict):
    """What is known of a basemap besides its tiles.

    `first` and `last` are its zoom levels, `box` west, south, east and north in degrees; `layers`
    names the layers of its vector tiles. `version` differs for each content.
    """

    basemap_id: str
    title: str
    kind: TileKind
    attribution: str
    first: int
    last: int
    box: list[float]
    layers: list[str]
    file: str
    tiles: int
    bytes: int
    version: str
    added_by: str
    added_at: str


class StoreReader(MeasureReader, TaskingReader, CommentReader, Protocol):
    """What can be read. Frames are in the store's working CRS, in metres."""

    @property
    def projection(self) -> Projection:
        """The working CRS and the one coordinate operation pinned at creation."""

    def reading(self) -> AbstractContextManager[None]:
        """All reads made inside see one state of the store."""

    def data_version(self) -> DataVersion:
        """The state that a read made now would see."""

    def layers(self) -> list[LayerMetadata]:
        """The metadata of every layer, in the order in which they were added."""

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and areas: indexed by `area_code`, with `area_name` and attributes.

        Raises
        ------
        NotFoundError
            If there is no such layer; the message lists the layers that exist.
        InputError
            If it is a layer of points or lines.
        """

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and features, of whatever kind.

        Returns
        -------
        metadata
            Says in `kind` whether they are areas, lines or points.
        features
            Areas as `layer` returns them; lines and points indexed by `code`, with `name` (None
            where the file had none) and attributes. In metres, by code.

        Raises
        ------
        NotFoundError
            If there is no such layer; the message lists the layers that exist.
        """

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = COLUMNS
    ) -> pd.DataFrame:
        """Accepted incidents, in no particular order.

        Parameters
        ----------
        window
            When they occurred; None reads all of them.
        columns
            Some of `geo.incidents.COLUMNS`.

        Returns
        -------
        pandas.DataFrame
            One row per incident with these columns; `x` and `y` are metres in the working CRS.
        """

    def incident_page(self, start: int, count: int, *, columns: Sequence[str]) -> pd.DataFrame:
        """Some of the incidents in the order in which they occurred; no others are read.

        Parameters
        ----------
        start, count
            How many are passed over, and how many are returned at most.
        columns
            Some of `geo.incidents.COLUMNS`.

        Returns
        -------
        pandas.DataFrame
            As `incidents` returns them; those of one moment in the order in which they were stored.
        """

    def incident(self, incident_id: str, *, columns: Sequence[str]) -> pd.DataFrame:
        """The incident of an id.

        Parameters
        ----------
        incident_id
            Its id.
        columns
            Some of `geo.incidents.COLUMNS`.

        Returns
        -------
        pandas.DataFrame
            As `incidents` returns it; no row where there is none.
        """

    def incident_count(self) -> int:
        """How many accepted incidents there are."""

    def records(self) -> pd.DataFrame:
        """The incidents that have lives, and those records of which no place is known.

        Returns
        -------
        pandas.DataFrame
            Indexed by `incident_id`, in its order: `geo.incidents.ANSWER_COLUMNS`, of which `x` and
            `y` are NaN where a record has no place; then `geo.records.life.STORED_LIFE_COLUMNS`,
            `stated_layer` and `partition_id`.
        """

    def closed_spells(self) -> pd.DataFrame:
        """When records were closed that were opened again.

        Returns
        -------
        pandas.DataFrame
            `incident_id`, `closed` and `reopened`, UTC, by record and time: closed as the extract
            before said, reopened on the day of the extract that shows it.
        """

    def placeless_count(self) -> int:
        """How many records have no place; `incident_count` does not count them."""

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        """The records of the current imports by partition; with `history` of all, by id."""

    def plans(self) -> list[PlanSummary]:
        """A summary of each plan, by id."""

    def plan(self, plan_id: str) -> PlanRecord:
        """The record of a plan with its history, as it was put.

        Raises
        ------
        NotFoundError
            If there is no such plan; the message lists the plans that exist.
        """

    def setting(self, key: str) -> Setting:
        """A setting's value; None where it was never set."""


LOCATED: Final = "located"
"""Column of incidents: the position of their area in a layer, or −1."""


@runtime_checkable
class KeepsPlaces(Protocol):
    """A store that keeps in which area of a layer each incident lies, and how many lie where."""

    def point_counts(self, window: Window | None = None) -> PointCounts | None:
        """Count incidents by source, London month and point.

        Parameters
        ----------
        window
            When they occurred; all of them when omitted.

        Returns
        -------
        The counts; None where the store does not keep them.
        """

    def located_incidents(
        self, window: Window, columns: Sequence[str], locator: AreaLocator
    ) -> pd.DataFrame:
        """Read incidents with their areas.

        Parameters
        ----------
        window, columns
            As for `StoreReader.incidents`.
        locator
            That of the layer: it finds what is not kept yet.

        Returns
        -------
        pandas.DataFrame
            The columns, and `LOCATED` where the store keeps it: then those outside all areas come
            last.
        """


class Store(StoreReader, KeepsPlaces, MeasureStore, TaskingStore, CommentStore, Protocol):
    """What can be read and changed."""

    @property
    def is_read_only(self) -> bool:
        """Whether this user can read the store and not change it, as far as can be known."""

    def stamp(self) -> Hashable | None:
        """What differs after each change of the store, without a wait.

        Returns
        -------
        stamp
            Equal to an earlier one only where nothing was changed in between; None where a
            network or a lock would have to be waited for.
        """

    def partitioned_incidents(
        self, partition_ids: Sequence[str] | None = None, *, columns: Sequence[str] = COLUMNS
    ) -> PartitionedIncidents:
        """Accepted incidents in the order of their partitions.

        Parameters
        ----------
        partition_ids
            Read only these partitions; None reads all of them.
        columns
            Some of `geo.incidents.COLUMNS`.

        Returns
        -------
        incidents
            With these columns.
        """

    def partition_changes(self) -> dict[str, int]:
        """How often each partition has changed: by imports, undoing, removals and other programs.

        Together they grow with the counter of incidents.
        """

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all; blocks are not nested."""

    def before_commit(self, action: Callable[[], None]) -> None:
        """Run an action at the end of each transaction; where it fails, nothing is changed."""

    def compact(self) -> None:
        """Write the store's files anew, so that nothing can be read in them that was deleted.

        Outside of any transaction. It takes as long as a copy of the store, and as much room on
        the disk.

        Raises
        ------
        StoreError
            If another program is using the store, or the disk is full.
        """

    def close(self) -> None:
        """Release files and connections."""

    def put_layer(
        self, metadata: LayerMetadata, features: gpd.GeoDataFrame, *, by: str = "", what: str = ""
    ) -> None:
        """Add a layer, or replace the whole of the layer with the same id.

        The change is recorded with what it replaced, so it can be undone.

        Parameters
        ----------
        metadata
            The id of a layer of the store, or a new one that `check_layer_id` allows.
        features
            Geometries of the metadata's kind in the working CRS, single or multiple, indexed by
            `area_code`, or by `code` if they are points or lines. A column of whole numbers,
            numbers or booleans keeps its type; any other is stored as text.
        by
            Who changes it.
        what
            Where the change comes from; the file of the metadata when omitted.

        Raises
        ------
        InputError
            If the id is not allowed.
        """

    def layer_changes(self) -> list[LayerChange]:
        """What was done to the layers, by id; nothing of what an earlier release did."""

    def undo_layer_change(self, change_id: int) -> LayerChange:
        """Undo a change of a layer and restore what it replaced; returns it from before.

        A layer that the change added is removed.

        Parameters
        ----------
        change_id
            As `layer_changes` lists it.

        Raises
        ------
        NotFoundError
            If there is no such change.
        ConflictError
            If it is undone already, a later change of the layer stands, what it replaced is no
            longer stored, or the layer would be removed and a plan is made of its areas.
        """

    def life_events(self) -> pd.DataFrame:
        """What changed between extracts, the earliest import first.

        Returns
        -------
        pandas.DataFrame
            With `geo.records.events.STORED_EVENT_COLUMNS` and `import_id`.
        """

    def import_lives(self, import_id: int) -> AdoptedLives:
        """The lives that an import wrote and no later one replaced, and its events."""

    def import_rows(self, import_id: int) -> pd.DataFrame:
        """The incidents that an import wrote and that no later one replaced."""

    def put_partition(
        self,
        partition: Partition,
        *,
        by: str = "",
        on_batch: Callable[[Batch], None] = lambda _batch: None,
    ) -> tuple[Change, ImportRecord]:
        """Import a partition: replace it whole or, if it is keyed, update its rows by id.

        Parameters
        ----------
        partition
            The file to read. If the partition's last import read the same bytes, nothing is read
            or recorded.
        by
            Who imports it.
        on_batch
            Called with each batch once it has been written.

        Returns
        -------
        change
            What happened; `unchanged` also where every row of a keyed file is stored already.
        record
            The new record; the last import's where nothing changed, and where another file was
            read for that, with the name and the counts of that file.

        Raises
        ------
        ConflictError
            If the same file is stored as another partition of its source, or a keyed file names
            an id twice or an id of another partition.
        """

    def undo_import(self, import_id: int) -> ImportRecord:
        """Undo an import and restore what it replaced; returns its record from before.

        Raises
        ------
        NotFoundError
            If there is no such import.
        ConflictError
            If it is undone or replaced already, if a later import of its partition is current,
            if what it replaced was purged, or if a file would come back that is now stored as
            another partition.
        """

    def purgeable_imports(self, before: str) -> list[ImportRecord]:
        """The imports that were made before a moment and still hold rows that they replaced.

        Parameters
        ----------
        before
            UTC, as `2024-01-31T00:00:00Z`.

        Returns
        -------
        list of ImportRecord
            By id; with `rows_replaced` rows each.
        """

    def purge_imports(self, before: str) -> list[ImportRecord]:
        """Remove the rows that the purgeable imports replaced; these can then not be undone.

        No answer is made of these rows, so the data version stays. Until `compact` they can be
        read from the store's files.

        Parameters
        ----------
        before
            As `purgeable_imports` takes it.

        Returns
        -------
        list of ImportRecord
            The imports whose replaced rows were removed, as they were before.
        """

    def erasure_of(
        self, source: str, incident_id: str, *, by: str = "", reason: str = ""
    ) -> Erasure:
        """The erasure of an incident: the one there was, or a new one, which changes nothing yet.

        Parameters
        ----------
        source, incident_id
            The incident: by the id that it has in the store, or without its source before it.
        by, reason
            Who erases it, and why.

        Returns
        -------
        Erasure
            For `put_erasures`.

        Raises
        ------
        NotFoundError
            If the store has no such incident and never erased one.
        """

    def erasures(self) -> list[Erasure]:
        """What was erased, the first one first."""

    def put_erasures(self, erasures: Sequence[Erasure]) -> int:
        """Erase incidents, also from the rows that imports replaced, and let none come back.

        Until `compact` they can be read from the store's files.

        Parameters
        ----------
        erasures
            Of `erasure_of`, or of another store.

        Returns
        -------
        int
            How many rows were removed.
        """

    def copies_out_of_reach(self) -> list[Path]:
        """Folders beside the store that may hold what was erased: another user's, and private."""

    def expirable_incidents(self, source: str, before: pd.Timestamp) -> int:
        """How many rows of a source `expire_incidents` would remove.

        Parameters
        ----------
        source, before
            As `expire_incidents` takes them.

        Returns
        -------
        int
            Incidents, and rows that imports replaced.
        """

    def expire_incidents(self, source: str, before: pd.Timestamp) -> int:
        """Remove the incidents of a source that are older than it is kept.

        Until `compact` they can be read from the store's files.

        Parameters
        ----------
        source
            Its id.
        before
            The moment, UTC; incidents that occurred earlier are removed, also from the rows that
            imports replaced.

        Returns
        -------
        int
            How many rows were removed.
        """

    def adopt_import(
        self, record: ImportRecord, rows: pd.DataFrame, lives: AdoptedLives | None = None
    ) -> None:
        """Copy an import from another store without reading its file.

        What it replaced there is not copied, so an undo here restores nothing.

        Parameters
        ----------
        record
            The record in the other store; the copy gets a new id.
        rows
            Its incidents there, with `geo.incidents.COLUMNS`.
        lives
            What `import_lives` gives there; None where its rows have none.
        """

    def put_plan(self, record: Mapping[str, Any], *, based_on: int, updated_at: str = "") -> None:
        """Save a plan in place of the version that it was made from.

        Parameters
        ----------
        record
            Plain JSON: the members of `PlanSummary` but for the last two, `begun_by`, the `steps`
            with `by` in each, how many of them are `done`, and whatever else belongs to the plan.
        based_on
            The version that was read; 0 for a new plan.
        updated_at
            When the plan was saved; empty means now.

        Raises
        ------
        ConflictError
            If the stored version is another one, whichever process put it there.
        """

    def remove_plan(self, plan_id: str) -> None:
        """Remove a plan with its history and the comments on it.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        """

    def settings(self) -> dict[str, Setting]:
        """Every setting, by key in the order of Unicode."""

    def put_setting(self, key: str, value: Setting) -> None:
        """Set a setting, whether it is new or not.

        Parameters
        ----------
        key
            Any text, such as `default_layer`.
        value
            Whatever JSON can hold.
        """

    def basemaps(self) -> list[BasemapRecord]:
        """The basemaps, in the order in which they are drawn."""

    def basemap_tile(self, basemap_id: str, zoom: int, column: int, row: int) -> bytes | None:
        """The content of a tile.

        Parameters
        ----------
        basemap_id
            One of `basemaps`.
        zoom, column, row
            The tile; rows count from the north.

        Returns
        -------
        Its bytes; None where there is no such tile.
        """

    def basemap_tiles(
        self, basemap_id: str, *, among: TileRange | None = None
    ) -> Iterator[StoredTile]:
        """The tiles of a basemap, by zoom, column and row.

        Parameters
        ----------
        basemap_id
            One of `basemaps`.
        among
            Tiles of one zoom; those of them that there are. None for every tile.

        Yields
        ------
        Each tile.
        """

    def put_basemap(self, record: BasemapRecord, tiles: Iterable[StoredTile]) -> BasemapRecord:
        """Add a basemap, or replace the one with the same id.

        Parameters
        ----------
        record
            Its `tiles` and `bytes` are counted while the tiles are written.
        tiles
            Each of another place.

        Returns
        -------
        The record as it is stored.
        """

    def remove_basemap(self, basemap_id: str) -> None:
        """Remove a basemap with its tiles.

        Raises
        ------
        NotFoundError
            If there is no such basemap; the message lists those that exist.
        """
