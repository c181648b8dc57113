"""The basemap: nothing, thin lines, tiles of a local file, or tiles of a server."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import geopandas as gpd
from fastapi import APIRouter, Request, Response

from api.maps.mbtiles import DEEPEST, MBTiles
from api.query import whole_number
from api.settings import TileServer
from boundaries.layers.lines import read_lines
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.bounded import read_input
from geo.store.contract import LayerMetadata, Setting

ADDRESS: Final = "/ground/{z}/{x}/{y}"
_CLEAR_TILE: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII="
)
"""A transparent pixel, for tiles that a file lacks."""

router = APIRouter()


@dataclass(frozen=True)
class Basemap:
    """What is drawn under one map.

    Attributes
    ----------
    shapes
        Lines or areas to draw thinly, in metres; None with tiles.
    tiles
        Where tiles come from; None without them.
    """

    shapes: gpd.GeoDataFrame | None = None
    tiles: TileServer | None = None


NO_BASEMAP: Final = Basemap()


class Layers(Protocol):
    """A store or a snapshot of one, in which the default basemap is looked up."""

    def setting(self, key: str) -> Setting:
        """The value of a setting."""

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and features."""


@dataclass(frozen=True)
class BasemapFile:
    """The user's own basemap file, read once when the service starts.

    Attributes
    ----------
    lines
        The lines or areas of a GeoJSON file, in metres.
    pictures
        The tiles of an MBTiles file.
    version
        Differs for each version of the file; '' without a file.
    """

    lines: gpd.GeoDataFrame | None = None
    pictures: MBTiles | None = None
    version: str = ""

    @classmethod
    def open(cls, path: str, projection: Projection) -> BasemapFile:
        """Read the file.

        Parameters
        ----------
        path
            An .mbtiles or .geojson file; '' for none.
        projection
            Converts degrees to the store's metres.

        Raises
        ------
        InputError
            If it is not a basemap.
        """
        if not path:
            return cls()
        file = Path(path)
        try:
            version = f"{path} {file.stat().st_mtime_ns} {file.stat().st_size}"
            if file.suffix.lower() == ".mbtiles":
                return cls(pictures=MBTiles(file), version=version)
            if file.suffix.lower() in (".geojson", ".json"):
                content = read_input(file)
                lines = read_lines(content, file=file.name, projection=projection)
                return cls(lines=lines, version=version)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
        raise InputError(
            f"{path}: unknown kind of basemap; use an .mbtiles file with pictures or a .geojson "
            "file with lines"
        )

    def under(self, layers: Layers, server: TileServer | None = None) -> Basemap:
        """The basemap of a store's maps: the user's file, else the server, else a layer.

        Parameters
        ----------
        layers
            The store, whose setting names a default layer.
        server
            The tile server of the settings.
        """
        if self.pictures is not None:
            zooms = (self.pictures.shallowest, self.pictures.deepest)
            return Basemap(tiles=TileServer(ADDRESS, self.pictures.attribution, zooms))
        if self.lines is not None:
            return Basemap(shapes=self.lines)
        if server:
            return Basemap(tiles=server)
        layer = layers.setting("ground")
        return Basemap(shapes=layers.features(str(layer))[1] if layer else None)

    def key(self, server: TileServer | None) -> str:
        """What the ETag of a map must contain of its basemap."""
        return self.version or (server.address if server else "")


def basemap_file(request: Request) -> BasemapFile:
    """The basemap file that the service was started with."""
    file: BasemapFile = request.app.state.basemap
    return file


@router.get("/ground/{zoom}/{column}/{row}")
def tile(request: Request, zoom: str, column: str, row: str) -> Response:
    """A tile of the user's own file; a transparent one if the file has no such tile."""
    numbers = {"zoom": zoom, "column": column, "row": row}
    pictures = basemap_file(request).pictures
    picture = pictures.tile(*(_number(numbers, name) for name in numbers)) if pictures else None
    content, media_type = picture or (_CLEAR_TILE, "image/png")
    return Response(content, media_type=media_type, headers={"cache-control": "max-age=3600"})


def _number(numbers: Mapping[str, str], name: str) -> int:
    highest = DEEPEST if name == "zoom" else 2**DEEPEST - 1
    return whole_number(numbers, name, default=0, lowest=0, highest=highest)
