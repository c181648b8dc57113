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
    """A tile server that the user chose: the only host a page may ask besides its own."""

    address: str
    attribution: str

    @property
    def origin(self) -> str:
        """Scheme and host, for the content policy."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}".replace("{s}", "*")


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    `PATCHMAP_STORE` is the store that commands use when they name none; `PATCHMAP_TILES` and
    `PATCHMAP_TILES_ATTRIBUTION` are a tile server's address, with {z}, {x} and {y}, and the
    credit it asks for.
    """

    store: str = DEFAULT_STORE
    tiles: TileServer | None = None

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
        return cls(
            store=environment.get("PATCHMAP_STORE") or DEFAULT_STORE,
            tiles=TileServer(address, attribution) if address else None,
        )
