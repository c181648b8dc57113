"""A PostGIS server for tests: the one of $TEST_DATABASE_URL, or a private one that is thrown away.

The private one listens on a unix socket in a folder of its own and is gone after the session.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

MISSING = (
    "PostGIS tests need a server: install postgresql-15-postgis-3 (Debian), or set "
    "TEST_DATABASE_URL=postgresql://… to one where databases may be made"
)
_TEMPLATE = "patchmap_template"
# A server that forgets everything at a power cut is three times as fast.
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "50",
}


class PostgresUnavailableError(RuntimeError):
    """There is no server for tests and none can be started here."""


class Cluster:
    """A server on which each test gets a fresh database with PostGIS."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[str] = []
        self._template = f"{_TEMPLATE}_{uuid.uuid4().hex[:8]}"
        self._make(self._template)
        with psycopg.connect(self.url_of(self._template), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")

    def url_of(self, database: str) -> str:
        """The address of one database of this server."""
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{database}"))

    def new_database(self, *, postgis: bool = True) -> str:
        """Make a database and return its address."""
        name = f"patchmap_{uuid.uuid4().hex[:12]}"
        self._make(name, template=self._template if postgis else "template1")
        return self.url_of(name)

    def restart(self) -> None:
        """Stop the server at once, as an administrator would, and start it again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop the server at once; whoever is connected loses the connection."""
        raise PostgresUnavailableError("the server of TEST_DATABASE_URL is not ours to stop")

    def start(self) -> None:
        """Start the server after `stop`."""
        raise PostgresUnavailableError("the server of TEST_DATABASE_URL is not ours to start")

    def drop_databases(self) -> None:
        """Remove every database that was made here."""
        for name in reversed(self._made):
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._made.clear()

    def _make(self, name: str, *, template: str = "template1") -> None:
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template)
        self._made.append(name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class PrivateCluster(Cluster):
    """A server that was made for this session."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self._data = folder / "data"
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
        self._as_server("pg_ctl", "start", "-w", "-l", str(self._folder / "log"))

    def stop(self) -> None:
        """Stop the server at once; whoever is connected loses the connection."""
        if (self._data / "postmaster.pid").exists():
            self._as_server("pg_ctl", "stop", "-m", "fast", "-w")

    def _as_server(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*user, str(self._programs / program), "-D", str(self._data), *arguments]
        done = subprocess.run(
            command, cwd=self._folder, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode:
            raise PostgresUnavailableError(f"{program} failed: {done.stderr.strip()}")


@contextmanager
def start_cluster() -> Iterator[Cluster]:
    """A server for as long as the block lasts; raises PostgresUnavailableError with one line."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        cluster = Cluster(given)
        try:
            yield cluster
        finally:
            cluster.drop_databases()
        return
    with _private_cluster() as private:
        yield private


@contextmanager
def _private_cluster() -> Iterator[PrivateCluster]:
    programs = _programs()
    # Short, because the path of a unix socket holds 107 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="pm-pg-", dir="/tmp"))
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
    script = (
        f"while kill -0 {os.getpid()}; do sleep 1; done; cd {folder};"
        f" {user}{programs}/pg_ctl stop -D {folder}/data -m immediate -w; rm -rf {folder}"
    )
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    watcher = subprocess.Popen(
        ["sh", "-c", script], start_new_session=True, stderr=subprocess.DEVNULL, **quiet
    )
    try:
        yield
    finally:
        watcher.kill()
        watcher.wait()


def _programs() -> Path:
    """The folder of the newest PostgreSQL that has PostGIS."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4])
    )
    for initdb in reversed(found):
        extension = Path("/usr/share/postgresql") / initdb.parts[4] / "extension/postgis.control"
        if extension.exists():
            return initdb.parent
    raise PostgresUnavailableError(MISSING)
