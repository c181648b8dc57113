"""Files that are read from as they are: tiles, stores, mapping files, weights, GeoParquet."""

from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from api.look.facts import Check, FileFacts, Part
from api.look.features import look_at_features
from api.look.fields import describe_fields, frame_columns
from api.look.kinds import Kind
from api.look.options import LAYER, Options
from api.look.tally import Tally
from geo.errors import InputError
from geo.formats.bounded import read_input
from geo.formats.untrusted_sqlite import open_untrusted
from geo.question.harm import read_weights
from geo.sources.geoparquet import parquet_parts, read_parquet_points
from geo.sources.mapping import read_mapping
from geo.sources.sample import SAMPLE
from geo.sources.sections import LARGEST_MAPPING
from geo.tiles.opening import open_tiles

_MOST_TABLES = 200


def look_at_toml(path: Path, options: Options) -> FileFacts:
    """Look at a mapping file or a harm table.

    Raises
    ------
    InputError
        If it is neither of them.
    """
    content = read_input(path, most=LARGEST_MAPPING)
    facts = FileFacts(path.name, str(Kind.TOML), len(content))
    if _is_weights(content):
        table = read_weights(content, file=path.name)
        command = options.command("weights", "add", path, "--id", _weights_id(path))
        title = f"a harm table: {table.title}, {len(table.weights)} categories"
        return replace(facts, kind="harm table (TOML)", title=title, commands=(command,))
    mapping = read_mapping(content, file=path.name, folder=path.parent)
    partition = () if mapping.id_column else ("--partition", "NAME")
    return replace(
        facts,
        kind="mapping file (TOML)",
        title=f"a mapping for tables of {mapping.source}; it needs the columns "
        + ", ".join(mapping.columns),
        commands=(options.command("ingest", "FILE", "--mapping", path, *partition),),
    )


def _is_weights(content: bytes) -> bool:
    with suppress(ValueError, RecursionError):
        return "weights" in tomllib.loads(content.decode("utf-8-sig"))
    return False


def _weights_id(path: Path) -> str:
    letters = "".join(letter if letter.isalnum() else "-" for letter in path.stem.lower())
    return letters.strip("-") if letters.isascii() and letters[:1].isalpha() else "weights"


def look_at_tiles(path: Path, options: Options) -> FileFacts:
    """Look at a file of tiles.

    Raises
    ------
    InputError
        If it is none, or damaged.
    """
    with closing(open_tiles(path)) as tiles:
        facts = tiles.metadata
    credit = f"; credit: {facts.attribution}" if facts.attribution else "; without a credit"
    noun = "vector" if facts.kind == "vector" else "picture"
    title = f"{noun} tiles of zoom {facts.first} to {facts.last}{credit}"
    commands = (options.command("basemap", "add", path), options.command("serve", "--ground", path))
    kind = Kind.PMTILES if path.suffix.lower() == ".pmtiles" else Kind.MBTILES
    return FileFacts(path.name, str(kind), path.stat().st_size, title=title, commands=commands)


def look_at_store(path: Path, _options: Options) -> FileFacts:
    """Look at a store without opening it, which would update one of an earlier release.

    Raises
    ------
    InputError
        If it is damaged.
    """
    try:
        with closing(open_untrusted(path, what="a Patchmap store")) as database:
            rows = database.execute(
                "SELECT c.table_name, o.feature_count FROM gpkg_contents c LEFT JOIN "
                "gpkg_ogr_contents o ON o.table_name = c.table_name "
                "WHERE c.data_type = 'features' ORDER BY 1"
            ).fetchmany(_MOST_TABLES)
    except sqlite3.Error as error:
        raise InputError(f"{path.name} is a Patchmap store, but damaged: {error}") from error
    parts = tuple(Part(str(name), n if n is None else int(n)) for name, n in rows)
    own = Options(store=str(path))
    return FileFacts(
        path.name,
        str(Kind.STORE),
        path.stat().st_size,
        title="incidents and layers that were imported before",
        parts=parts,
        commands=(own.command("layers", "list"), own.command("serve")),
    )


def look_at_parquet(path: Path, options: Options) -> FileFacts:
    """Look at a GeoParquet file of incidents.

    Raises
    ------
    InputError
        If it is no Parquet file.
    """
    parts = parquet_parts(path)
    names = set(pq.read_schema(path).names)
    if "category" not in names or not names & {"month", "occurred_from"}:
        return look_at_features(path, Kind.PARQUET, options)
    with pq.ParquetFile(path) as file:
        rows = file.metadata.num_rows
        sample = next(iter(file.iter_batches(SAMPLE)), None)
    frame = None if sample is None else sample.to_pandas()
    facts = FileFacts(
        path.name,
        "GeoParquet file",
        path.stat().st_size,
        title="incidents to be counted on a cluster, without a store",
        rows=rows,
        fields=() if frame is None else describe_fields(frame_columns(_without_bytes(frame))),
        commands=(
            options.command(
                *("count", "--engine", "dask", path, "--areas", LAYER, "-o", "counts.csv")
            ),
        ),
    )
    tally = Tally(options.projection)
    try:
        # One batch has 500,000 rows, so the first is enough.
        for points in read_parquet_points(parts[0], options.projection) if parts else ():
            tally.add_points(points)
            break
    except InputError as error:
        return replace(facts, title="", check=Check(problem=str(error)), commands=())
    return replace(
        facts,
        place=tally.place("as its metadata says"),
        dates=tally.dates,
        check=tally.check,
        categories=tally.categories,
    )


def _without_bytes(frame: pd.DataFrame) -> pd.DataFrame:
    """All columns but those of geometries, which nobody reads."""
    binary = [
        name for name in frame if frame[name].map(lambda value: isinstance(value, bytes)).any()
    ]
    return frame.drop(columns=binary)
