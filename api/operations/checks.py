"""What speaks against starting a service as it is set up: `patchmap serve --check`."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.imports.opening import KEY_ENDING, POSTGRES
from api.load.connections import most_connections
from api.settings import VERSION, Settings
from boundaries.gazetteer.folder import beside
from geo.errors import PatchmapError
from geo.formats.sandbox import missing_walls
from geo.incidents import LONDON
from geo.store.geopackage.inspection import file_migrations
from geo.store.geopackage.records import records_path

Verdict = Literal["refused", "warning", "ok"]

LEAST_FREE_BYTES: Final = 200_000_000
"""Where a disk has less room, an import or the audit may find none."""

ROOM_FOR_BACKUP: Final = 2
"""How often a store should fit on its disk: once for itself, once for a backup of it."""

AS_ROOT: Final = "the service runs as root; give it a user of its own"
"""A warning, and not a refusal: root of a container without privileges is nobody outside of it."""

LEAST_CONNECTIONS: Final = 256
LEAST_POSTGRESQL: Final = 130_000
_MOST_CLOCK_S: Final = 30.0
_NETWORK_DISKS: Final = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "afs")
_VERIFIED: Final = ("verify-full", "verify-ca")


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    verdict
        `refused` where the service must not start like that.
    check
        What was looked at.
    text
        What it is, and what to do.
    """

    verdict: Verdict
    check: str
    text: str

    @property
    def line(self) -> str:
        """It in one line."""
        return f"{self.verdict}: {self.check}: {self.text}"


def findings(settings: Settings, *, create: bool) -> Iterator[Finding]:
    """Yield what each check found, without changing anything.

    Parameters
    ----------
    settings
        With the store that is to be served, and where it will listen.
    create
        Whether the store may be made.
    """
    yield Finding("ok", "versions", f"Patchmap {VERSION}, Python {platform.python_version()}")
    if settings.store.startswith(POSTGRES):
        yield from _database(settings.store)
    else:
        yield from _file(Path(settings.store), create=create)
    if settings.audit:
        own = beside(settings.store, settings.data_folder, KEY_ENDING)
        yield from private_file("audit key", settings.audit_key_file or own)
    yield from _walls(settings)
    yield from _machine()
    yield from _unsafe_settings(settings)


def refusal(check: str, error: PatchmapError) -> Finding:
    """Return the finding of a check that failed."""
    return Finding("refused", check, str(error))


def private_file(check: str, path: Path) -> Iterator[Finding]:
    """Look at a file that only its owner may read.

    Parameters
    ----------
    check
        What the file is.
    path
        It may be missing: it is made at the first start.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        yield Finding("ok", check, f"{path} will be made")
        return
    except OSError as error:
        yield Finding("refused", check, f"{path} cannot be read: {error.strerror}")
        return
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("refused", check, f"others can read {path}; run: chmod 600 {path}")
    elif not os.access(path, os.R_OK | os.W_OK):
        yield Finding("refused", check, f"{path} is another user's; run: chown it to the service")
    else:
        yield Finding("ok", check, f"only the service can read {path}")


def _file(path: Path, *, create: bool) -> Iterator[Finding]:
    real = Path(os.path.realpath(path))
    if not real.exists():
        made = Finding("ok", "store", f"{path} will be made")
        yield made if create else Finding("refused", "store", f"no {path}; --create makes it")
    else:
        yield from _store_file(real)
    yield from private_file("records", records_path(path))
    yield from _folder(real.parent, real.stat().st_size if real.exists() else 0)


def _store_file(path: Path) -> Iterator[Finding]:
    mode = path.stat().st_mode
    if mode & stat.S_IRWXO:
        yield Finding("refused", "store", f"every user can read {path}; run: chmod o= {path}")
    elif mode & stat.S_IRWXG:
        yield Finding(
            "warning", "store", f"the file's group can read {path}; if not meant, chmod 600"
        )
    else:
        yield Finding("ok", "store", f"only its owner can read {path}")
    try:
        missing = file_migrations(path)
    except PatchmapError as error:
        yield refusal("store", error)
        return
    yield from _migrations(missing)


def _migrations(missing: int) -> Iterator[Finding]:
    if missing:
        text = f"this version will change the store in {missing} steps; back it up before it starts"
        yield Finding("warning", "upgrade", text)


def _folder(folder: Path, store_bytes: int) -> Iterator[Finding]:
    try:
        mode = folder.stat().st_mode
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Finding("refused", "folder", f"{folder} cannot be used: {error.strerror}")
        return
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield Finding(
            "refused", "folder", f"every user can change {folder}; run: chmod o-w {folder}"
        )
    if disk := _network_disk(folder):
        text = (
            f"{folder} is on a network drive ({disk}), where stores are damaged; use a local disk"
        )
        yield Finding("refused", "folder", text)
    yield _room(folder, free, store_bytes)


def _room(folder: Path, free: int, store_bytes: int) -> Finding:
    text = f"{free / 1e9:,.1f} GB free at {folder}"
    if free < LEAST_FREE_BYTES:
        return Finding("refused", "disk", f"{text}; make room")
    if free < store_bytes * (ROOM_FOR_BACKUP - 1):
        return Finding("warning", "disk", f"{text}, too little for a backup of the store")
    return Finding("ok", "disk", text)


def _network_disk(folder: Path) -> str:
    """The type of the network drive that a folder is on; '' for a local disk, or not on Linux."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    places = [(fields[1].replace("\\040", " "), fields[2]) for fields in map(str.split, mounts)]
    own = [(place, kind) for place, kind in places if folder.is_relative_to(place)]
    _, kind = max(own, key=lambda entry: len(entry[0]), default=("", ""))
    return kind if kind.startswith(_NETWORK_DISKS) else ""


