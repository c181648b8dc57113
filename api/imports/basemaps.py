"""Imports basemaps: keeps tiles of a file in the store, or makes tiles of any file's features."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import shapely

from api.settings import user_name
from boundaries.layers.basemap_features import Theme, read_basemap_features
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.features import read_features
from geo.store.contract import BasemapRecord, Store
from geo.store.times import now
from geo.text import refuse_control_characters
from geo.tiles.build import MOST_TILES, build_tiles, packed_tile
from geo.tiles.decode import layers_of
from geo.tiles.grid import Box
from geo.tiles.opening import is_tile_file, open_tiles
from geo.tiles.tile_file import (
    LARGEST_TILE,
    StoredTile,
    TileFile,
    is_packed,
    media_type_of,
)

FEATURE_ZOOMS: Final = range(7, 15)
"""Zoom levels of tiles made of features; at the last one a unit is about a third of a metre."""

LARGEST: Final = 2 * 2**30
"""Most bytes of a basemap in a store, so that backups stay of a size that people make."""

MOST_DAMAGED: Final = 10_000
"""An archive may list millions of damaged tiles in a few bytes: with more, it is no basemap."""

_AROUND: Final = 1.5
"""Tiles around the area of the store that are kept at each zoom."""

_BASEMAP_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_OS_CREDIT: Final = "Contains OS data © Crown copyright and database right"
_OS_FILES: Final = ("zoomstack", "oproad", "open_roads", "openroads", "bdline", "boundary-line")
"""Parts of the names of Ordnance Survey's open files, which do not hold their credit."""

Watch = Callable[[Iterable[StoredTile]], Iterable[StoredTile]]


@dataclass(frozen=True)
class BasemapOptions:
    """How a basemap is added.

    Attributes
    ----------
    basemap_id, title, attribution
        Its id, title and credit; '' takes them from the file.
    inside
        Which layer of a file of features that has several.
    theme
        What the features of a file are drawn as; None to tell by what they are.
    extent
        Whether the tiles of the store's area are kept, or all of the file.
    """

    basemap_id: str = ""
    title: str = ""
    attribution: str = ""
    inside: str = ""
    theme: Theme | None = None
    extent: Literal["store", "all"] = "store"


@dataclass
class TileAccount:
    """What became of the tiles of a file, counted while they are read."""

    read: int = 0
    damaged: int = 0
    bytes: int = 0
    layers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class StoredBasemap:
    """A basemap as it was stored.

    Attributes
    ----------
    features
        How many features its tiles were made of; None where they were tiles already.
    account
        What became of the tiles.
    """

    record: BasemapRecord
    features: int | None
    account: TileAccount

    @property
    def lines(self) -> list[str]:
        """All there is to say of it."""
        record, account = self.record, self.account
        zooms = f"zoom {record['first']} to {record['last']}"
        line = f"{record['basemap_id']}: {record['tiles']:,} tiles, {zooms}, {size_text(record)}"
        counted = (
            f"{account.read:,} tiles read = {record['tiles']:,} kept + {account.damaged:,} damaged"
            if self.features is None
            else f"made of {self.features:,} features as {', '.join(record['layers'])}"
        )
        credit = record["attribution"]
        said = f"credit: {credit}" if credit else "no credit; name one with --attribution"
        return [line, counted, said]

    @property
    def facts(self) -> dict[str, object]:
        """The same as JSON members."""
        return {
            **self.record,
            "features": self.features,
            "read": self.account.read,
            "damaged": self.account.damaged,
        }


def size_text(record: BasemapRecord) -> str:
    """How large a basemap is."""
    size = record["bytes"]
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


def add_basemap(
    store: Store,
    path: Path,
    options: BasemapOptions,
    *,
    watch: Watch = lambda tiles: tiles,
    notify: Callable[[str], None] | None = None,
) -> StoredBasemap:
    """Keep a file as a basemap in the store.

    Parameters
    ----------
    store
        Where the area is taken from that its maps show.
    path
        A file of tiles, or of features in any format that layers are read from.
    watch
        Passes the tiles through, to show how far it is.
    notify
        Called with each line that a reader should know, such as a guessed encoding.

    Raises
    ------
    InputError
        If it is no basemap, holds nothing of the store's area, or is too large.
    """
    basemap_id = options.basemap_id or _id_of(path)
    if not _BASEMAP_ID.fullmatch(basemap_id) or basemap_id == "file":
        raise InputError(
            f"--id {basemap_id!r}: use small letters, digits and hyphens, and not the word 'file'"
        )
    for name, text in (("--title", options.title), ("--attribution", options.attribution)):
        refuse_control_characters(text, name)
    if is_tile_file(path):
        with closing(open_tiles(path)) as file:
            return _add_tiles(store, file, basemap_id, options, watch=watch)
    content = read_features(path, layer=options.inside, notify=notify)
    read = read_basemap_features(
        content, file=path.name, projection=store.projection, theme=options.theme
    )
    return add_features(
        store, read.layers, basemap_id, options, file=path, features=read.read, watch=watch
    )


def add_features(
    store: Store,
    layers: Mapping[str, gpd.GeoDataFrame],
    basemap_id: str,
    options: BasemapOptions,
    *,
    file: Path,
    features: int,
    zooms: range = FEATURE_ZOOMS,
    watch: Watch = lambda tiles: tiles,
) -> StoredBasemap:
    """Make a basemap of features.

    Parameters
    ----------
    layers
        Features in metres by the name of their layer.
    file
        Where they come from.
    features
        How many were read.
    zooms
        The zoom levels of the tiles.

    Raises
    ------
    InputError
        If there would be too many tiles.
    """
    record = _record(basemap_id, options, file)
    record |= {
        "kind": "vector",
        "title": options.title or file.stem,
        "first": zooms[0],
        "last": zooms[-1],
        "box": _rounded(_box_of(layers.values(), store.projection)),
        "layers": list(layers),
    }
    account = TileAccount()
    tiles = _counted(build_tiles(layers, store.projection, zooms=zooms), account)
    with store.transaction():
        stored = store.put_basemap(record, watch(tiles))
    return StoredBasemap(stored, features, account)


