"""The settings of the service, read from the environment; nothing else reads it."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from api.access_settings import AccessSettings
from geo.errors import InputError

if sys.platform != "win32":
    import pwd

DEFAULT_STORE = "patchmap.gpkg"
POLICE_UK = "https://data.police.uk"
"""The site whose archives are below /data/archive/."""

ONS = "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services"
"""The catalogue of services of the Open Geography portal."""

DEADLINE_S = 60.0
"""How long a caller waits for an answer unless the settings say otherwise."""

PATIENCE_S = 10.0
"""After how long who opens a page reads that it is being prepared."""

WAITING = 64
"""How many may wait unless the settings say otherwise; each occupies a thread."""

UPLOAD_BYTES = 500_000_000
"""Largest upload unless the settings say otherwise."""

CACHE_BYTES = 500_000_000
"""Memory of all caches together unless the settings say otherwise."""

try:
    VERSION = version("patchmap")
except PackageNotFoundError:  # run from a plain copy of the code
    VERSION = "0"


def user_name() -> str:
    """The user who runs this process, for the records of changes.

    Of the process itself: what the environment says (`LOGNAME`) anyone could set, and be the second
    person who approves.
    """
    if sys.platform == "win32":
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return f"user-{os.getuid()}"


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this machine can show a browser's window to its user."""
    shown = {"DISPLAY", "WAYLAND_DISPLAY"} & {name for name, value in environment.items() if value}
    return sys.platform in ("darwin", "win32") or bool(shown)