def _database(url: str) -> Iterator[Finding]:
    from geo.store.postgis.inspection import database_facts  # noqa: PLC0415 - only where it is used

    try:
        facts = database_facts(url)
    except PatchmapError as error:
        yield refusal("store", error)
        return
    yield from _connection(facts.sslmode, is_local=facts.is_local)
    if facts.has_password:
        text = "its address holds a password, which 'ps' may show; use PGPASSFILE or ~/.pgpass"
        yield Finding("warning", "database", text)
    if facts.is_superuser:
        text = "the user may do everything on the server; give Patchmap a user of its own"
        yield Finding("warning", "database", text)
    if facts.version < LEAST_POSTGRESQL:
        yield Finding("refused", "versions", "PostgreSQL is older than 13; update it")
    if not facts.postgis:
        yield Finding("refused", "versions", "PostGIS is missing; run: CREATE EXTENSION postgis")
    else:
        text = f"PostgreSQL {facts.version // 10_000}, PostGIS {facts.postgis}"
        yield Finding("ok", "versions", text)
    if abs(facts.clock_s) > _MOST_CLOCK_S:
        text = (
            f"the database's clock is {facts.clock_s:+.0f} s off; set both by the same time server"
        )
        yield Finding("warning", "time", text)
    yield from _migrations(facts.migrations)


def _connection(sslmode: str, *, is_local: bool) -> Iterator[Finding]:
    if is_local:
        yield Finding("ok", "database", "reached without a network")
    elif sslmode in _VERIFIED:
        yield Finding("ok", "database", f"reached by TLS, its certificate is checked ({sslmode})")
    elif sslmode == "require":
        text = "TLS, but any server may pose as it; add sslmode=verify-full and sslrootcert=…"
        yield Finding("warning", "database", text)
    else:
        text = f"sslmode={sslmode} lets others read along; add sslmode=verify-full to the address"
        yield Finding("refused", "database", text)


def _walls(settings: Settings) -> Iterator[Finding]:
    reached = missing_walls()
    if not reached:
        yield Finding("ok", "sandbox", "readers of uploaded files reach no other files, no network")
        return
    shared = settings.access.way != "local"
    verdict: Verdict = "refused" if shared and "other files" in reached else "warning"
    text = f"readers of uploaded files can reach {' and '.join(reached)}; install bubblewrap"
    yield Finding(verdict, "sandbox", text)


def _machine() -> Iterator[Finding]:
    try:
        ZoneInfo(LONDON)
    except ZoneInfoNotFoundError:
        text = f"{LONDON} is unknown here; install the package tzdata"
        yield Finding("refused", "time", text)
    else:
        yield Finding("ok", "time", f"months and days are those of {LONDON}")
    if most_connections() < LEAST_CONNECTIONS:
        text = f"only {most_connections()} connections at once; raise the limit with 'ulimit -n'"
        yield Finding("warning", "machine", text)
    if sys.version_info >= (3, 14):
        yield Finding("warning", "versions", "tested with Python 3.11; this one is newer")
    if sqlite3.sqlite_version_info < (3, 35):
        yield Finding("refused", "versions", f"SQLite {sqlite3.sqlite_version} is older than 3.35")


def _unsafe_settings(settings: Settings) -> Iterator[Finding]:
    if settings.access.way == "local":
        yield Finding("ok", "access", "this machine alone, and everybody on it has all rights")
        return
    where = settings.access.public_url or "this machine alone"
    yield Finding("ok", "access", f"by {settings.access.way}, at {where}")
    public = settings.access.public_url
    if public and not public.is_local and not settings.access.is_secure:
        text = "passwords and answers can be read on the way; serve https (PATCHMAP_PUBLIC_URL)"
        yield Finding("refused", "access", text)
    if "*" in settings.cors:
        text = "PATCHMAP_CORS=* lets the pages of any site read with a key; name the sites"
        yield Finding("refused", "settings", text)
    if settings.tiles:
        text = f"pages ask {settings.tiles.origin} for tiles, which shows it where people look"
        yield Finding("warning", "settings", text)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        yield Finding("warning", "user", AS_ROOT)
