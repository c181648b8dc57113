"""`patchmap demo`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Annotated, Final

import geopandas as gpd
import pandas as pd
import typer

from api.commands.context import CommandContext, with_progress
from api.imports.basemaps import BasemapOptions, add_features
from api.settings import user_name
from boundaries.demo import DemoCity, build_city
from boundaries.demo.council import cases
from boundaries.demo.country import write_country
from boundaries.demo.export import write_files
from boundaries.demo.tasking.made import make_tasking
from boundaries.tasking.storage import save
from geo.crs import Projection
from geo.errors import ConflictError, InputError
from geo.formats.csv_table import Table, read_tables
from geo.formats.csv_text import to_csv
from geo.incidents import NOTES_SETTING, Partition
from geo.measures.model import Measure
from geo.store.contract import LayerMetadata, Setting, Store
from geo.store.measure_contract import TableFile
from geo.store.tasking_contract import TASKING_SUBJECTS

DEMO_ZOOMS = range(9, 15)
"""Zoom levels of the demo city's basemap: a city is small, so the first ones would be empty."""


def demo(
    context: typer.Context,
    files: Annotated[
        Path | None, typer.Option(help="Also write it to this folder, as files.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the city; another seed gives another.")] = 2026,
    records: Annotated[
        bool, typer.Option(help="Store a year of its council's records too.")
    ] = True,
    country: Annotated[
        int, typer.Option(min=0, help="Only write files of a country with this many incidents.")
    ] = 0,
) -> None:
    """Create the store of a synthetic demo city.

    With --files, also writes files to try imports with. With --country, writes only the files of
    a synthetic country, to try 'count --engine dask' with.
    """
    cli = CommandContext.of(context)
    if country:
        if not files:
            raise InputError("--country writes files only; name a folder with --files")
        made = write_country(files, country, Projection.choose(), seed=seed)
        paths = list(with_progress(made, "Writing"))
        cli.echo(
            [f"{files}: {len(paths)} files, {country:,} incidents of a synthetic country"],
            {"incidents": country, "files": [str(path) for path in paths]},
        )
        return
    with cli.open(create=True) as store:
        _refuse_other_data(store, cli.store_name)
        _refuse_other_tasks(store, cli.store_name, seed)
        city = build_city(seed)
        parts = city.partitions()
        with store.transaction():
            for layer_id, title, areas in _layers(city):
                metadata = LayerMetadata(layer_id, title, authority="Patchmap", source=city.label)
                store.put_layer(metadata, areas)
            store.put_layer(*_streets(city))
            for part in with_progress(parts, "Storing", total=len(parts)):
                store.put_partition(part, by=user_name())
            _put_measures(store, city)
            if records:
                _put_records(store, city)
            is_tasked = _put_tasking(store, city)
            settings: dict[str, Setting]
            settings = {"demo": seed, "default_layer": "wards", "ground": "blocks"}
            for key, value in settings.items():
                store.put_setting(key, value)
        _add_basemap(store, city)
        written = write_files(city, files, store.projection) if files else []
    n = len(city.incidents)
    also = f" and {len(city.cases):,} records" if records else ""
    lines = [f"{cli.store_name}: {city.label}, {n:,} incidents in {len(parts)} months{also}"]
    if not is_tasked:
        lines.append("its roster, priorities, meetings and tasks were there, and stay as they are")
    if files:
        lines.append(f"{files}: {len(written)} files to try imports with")
    facts = {"store": cli.store_name, "incidents": n, "files": [str(path) for path in written]}
    cli.echo(lines, facts)


def _put_measures(store: Store, city: DemoCity) -> None:
    """Store what the city's council measures and spends; the same rows again change nothing."""
    values = _table_file("measures", city.values, measures=city.measures)
    entries = _table_file("entries", city.entries)
    # Of a city of another seed none may stay: entries are added, and codes of blocks differ.
    for record in reversed(store.table_imports()):
        if record.state == "current" and record.sha256 not in (values.sha256, entries.sha256):
            store.undo_table_import(record.import_id)
    store.put_measure_values(city.values, values, by=user_name())
    store.put_entries(city.entries, entries, by=user_name())


def _put_records(store: Store, city: DemoCity) -> None:
    """Store both extracts of the council's records; the same ones again change nothing."""
    parts = _extracts(city, store.projection)
    own = {part.sha256 for part in parts}
    earlier = [record for record in store.imports() if record.source == RECORDS]
    # Of a city of another seed none may stay, and an extract cannot follow a later one.
    for record in reversed(earlier):
        if record.sha256 not in own:
            store.undo_import(record.import_id)
    if own <= {record.sha256 for record in earlier}:
        return
    for part in parts:
        store.put_partition(part, by=user_name())
    notes = parts[0].notes
    if notes:
        store.put_setting(NOTES_SETTING.format(RECORDS), notes.as_dict())


