"""What all commands share: the store, the form of output, files to read, progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import typer

from api.commands.declared import CHANGES, RECORD_THEMSELVES, command_name, command_words
from api.formats.encoding import to_json
from api.identity.audit import Action
from api.identity.identity import local_identity
from api.imports.opening import POSTGRES, keeps_audit, open_audit, open_store
from api.settings import Settings, user_name
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.bounded import read_input
from geo.formats.csv_table import Table
from geo.formats.features import read_features
from geo.output import destination
from geo.sources.sheets import TABLE_ENDINGS, read_table_file
from geo.store.contract import LayerMetadata, Store
from geo.store.geopackage import is_store

Step = TypeVar("Step")


@dataclass
class CommandContext:
    """The options given before the command: which store, and text or JSON.

    Attributes
    ----------
    stdout_is_output
        Whether the output goes to standard output, so that messages must not.
    command, words
        The command's name, and the same with its arguments.
    """

    store: str
    json: bool
    stdout_is_output: bool = False
    command: str = ""
    words: str = ""

    @classmethod
    def of(cls, context: typer.Context) -> CommandContext:
        """The context that the options before the command set up."""
        cli: CommandContext = context.obj
        cli.command, cli.words = command_name(context), command_words(context)
        return cli

    @property
    def store_in_commands(self) -> str:
        """The store as a command line names it that people may copy."""
        return "postgresql://…" if self.store.startswith(POSTGRES) else self.store

    @property
    def store_name(self) -> str:
        """The store as lines name it: the address of a database can hold a password."""
        if not self.store.startswith(POSTGRES):
            return self.store
        from geo.store.postgis.server import database_name  # noqa: PLC0415 - only for a database

        return f"the database {database_name(self.store)}"

    @contextmanager
    def open(self, *, create: bool = False) -> Iterator[Store]:
        """Open the store that --store names; what is changed of it is recorded."""
        with open_store(self.store, create=create) as store:
            if self.command not in RECORD_THEMSELVES:
                store.before_commit(self.record_command)
            yield store

    def record_command(self) -> None:
        """Record this command by its name and arguments, where an audit is kept."""
        self.record(CHANGES.get(self.command, Action.CHANGE), subject=self.words)

    def record(
        self, action: Action, *, subject: str = "", rows: int | None = None, reason: str = ""
    ) -> None:
        """Record what this command does, where an audit is kept; before it is done for good.

        Parameters
        ----------
        action, subject, rows, reason
            As `Audit.record` takes them.

        Raises
        ------
        UnavailableError
            If it cannot be recorded.
        """
        settings = Settings.read()
        if not keeps_audit(self.store, settings):
            return
        with open_audit(self.store, settings) as trail:
            who = local_identity(user_name())
            trail.record(who, action=action, subject=subject, rows=rows, reason=reason)

    def check_output(self, output: Path, *inputs: Path) -> None:
        """Refuse an output that is the store, an input or another store, or cannot be written.

        Raises
        ------
        InputError
            Naming the file that would be overwritten.
        StoreError
            If the system does not let it be written.
        """
        target = destination(output)
        self.stdout_is_output |= target.is_stdout
        own = [] if self.store.startswith(POSTGRES) else [Path(self.store)]
        for source in (*own, *inputs):
            if target.file == Path(os.path.realpath(source)):
                raise InputError(f"{output} is being read; write to another file")
        if not target.is_stream and is_store(target.file):
            raise InputError(f"{output} is a Patchmap store; write to another file")

    def echo(self, lines: Iterable[str], facts: object) -> None:
        """Print the lines, or with --json the facts instead."""
        text = to_json(facts).decode() if self.json else "\n".join(lines)
        typer.echo(text, err=self.stdout_is_output)

    def warn(self, lines: Iterable[str]) -> None:
        """Print warnings, beside the output of any form."""
        for line in lines:
            typer.echo(f"warning: {line}", err=True)


def read_bytes(path: Path) -> bytes:
    """Read a file that the user named.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    return read_input(path)


def is_table(path: Path) -> bool:
    """Whether a file's name is that of a table: a CSV, or a workbook."""
    return path.suffix.lower() in TABLE_ENDINGS


def read_table(path: Path) -> Table:
    """Read a table that the user named, and say on standard error what is unusual about it.

    Raises
    ------
    InputError
        If it cannot be read, or a row is wider or narrower than the header.
    """
    table = read_table_file(path)
    for notice in table.notices:
        typer.echo(notice, err=True)
    return table


def read_vector(path: Path, *, layer: str = "") -> bytes:
    """Read a file of features as GeoJSON.

    Other formats go through GDAL in a sandboxed process: its parsers are not trusted with files
    from outside.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if not path.exists():
        raise InputError(f"there is no file {path}")
    return read_features(path, layer=layer, notify=partial(typer.echo, err=True))


def areas_of(
    cli: CommandContext, areas: str, *, inside: str = "", code_field: str = ""
) -> tuple[Projection, gpd.GeoDataFrame]:
    """Read the areas of a file, or of a layer of the store, and the projection of their metres.

    Of a file, `inside` names the layer and `code_field` the field of codes.

    Raises
    ------
    InputError
        If the file cannot be read.
    NotFoundError
        If there is no such file, and no such layer in the store.
    """
    # Plans bring all analyses with them, and few commands read areas.
    from boundaries.layers.read import read_layer  # noqa: PLC0415 - see above
    from boundaries.plans.plan_layers import read_layer_or_plan  # noqa: PLC0415 - see above

    path = Path(areas)
    if path.exists():
        projection = Projection.choose()
        metadata = LayerMetadata("areas", file=path.name, code_field=code_field)
        content = read_vector(path, layer=inside)
        return projection, read_layer(content, metadata, projection=projection).areas
    if inside or code_field:
        raise InputError(f"there is no file {areas}; a layer of the store needs no layer or field")
    with cli.open() as store:
        return store.projection, read_layer_or_plan(store, areas)[1]


def with_progress(steps: Iterable[Step], what: str, *, total: int | None = None) -> Iterator[Step]:
    """Pass the steps through, with a progress bar on standard error if it is a terminal."""
    if not sys.stderr.isatty():
        yield from steps
        return
    from rich.console import Console  # noqa: PLC0415 - only where it is seen
    from rich.progress import track  # noqa: PLC0415 - likewise

    yield from track(
        steps, description=what, total=total, console=Console(stderr=True), transient=True
    )
