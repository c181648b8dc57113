"""What lies under the maps: nothing, thin lines, tiles of a local file, or those of a server."""

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
from geo.store.contract import LayerMetadata, Setting

ADDRESS: Final = "/ground/{z}/{x}/{y}"
_NOTHING: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII="
)
"""A picture of one clear pixel, for tiles that a file lacks."""

router = APIRouter()


@dataclass(frozen=True)
class Ground:
    """What one map has under it.

    Attributes
    ----------
    shapes
        Lines or areas that are drawn thinly, in metres; not where there are tiles.
    tiles
        Where pictures come from.
    """

    shapes: gpd.GeoDataFrame | None = None
    tiles: TileServer | None = None


PLAIN: Final = Ground()


class Layers(Protocol):
    """What a ground is looked up in: a store, or a snapshot of one."""

    def setting(self, key: str) -> Setting:
        """The value of a setting."""

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and areas."""


@dataclass(frozen=True)
class OwnGround:
    """A file that the user chose to lie under the maps; read once, when a service starts.

    Attributes
    ----------
    lines
        Of a GeoJSON file, in metres.
    pictures
        Of an MBTiles file.
    version
        Changes with the file.
    """

    lines: gpd.GeoDataFrame | None = None
    pictures: MBTiles | None = None
    version: str = ""

    @classmethod
    def open(cls, path: str, projection: Projection) -> OwnGround:
        """Read the file; without a path there is none.

        Raises
        ------
        InputError
            If it cannot be a ground.
        """
        if not path:
            return cls()
        file = Path(path)
        try:
            version = f"{path} {file.stat().st_mtime_ns} {file.stat().st_size}"
            if file.suffix.lower() == ".mbtiles":
                return cls(pictures=MBTiles(file), version=version)
            if file.suffix.lower() in (".geojson", ".json"):
                content = file.read_bytes()
                lines = read_lines(content, file=file.name, projection=projection)
                return cls(lines=lines, version=version)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
        raise InputError(
            f"{path}: a ground is an .mbtiles file of pictures, or a .geojson of lines"
        )

    def under(self, layers: Layers, server: TileServer | None = None) -> Ground:
        """What maps of a store have under them; the user's own file goes first."""
        if self.pictures is not None:
            held = self.pictures
            zooms = (held.shallowest, held.deepest)
            return Ground(tiles=TileServer(ADDRESS, held.attribution, zooms))
        if self.lines is not None:
            return Ground(shapes=self.lines)
        if server:
            return Ground(tiles=server)
        layer = layers.setting("ground")
        return Ground(shapes=layers.layer(str(layer))[1] if layer else None)

    def key(self, server: TileServer | None) -> str:
        """What an ETag must know of it."""
        return self.version or (server.address if server else "")


def own_ground(request: Request) -> OwnGround:
    """The file that the app was started with."""
    own: OwnGround = request.app.state.ground
    return own


@router.get("/ground/{zoom}/{column}/{row}")
def tile(request: Request, zoom: str, column: str, row: str) -> Response:
    """A tile of the user's own file; a clear one where it has none, which is no fault."""
    asked = {"zoom": zoom, "column": column, "row": row}
    pictures = own_ground(request).pictures
    found = pictures.tile(*(_number(asked, name) for name in asked)) if pictures else None
    content, media_type = found or (_NOTHING, "image/png")
    return Response(content, media_type=media_type, headers={"cache-control": "max-age=3600"})


def _number(asked: Mapping[str, str], name: str) -> int:
    highest = DEEPEST if name == "zoom" else 2**DEEPEST - 1
    return whole_number(asked, name, default=0, lowest=0, highest=highest)