def _add_tiles(
    store: Store, file: TileFile, basemap_id: str, options: BasemapOptions, *, watch: Watch
) -> StoredBasemap:
    facts = file.metadata
    box = _store_box(store) if options.extent == "store" else None
    account = TileAccount()
    record = _record(basemap_id, options, file.path)
    covered = box if facts.box is None or box is None else _overlap(facts.box, box)
    record |= {
        "kind": facts.kind,
        "title": options.title or facts.title,
        "attribution": record["attribution"] or facts.attribution,
        "first": facts.first,
        "last": facts.last,
        "box": _rounded(covered or facts.box),
    }
    with store.transaction():
        # Filled while the tiles are read: only then it is known what they hold.
        record["layers"] = account.layers
        stored = store.put_basemap(record, watch(_intact(file, box, account)))
        if not stored["tiles"]:
            raise InputError(
                f"{file.path} has no tile of the area of the store's layers; choose another file, "
                "or keep all of it with --all"
            )
    return StoredBasemap(stored, None, account)


def _intact(file: TileFile, box: Box | None, account: TileAccount) -> Iterator[StoredTile]:
    """The tiles of a file that are in order; vector tiles compressed."""
    for zoom in range(file.metadata.first, file.metadata.last + 1):
        for tile in file.tiles(zoom, _wider(box, zoom) if box else None):
            account.read += 1
            if account.damaged > MOST_DAMAGED:
                raise InputError(
                    f"{file.path}: more than {MOST_DAMAGED:,} tiles are damaged, such as "
                    f"{tile.zoom}/{tile.column}/{tile.row}; choose another file"
                )
            if len(tile.data) > LARGEST_TILE or not media_type_of(tile.data, file.metadata.kind):
                account.damaged += 1
                continue
            try:
                data = tile.data
                if file.metadata.kind == "vector":
                    new = set(layers_of(data)).difference(account.layers)
                    account.layers += sorted(new)
                    data = data if is_packed(data) else packed_tile(data)
            except InputError:
                account.damaged += 1
                continue
            yield from _counted([tile._replace(data=data)], account)


def _counted(tiles: Iterable[StoredTile], account: TileAccount) -> Iterator[StoredTile]:
    for number, tile in enumerate(tiles, start=1):
        account.bytes += len(tile.data)
        if account.bytes > LARGEST or number > MOST_TILES:
            raise InputError(
                f"the basemap has more than {LARGEST / 2**30:.0f} GiB or {MOST_TILES:,} tiles; "
                "use the file as it is with 'patchmap serve --ground FILE'"
            )
        yield tile


def _record(basemap_id: str, options: BasemapOptions, path: Path) -> BasemapRecord:
    added_at = now()
    of_os = any(part in path.name.lower() for part in _OS_FILES)
    digest = hashlib.sha256(f"{basemap_id}\n{path.name}\n{added_at}".encode()).hexdigest()
    return BasemapRecord(
        basemap_id=basemap_id,
        title=options.title,
        kind="vector",
        attribution=options.attribution or (f"{_OS_CREDIT} {added_at[:4]}" if of_os else ""),
        first=0,
        last=0,
        box=[],
        layers=[],
        file=path.name,
        tiles=0,
        bytes=0,
        version=digest[:12],
        added_by=user_name(),
        added_at=added_at,
    )


def _id_of(path: Path) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:60].strip("-")
    return slug or "basemap"


def _store_box(store: Store) -> Box:
    """What the layers of areas of a store cover, in degrees."""
    with store.reading():
        frames = [store.features(one.layer_id)[1] for one in store.layers() if one.kind == "areas"]
    if not frames:
        raise InputError(
            "the store has no layer yet, so its area is unknown; add a layer first, or keep all "
            "of the file with --all"
        )
    return _box_of(frames, store.projection)


def _box_of(frames: Iterable[gpd.GeoDataFrame], projection: Projection) -> Box:
    """The box around some frames in metres, in degrees."""
    bounds = np.array([frame.total_bounds for frame in frames])
    west, south = bounds[:, :2].min(axis=0).tolist()
    east, north = bounds[:, 2:].max(axis=0).tolist()
    # The sides of a box in metres are not those in degrees: its edge has to be followed.
    edge = shapely.segmentize(
        shapely.box(west, south, east, north), (east - west + north - south) / 40 or 1
    )
    lonlat = projection.geometries_to_lonlat(np.array([edge], dtype=object))
    return Box(*shapely.total_bounds(lonlat).tolist())


def _wider(box: Box, zoom: int) -> Box:
    """A box with a margin of some tiles of a zoom."""
    across = 360 / 2**zoom * _AROUND
    down = across * float(np.cos(np.radians((box.south + box.north) / 2)))
    return Box(
        max(box.west - across, -180),
        max(box.south - down, -90),
        min(box.east + across, 180),
        min(box.north + down, 90),
    )


def _overlap(one: Box, other: Box) -> Box | None:
    west, south = max(one.west, other.west), max(one.south, other.south)
    east, north = min(one.east, other.east), min(one.north, other.north)
    return Box(west, south, east, north) if west < east and south < north else None


def _rounded(box: Box | None) -> list[float]:
    return [round(side, 6) for side in box] if box else []
