"""Where the basemap comes from: the user's own file, the store, a tile server, or a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import geopandas as gpd
from fastapi import Request

from api.addresses import own_address
from api.settings import TileServer
from boundaries.layers.lines import read_lines
from geo.crs import Projection
from geo.errors import InputError, NotFoundError
from geo.formats.bounded import read_input
from geo.store.basemap_tiles import SETTING, records_of
from geo.store.contract import BasemapRecord, LayerMetadata, Setting, Store
from geo.tiles.grid import Box, tiles_of
from geo.tiles.opening import TILE_ENDINGS, open_tiles
from geo.tiles.tile_file import StoredTile, TileFile, TileKind

OWN_FILE: Final = "file"
"""The id of the file that the service was started with."""

ReadTile = Callable[[int, int, int], bytes | None]
"""Reads a tile by its zoom, column and row from the north."""

ReadTiles = Callable[[int, Box], Iterator[StoredTile]]
"""Reads the tiles of a zoom that touch a box in degrees: those that there are."""


@dataclass(frozen=True)
class TileSource:
    """Tiles of this service: those of one file, or of one basemap of the store.

    Attributes
    ----------
    source_id
        The part of their addresses that names them.
    version
        Differs for each content.
    box
        What they cover, in degrees; None where that is unknown.
    read, tiles
        Reads a tile, or those that touch a box.
    """

    source_id: str
    title: str
    kind: TileKind
    attribution: str
    first: int
    last: int
    version: str
    box: Box | None
    layers: tuple[str, ...]
    read: ReadTile
    tiles: ReadTiles

    @property
    def address(self) -> str:
        """The address of a tile, with {z}, {x} and {y}."""
        return f"/basemap/{self.source_id}/{{z}}/{{x}}/{{y}}?v={self.version}"


@dataclass(frozen=True)
class Basemap:
    """What is drawn under one map.

    Attributes
    ----------
    shapes
        Lines or areas to draw thinly, in metres; None with tiles.
    tiles
        Where pictures come from; None without them.
    pictures
        The same, where they are in a file or in the store and not on a server.
    vectors
        Vector tiles, the lowest first.
    """

    shapes: gpd.GeoDataFrame | None = None
    tiles: TileServer | None = None
    pictures: TileSource | None = None
    vectors: tuple[TileSource, ...] = ()


NO_BASEMAP: Final = Basemap()


class Layers(Protocol):
    """A store or a snapshot of one, in which the basemaps are looked up."""

    def setting(self, key: str) -> Setting:
        """The value of a setting."""

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and features."""