def _put_tasking(store: Store, city: DemoCity) -> bool:
    """Save what the city's boards decided, once: steps are only ever added.

    Returns
    -------
    Whether it was saved; not where the store has it.
    """
    if _has_tasking(store):
        return False
    save(store, [(one, 0) for one in make_tasking(city).everything])
    return True


def _has_tasking(store: Store) -> bool:
    return any(store.tasking_ids(subject) for subject in TASKING_SUBJECTS)


def _extracts(city: DemoCity, projection: Projection) -> list[Partition]:
    """The extracts of the council's records, read as their files are."""
    from geo.sources.mapping import read_mapping  # noqa: PLC0415 - workbooks load slowly
    from geo.sources.spreadsheet import read_mapped_tables  # noqa: PLC0415 - likewise

    mapping = read_mapping(cases.MAPPING.encode(), file="records.toml", folder=None)
    parts = []
    for day in cases.EXTRACTS:
        file = f"records-{day}.csv"
        content = to_csv(cases.extract_sheet(city.cases, day)).encode()
        part = read_mapped_tables(
            partial(_tables_of, content, file),
            mapping,
            projection,
            file=file,
            sha256=hashlib.sha256(content).hexdigest(),
            extracted=day,
        )
        parts.append(part)
    return parts


def _tables_of(content: bytes, file: str, *, rows: int) -> Iterator[Table]:
    yield from read_tables(BytesIO(content), file=file, rows=rows)


def _table_file(name: str, rows: pd.DataFrame, *, measures: tuple[Measure, ...] = ()) -> TableFile:
    # There is no file to hash, so the rows are.
    content = pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return TableFile(f"{_TABLES}{name}", sha256, rows_read=len(rows), measures=measures)


def _add_basemap(store: Store, city: DemoCity) -> None:
    """Keep the city's own basemap, by the door that any other comes through."""
    options = BasemapOptions(title=city.name, attribution=city.label)
    add_features(
        store,
        city.basemap,
        "demo",
        options,
        file=Path(city.name.lower()),
        features=sum(map(len, city.basemap.values())),
        zooms=DEMO_ZOOMS,
    )


_TABLES: Final = "demo-"
"""How the names of the demo city's tables begin."""

RECORDS: Final = "records"
"""The source of its council's records."""

STREETS: Final = "streets"
"""The id of the demo city's layer of streets."""


def _layers(city: DemoCity) -> list[tuple[str, str, gpd.GeoDataFrame]]:
    return [
        ("wards", "Wards (synthetic)", city.wards),
        ("estates", "Priority estates (synthetic)", city.estates),
        ("blocks", "Blocks (synthetic)", city.blocks),
    ]


def _streets(city: DemoCity) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """The pieces of streets between junctions, as a layer of lines."""
    metadata = LayerMetadata(
        STREETS,
        "Streets (synthetic)",
        authority="Patchmap",
        source=city.label,
        geometry_type="MultiLineString",
    )
    # As many digits in each, so that the order of codes is that of the streets.
    codes = [f"S{number:05d}" for number in range(1, len(city.segments) + 1)]
    segments = city.segments.rename(columns={"street_name": "name"})
    return metadata, segments.set_axis(pd.Index(codes, name="code", dtype="str"))


def _refuse_other_data(store: Store, name: str) -> None:
    own = store.setting("demo") is not None
    layers = {metadata.layer_id for metadata in store.layers()} - (
        {"wards", "estates", "blocks", STREETS} if own else set()
    )
    sources = {record.source for record in store.imports()} - ({"demo", RECORDS} if own else set())
    tables = {
        record.file
        for record in store.table_imports()
        if record.state == "current" and not (own and record.file.startswith(_TABLES))
    }
    if layers or sources or tables or (not own and _has_tasking(store)):
        raise ConflictError(
            f"{name} holds other data; name a new store for the demo with --store demo.gpkg"
        )


def _refuse_other_tasks(store: Store, name: str, seed: int) -> None:
    """Refuse a city of another seed where tasks of the first would lie in places of the second."""
    before = store.setting("demo")
    if before is not None and before != seed and _has_tasking(store):
        raise ConflictError(
            f"{name} has the tasks of the demo city of seed {before}, and tasks are never deleted; "
            "name a new store for another city with --store other.gpkg"
        )
