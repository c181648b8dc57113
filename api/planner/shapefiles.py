"""A plan as shapefiles in a zip, as reviews ask for: areas, blocks, and what their fields mean."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyogrio

from boundaries.layers.electorates import electorate_title, electorates
from geo.formats.csv_text import to_csv
from geo.output.reasons import library_errors
from geo.temporary import TemporaryFolder

_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "area_code": ("area_code", "code of the area"),
    "area_name": ("area_name", "name of the area"),
    "members": ("members", "councillors"),
    "blocks": ("blocks", "number of blocks"),
    "pieces": ("pieces", "number of connected parts"),
    "residents": ("residents", "residents"),
    "area_km2": ("area_km2", "square kilometres"),
    "polsby_popper": ("polsby_pop", "compactness by Polsby and Popper, 1 for a circle"),
}
"""The field and its meaning by column: a shapefile has names of at most ten letters."""


def write_plan_shapefiles(areas: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame, path: Path) -> None:
    """Write a zip of `areas.shp`, `blocks.shp` and `fields.csv`, with texts in UTF-8.

    Parameters
    ----------
    areas
        The areas with their measures; of these, the electoral ones are written.
    blocks
        `block_code`, `area_code` and the geometry.

    Raises
    ------
    OSError
        If GDAL cannot write them.
    """
    named = {column: field for column, field in _fields(areas).items() if column in areas}
    short = {column: field for column, (field, _) in named.items()}
    layers = {
        "areas": areas[[*short, areas.geometry.name]].rename(columns=short),
        "blocks": blocks,
    }
    with TemporaryFolder() as folder:
        for name, layer in layers.items():
            shapefile = Path(folder) / f"{name}.shp"
            with library_errors(path, RuntimeError):
                pyogrio.write_dataframe(layer, shapefile, driver="ESRI Shapefile", encoding="UTF-8")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.write(file, file.name)
            archive.writestr("fields.csv", to_csv(_meanings(named)).encode())


def _fields(areas: gpd.GeoDataFrame) -> dict[str, tuple[str, str]]:
    """The fields of areas, with those of each electorate after the councillors."""
    fields = {name: _FIELDS[name] for name in ("area_code", "area_name", "members")}
    for electors, ending in electorates(areas.columns).items():
        when = electorate_title(electors)
        short = {"": "", "_forecast": "_fc"}.get(ending, ending)
        fields[electors] = (f"elect{short}" if short else "electors", f"electors, {when}")
        fields[f"{electors}_per_member"] = (
            f"per_m{short}" if short else "per_member",
            f"electors per councillor, {when}",
        )
        fields[f"variance_percent{ending}"] = (
            f"var_p{short}" if short else "var_pct",
            f"per cent above or below the average of the council, {when}",
        )
    return {**fields, **_FIELDS}


def _meanings(named: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            *(("areas", field, column, meaning) for column, (field, meaning) in named.items()),
            ("blocks", "block_code", "block_code", "code of the block"),
            ("blocks", "area_code", "area_code", "code of the area that it is in"),
        ],
        columns=["layer", "field", "column", "meaning"],
    )