def leave_large_pages(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let NumPy, which must not be loaded yet, ask for no pages of 2 MB, unless a user wants them.

    Linux may first move other memory together for each. Of arrays that soon go back to the system
    that took up to half of the time.

    Parameters
    ----------
    environment
        Of this process.
    """
    environment.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class TileServer:
    """Where the tiles under a map come from: a server or file that the user chose.

    The server is the only other host that pages may send requests to.

    Attributes
    ----------
    address
        The address of a tile, with {z}, {x} and {y}; without a host it is this service.
    attribution
        The credit to show on maps.
    zooms
        The first and last zoom, if known.
    """

    address: str
    attribution: str
    zooms: tuple[int, int] | None = None

    @property
    def origin(self) -> str:
        """Scheme and host for the content policy; '' for this service."""
        parts = urlsplit(self.address)
        if not parts.netloc:
            return ""
        return f"{parts.scheme}://{parts.netloc}".replace("{s}", "*")


@dataclass(frozen=True)
class Settings:
    """The settings of a service.

    Attributes
    ----------
    store
        `PATCHMAP_STORE`: the store of commands without `--store`.
    tiles
        `PATCHMAP_TILES` and `PATCHMAP_TILES_ATTRIBUTION`: a tile server and its credit.
    basemap
        `PATCHMAP_GROUND`: a file under every map, pictures (.mbtiles) or lines (.geojson).
    police_uk, ons
        `PATCHMAP_POLICE_UK` and `PATCHMAP_ONS`: the sites of `patchmap fetch`.
    cors
        `PATCHMAP_CORS`: origins whose pages may read the OGC API, separated by commas, or `*`.
    incidents
        `PATCHMAP_INCIDENTS`: whether callers on this machine may read single incidents; `off`
        forbids it.
    at_once
        `PATCHMAP_AT_ONCE`: how many questions are worked on at once; as many as there are
        processors by default.
    waiting
        `PATCHMAP_WAITING`: how many more callers may wait for theirs.
    deadline_s
        `PATCHMAP_DEADLINE`: seconds that a caller waits for an answer at most.
    patience_s
        `PATCHMAP_PATIENCE`: seconds until who opens a page reads that it is being prepared.
    cache_bytes
        `PATCHMAP_CACHE_MB`: memory that all caches together may take, in megabytes.
    upload_bytes
        `PATCHMAP_UPLOAD_MB`: the largest file that the page for importing takes, in megabytes.
    data_folder
        `PATCHMAP_DATA_FOLDER`: where the gazetteer of a store in a database is kept; by default
        below `$XDG_DATA_HOME`, or `~/.local/share`.
    access
        `PATCHMAP_ACCESS` and others: who may reach the service, and how they are known.
    audit
        `PATCHMAP_AUDIT`: whether to record who did what with personal data, `on` or `off`; always
        on where callers are known by accounts or a proxy.
    audit_key_file
        `PATCHMAP_AUDIT_KEY_FILE`: the file of the audit's key; by default beside the store.
    audit_head
        `PATCHMAP_AUDIT_HEAD`: a file to which the head of the audit is appended.
    """

    store: str = DEFAULT_STORE
    tiles: TileServer | None = None
    basemap: str = ""
    police_uk: str = POLICE_UK
    ons: str = ONS
    cors: tuple[str, ...] = ()
    incidents: bool = True
    at_once: int = field(default_factory=processors)
    waiting: int = WAITING
    deadline_s: float = DEADLINE_S
    patience_s: float = PATIENCE_S
    cache_bytes: int = CACHE_BYTES
    upload_bytes: int = UPLOAD_BYTES
    data_folder: Path = field(default_factory=lambda: _data_folder({}))
    access: AccessSettings = field(default_factory=AccessSettings)
    audit: bool = False
    audit_key_file: Path | None = None
    audit_head: Path | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read and check the settings.

        Raises
        ------
        InputError
            If a setting is invalid.
        """
        address = environment.get("PATCHMAP_TILES", "")
        if address and not (
            urlsplit(address).scheme in ("http", "https")
            and all(part in address for part in ("{z}", "{x}", "{y}"))
        ):
            raise InputError(
                f"PATCHMAP_TILES={address!r} is not a tile address; it must begin with http "
                "or https and contain {z}, {x} and {y}"
            )
        attribution = environment.get("PATCHMAP_TILES_ATTRIBUTION", "")
        incidents = environment.get("PATCHMAP_INCIDENTS") or "local"
        if incidents not in ("local", "off"):
            raise InputError(f"PATCHMAP_INCIDENTS={incidents!r} is unknown; choose local or off")
        access = AccessSettings.read(environment)
        return cls(
            store=environment.get("PATCHMAP_STORE") or DEFAULT_STORE,
            tiles=TileServer(address, attribution) if address else None,
            basemap=environment.get("PATCHMAP_GROUND", ""),
            police_uk=environment.get("PATCHMAP_POLICE_UK") or POLICE_UK,
            ons=environment.get("PATCHMAP_ONS") or ONS,
            cors=_origins(environment.get("PATCHMAP_CORS", "")),
            incidents=incidents == "local",
            at_once=_count(environment, "PATCHMAP_AT_ONCE", processors(), most=1_000),
            waiting=_count(environment, "PATCHMAP_WAITING", WAITING, most=10_000),
            deadline_s=_count(environment, "PATCHMAP_DEADLINE", int(DEADLINE_S), most=86_400),
            patience_s=_count(environment, "PATCHMAP_PATIENCE", int(PATIENCE_S), most=86_400),
            cache_bytes=_count(
                environment, "PATCHMAP_CACHE_MB", CACHE_BYTES // 1_000_000, most=1_000_000
            )
            * 1_000_000,
            upload_bytes=_count(
                environment, "PATCHMAP_UPLOAD_MB", UPLOAD_BYTES // 1_000_000, most=100_000
            )
            * 1_000_000,
            data_folder=_data_folder(environment),
            access=access,
            audit=_switch(environment, "PATCHMAP_AUDIT") or access.way != "local",
            audit_key_file=_path(environment, "PATCHMAP_AUDIT_KEY_FILE"),
            audit_head=_path(environment, "PATCHMAP_AUDIT_HEAD"),
        )


def _switch(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "off"
    if text not in ("on", "off"):
        raise InputError(f"{name}={text!r} is unknown; choose on or off")
    return text == "on"


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name)
    return Path(text) if text else None


def _data_folder(environment: Mapping[str, str]) -> Path:
    if own := environment.get("PATCHMAP_DATA_FOLDER"):
        return Path(own)
    shared = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(shared).expanduser() / "patchmap"


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where copies of stores lie that cannot lie beside them.

    Parameters
    ----------
    environment
        `PATCHMAP_CACHE_FOLDER`; without it below `$XDG_CACHE_HOME`, or `~/.cache`, as the XDG Base
        Directory Specification says.
    """
    if own := environment.get("PATCHMAP_CACHE_FOLDER"):
        return Path(own)
    return Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "patchmap"


def _count(environment: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise InputError(f"{name}={text!r} is not a whole number from 1 to {most:,}")
    return int(text)


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in ("http", "https") or parts.path or parts.query):
            raise InputError(
                f"PATCHMAP_CORS: {origin!r} is not an origin; write it as https://host"
            )
    return origins