@dataclass(frozen=True)
class Basemaps:
    """The basemap that the service was started with, and those of its store.

    Attributes
    ----------
    store
        Where the tiles of its basemaps are read.
    lines
        The lines or areas of the user's GeoJSON file, in metres.
    file
        The user's file of tiles.
    version
        Differs for each version of the user's file; '' without one.
    """

    store: Store
    lines: gpd.GeoDataFrame | None = None
    file: TileFile | None = None
    version: str = ""

    @classmethod
    def open(cls, path: str, store: Store) -> Basemaps:
        """Read the user's file.

        Parameters
        ----------
        path
            A file of tiles (.mbtiles, .pmtiles) or of lines (.geojson); '' for none.
        store
            The store, whose coordinates lines are converted to.

        Raises
        ------
        InputError
            If it is not a basemap.
        """
        if not path:
            return cls(store)
        file = Path(path)
        try:
            version = _version_of(file)
            if file.suffix.lower() in TILE_ENDINGS:
                return cls(store, file=open_tiles(file), version=version)
            if file.suffix.lower() in (".geojson", ".json"):
                lines = read_geojson_lines(file, store.projection)
                return cls(store, lines=lines, version=version)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
        raise InputError(
            f"{path}: unknown kind of basemap; use an .mbtiles or .pmtiles file of tiles or a "
            ".geojson file of lines, or keep any other file with 'patchmap basemap add'"
        )

    def under(self, layers: Layers, server: TileServer | None = None) -> Basemap:
        """The basemap of a store's maps.

        It is the user's file, else the basemaps of the store, else the server, else a layer.

        Parameters
        ----------
        layers
            The store, whose settings name its basemaps and a default layer.
        server
            The tile server of the settings.
        """
        if self.lines is not None:
            return Basemap(shapes=self.lines)
        basemap = self.tiled(layers, server)
        if basemap != NO_BASEMAP:
            return basemap
        layer = layers.setting("ground")
        # Somebody who sees none of its features still sees maps.
        with suppress(NotFoundError):
            return Basemap(shapes=layers.features(str(layer))[1] if layer else None)
        return NO_BASEMAP

    def tiled(self, layers: Layers, server: TileServer | None = None) -> Basemap:
        """The same without lines and layers, for a map that shows blocks by itself."""
        sources = self.sources(layers)
        if sources:
            return _drawn(sources)
        return Basemap(tiles=server) if server else NO_BASEMAP

    def sources(self, layers: Layers) -> tuple[TileSource, ...]:
        """The tiles that are drawn under the maps, the lowest first."""
        if self.file is not None:
            return (_of_file(self.file, self.version),)
        return tuple(self._of_store(record) for record in records_of(layers.setting(SETTING)))

    def key(self, server: TileServer | None) -> str:
        """What the ETag of a map must contain of its basemap besides the store's settings."""
        return self.version or (server.address if server else "")

    def _of_store(self, record: BasemapRecord) -> TileSource:
        basemap_id = record["basemap_id"]

        def read(zoom: int, column: int, row: int) -> bytes | None:
            return self.store.basemap_tile(basemap_id, zoom, column, row)

        def tiles(zoom: int, box: Box) -> Iterator[StoredTile]:
            return self.store.basemap_tiles(basemap_id, among=tiles_of(box, zoom))

        return TileSource(
            source_id=basemap_id,
            title=record["title"],
            kind=record["kind"],
            attribution=record["attribution"],
            first=record["first"],
            last=record["last"],
            version=record["version"],
            box=Box(*record["box"]) if record["box"] else None,
            layers=tuple(record["layers"]),
            read=read,
            tiles=tiles,
        )


def basemaps_of(request: Request) -> Basemaps:
    """The basemaps of the service."""
    basemaps: Basemaps = request.app.state.basemaps
    return basemaps


def tile_file_source(path: Path) -> TileSource:
    """The tiles of a file, for a service without a store.

    Raises
    ------
    InputError
        If it is no file of tiles.
    """
    if path.suffix.lower() not in TILE_ENDINGS:
        raise InputError(
            f"{path.name}: a map of counts takes an .mbtiles or .pmtiles file as its basemap"
        )
    tiles = open_tiles(path)
    return _of_file(tiles, _version_of(path))


def read_geojson_lines(file: Path, projection: Projection) -> gpd.GeoDataFrame:
    """Read the lines, or the outlines of the areas, of a GeoJSON file in metres.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    return read_lines(read_input(file), file=file.name, projection=projection)


def _version_of(file: Path) -> str:
    status = file.stat()
    return f"{file} {status.st_mtime_ns} {status.st_size}"


def _drawn(sources: Iterable[TileSource]) -> Basemap:
    """Vector tiles over the pictures of the last source that has some."""
    sources = tuple(sources)
    pictures = [source for source in sources if source.kind == "pictures"]
    vectors = tuple(source for source in sources if source.kind == "vector")
    if not pictures:
        return Basemap(vectors=vectors)
    lowest = pictures[-1]
    zooms = (lowest.first, lowest.last)
    server = TileServer(own_address(lowest.address), lowest.attribution, zooms)
    return Basemap(tiles=server, pictures=lowest, vectors=vectors)


def _of_file(file: TileFile, version: str) -> TileSource:
    facts = file.metadata
    return TileSource(
        source_id=OWN_FILE,
        title=facts.title,
        kind=facts.kind,
        attribution=facts.attribution,
        first=facts.first,
        last=facts.last,
        # Of what follows the path: the path itself is nobody's business in a browser.
        version="-".join(version.split()[-2:]),
        box=facts.box,
        layers=facts.layers,
        read=file.tile,
        tiles=file.tiles,
    )
