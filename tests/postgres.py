"""A PostGIS server for tests: the one of $TEST_DATABASE_URL, or a private one that is thrown away.

The private one listens on a unix socket in a folder of its own and is gone after the session.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import LiteralString, cast
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.disks import MEMORY, has_room
from tests.signals import ProcessHandle

MISSING = (
    "PostGIS tests need a server: install postgresql-15-postgis-3 (Debian), or set "
    "TEST_DATABASE_URL=postgresql://… to one where databases may be made"
)
_TEMPLATE = "patchmap_template"
# A server that forgets everything at a power cut, though not at a crash, is three times as fast.
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "50",
    "max_wal_size": "256MB",
}


# Whoever holds the lock of writers comes first.
_WRITER = (
    "SELECT a.pid FROM pg_stat_activity AS a"
    " LEFT JOIN pg_locks AS l ON l.pid = a.pid AND l.locktype = 'advisory' AND l.granted"
    " WHERE a.datname = %s ORDER BY l.pid IS NULL LIMIT 1"
)
_WORKS = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"


class PostgresUnavailableError(RuntimeError):
    """There is no server for tests and none can be started here."""


class Cluster:
    """A server on which each test gets a fresh database with PostGIS."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[str] = []
        self._by_files = _by_files(url)
        self._template = f"{_TEMPLATE}_{uuid.uuid4().hex[:8]}"
        self._make(self._template)
        with psycopg.connect(self.url_of(self._template), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")

    def url_of(self, database: str) -> str:
        """The address of one database of this server."""
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{database}"))

    def new_database(self, *, postgis: bool = True, like: str = "") -> str:
        """Make a database, empty or a copy of the one at an address, and return its address."""
        name = f"patchmap_{uuid.uuid4().hex[:12]}"
        empty = self._template if postgis else "template1"
        self._make(name, template=_name_of(like) if like else empty)
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        """Remove one database."""
        self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", _name_of(url))
        self._made.remove(_name_of(url))

    def drop_databases(self) -> None:
        """Remove every database that was made here."""
        for name in reversed(self._made):
            self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._made.clear()

    def run(self, statement: str, *names: str) -> None:
        """Run a statement as the administrator, with names in the places of its `{}`."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(
                sql.SQL(cast("LiteralString", statement)).format(*map(sql.Identifier, names))
            )

    def _make(self, name: str, *, template: str = "template1") -> None:
        self.run(f"CREATE DATABASE {{}} TEMPLATE {{}}{self._by_files}", name, template)
        self._made.append(name)


class PrivateCluster(Cluster):
    """A server that was made for this session."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        self._data = folder / "data"
        self._postmaster: ProcessHandle | None = None
        self._as_server("initdb", "-U", "patchmap", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"unix_socket_directories = '{folder}'\n")
            file.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())
        self.start()
        try:
            super().__init__(f"postgresql://patchmap@/postgres?host={quote(str(folder), safe='')}")
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._as_server("pg_ctl", "start", "-w", "-l", str(self.folder / "log"))
        pid = (self._data / "postmaster.pid").read_text().split()[0]
        self._postmaster = ProcessHandle(int(pid))

    def stop(self) -> None:
        """Stop the server at once; whoever is connected loses the connection."""
        self._end(signal.SIGINT)

    def restart(self) -> None:
        """Stop the server at once, as an administrator would, and start it again."""
        self.stop()
        self.start()

    def crash(self) -> None:
        """Break off all that the server does, and start it again: it recovers from its log."""
        self._end(signal.SIGQUIT)
        self.start()

    @contextmanager
    def database_at(self, folder: Path) -> Iterator[str]:
        """The address of a database that lies in a folder of the server's user."""
        self.run(f"CREATE TABLESPACE small LOCATION '{folder}'")
        url = self.new_database()
        try:
            self.run("ALTER DATABASE {} SET TABLESPACE small", _name_of(url))
            yield url
        finally:
            self.drop_database(url)
            self.run("DROP TABLESPACE small")

    def kill_writer(self, url: str) -> None:
        """Kill -9 the server's process that works for the writer of a database, if there is one.

        The server then breaks off everybody's work and recovers.
        """
        with psycopg.connect(self._url, autocommit=True) as watch:
            writer = watch.execute(_WRITER, (_name_of(url),)).fetchone()
            if writer is None:
                return
            # It may have come to its end, or come to it now: then nobody is broken off.
            with suppress(ProcessLookupError, psycopg.OperationalError):
                backend = ProcessHandle(
                    writer[0], lambda: watch.execute(_WORKS, writer).fetchone() is not None
                )
                backend.send(signal.SIGKILL)
                backend.close()
                watch.execute("SELECT pg_sleep(1)")
        self._wait_until_recovered()

    def _end(self, with_signal: signal.Signals) -> None:
        if self._postmaster is None:
            return
        self._postmaster.send(with_signal)
        self._postmaster.wait()
        self._postmaster.close()
        self._postmaster = None

    def _wait_until_recovered(self) -> None:
        deadline = time.monotonic() + 120  # the machine may be busy
        while True:
            try:
                psycopg.connect(self._url).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _as_server(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*user, str(self._programs / program), "-D", str(self._data), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode:
            raise PostgresUnavailableError(f"{program} failed: {done.stderr.strip()}")


@contextmanager
def start_cluster(*, in_memory: bool = False) -> Iterator[Cluster]:
    """A server for as long as the block lasts; raises PostgresUnavailableError with one line.

    On some disks a database is made ten times as slowly as in memory, which tests may ask for.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        cluster = Cluster(given)
        try:
            yield cluster
        finally:
            cluster.drop_databases()
        return
    # Short, because the path of a unix socket holds 107 characters at most.
    with _private_cluster(MEMORY if in_memory and has_room(MEMORY) else Path("/tmp")) as private:
        yield private


@contextmanager
def _private_cluster(parent: Path) -> Iterator[PrivateCluster]:
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="pm-pg-", dir=parent))
    try:
        folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        with _watched(folder, programs):
            private = PrivateCluster(folder, programs)
            try:
                yield private
            finally:
                private.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _watched(folder: Path, programs: Path) -> Iterator[None]:
    """Should these tests be killed, their server goes too."""
    user = "runuser -u postgres -- " if os.geteuid() == 0 else ""
    # The pipe is closed when the tests end, however they end: no id of a process is looked at.
    script = (
        f"read -r _; cd {folder};"
        f" {user}{programs}/pg_ctl stop -D {folder}/data -m immediate -w; rm -rf {folder}"
    )
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    watcher = subprocess.Popen(
        ["sh", "-c", script], start_new_session=True, stdin=subprocess.PIPE, **quiet
    )
    try:
        yield
    finally:
        watcher.kill()
        watcher.communicate()


def _by_files(url: str) -> str:
    """How a new database is copied with the least work: otherwise each page is logged too."""
    with psycopg.connect(url) as connection:
        return " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""


def _name_of(url: str) -> str:
    """The database of an address."""
    return urlsplit(url).path.removeprefix("/")


def _programs() -> Path:
    """The folder of the newest PostgreSQL that has PostGIS."""
    programs = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4])
    )
    for initdb in reversed(programs):
        extension = Path("/usr/share/postgresql") / initdb.parts[4] / "extension/postgis.control"
        if extension.exists():
            return initdb.parent
    raise PostgresUnavailableError(MISSING)
