"""The only reader of the environment."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from geo.errors import InputError

DEFAULT_STORE = "patchmap.gpkg"
POLICE_UK = "https://data.police.uk"
"""Where archives are found, below /data/archive/."""

ONS = "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services"
"""The catalogue of the Open Geography portal's services."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")

try:
    VERSION = version("patchmap")
except PackageNotFoundError:  # run from a plain copy of the code
    VERSION = "0"


def user_name() -> str:
    """Who runs this process, for the records of what was changed."""
    return getpass.getuser()


@dataclass(frozen=True)
class TileServer:
    """Where the pictures under a map come from: a server or file that the user chose.

    A server is the only host that a page may ask besides its own.

    Attributes
    ----------
    address
        With {z}, {x} and {y}; without a host it is of this service.
    zooms
        The first and the last zoom there is, where that is known.
    """

    address: str
    attribution: str
    zooms: tuple[int, int] | None = None

    @property
    def origin(self) -> str:
        """Scheme and host, for the content policy; '' for this service."""
        parts = urlsplit(self.address)
        if not parts.netloc:
            return ""
        return f"{parts.scheme}://{parts.netloc}".replace("{s}", "*")


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    `PATCHMAP_STORE` is the store that commands use when they name none; `PATCHMAP_TILES` and
    `PATCHMAP_TILES_ATTRIBUTION` are a tile server's address, with {z}, {x} and {y}, and the
    credit it asks for. `PATCHMAP_POLICE_UK` and `PATCHMAP_ONS` are where `patchmap fetch` asks.
    `PATCHMAP_GROUND` is a file that lies under every map: pictures (.mbtiles) or lines (.geojson).
    `PATCHMAP_CORS` names the origins whose pages may read the OGC API, comma between them, or is
    `*`; `PATCHMAP_INCIDENTS=off` keeps single incidents from callers on this machine too.
    """

    store: str = DEFAULT_STORE
    tiles: TileServer | None = None
    basemap: str = ""
    police_uk: str = POLICE_UK
    ons: str = ONS
    cors: tuple[str, ...] = ()
    incidents: bool = True

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; absurd ones are refused at once.

        Raises
        ------
        InputError
            If a setting makes no sense.
        """
        address = environment.get("PATCHMAP_TILES", "")
        if address and not (
            urlsplit(address).scheme in ("http", "https")
            and all(part in address for part in ("{z}", "{x}", "{y}"))
        ):
            raise InputError(
                f"PATCHMAP_TILES={address!r} is no tile address: it must begin with http and "
                "hold {z}, {x} and {y}"
            )
        attribution = environment.get("PATCHMAP_TILES_ATTRIBUTION", "")
        incidents = environment.get("PATCHMAP_INCIDENTS") or "local"
        if incidents not in ("local", "off"):
            raise InputError(f"PATCHMAP_INCIDENTS={incidents!r} is none of: local, off")
        return cls(
            store=environment.get("PATCHMAP_STORE") or DEFAULT_STORE,
            tiles=TileServer(address, attribution) if address else None,
            basemap=environment.get("PATCHMAP_GROUND", ""),
            police_uk=environment.get("PATCHMAP_POLICE_UK") or POLICE_UK,
            ons=environment.get("PATCHMAP_ONS") or ONS,
            cors=_origins(environment.get("PATCHMAP_CORS", "")),
            incidents=incidents == "local",
        )


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in ("http", "https") or parts.path or parts.query):
            raise InputError(f"PATCHMAP_CORS: {origin!r} is no origin, write it as https://host")
    return origins
