"""Housing sites: dwellings by year and electors a dwelling, which add to forecasts of blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.layers.electorates import CURRENT, FORECAST, electorates
from boundaries.layers.sites import read_site_features, read_site_table
from geo.allocation.apportionment import apportion
from geo.areal.best_fit import overlap_shares
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.formats.geojson import feature_collection
from geo.locate import OUTSIDE, AreaLocator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_YEAR = re.compile(r"(?:dwellings[ _]?)?((?:19|20)\d\d)", re.IGNORECASE)
_EACH = re.compile(r"electors[ _](?:per|a)[ _]dwelling", re.IGNORECASE)

MOST_DWELLINGS, MOST_EACH = 1_000_000, 20
"""More dwellings of a year, or electors a dwelling, are a slip of the hand."""

EACH = "electors_per_dwelling"
"""Column of sites: electors in each dwelling, NaN where not known."""

WITHOUT, ADDED = "_without_sites", "_from_sites"
"""Suffixes of columns of blocks: a forecast before sites were added to it, and what they add."""


@dataclass(frozen=True, eq=False)
class AddedSites:
    """Blocks with the electors of housing sites in their forecasts.

    Attributes
    ----------
    areas
        The blocks: each forecast with what the sites add, and besides it two columns of what it
        was without them, and what they add (`WITHOUT`, `ADDED`).
    sites
        A row for each site, by code: `area_name`, `blocks` (codes of those that it lies in, most
        of it first), `dwellings` (NaN where any year is unknown), `outside` (share of it beyond
        all blocks, 0 to 1), and the electors that it adds to each forecast, NaN where unknown.
    """

    areas: gpd.GeoDataFrame
    sites: pd.DataFrame


def read_housing_table(
    table: Table, *, projection: Projection, each: float | None = None
) -> gpd.GeoDataFrame:
    """Read a table of housing sites as points.

    Parameters
    ----------
    table
        With coordinates as for `sites.read_site_table`, a column for each year (`2027` or
        `dwellings 2027`), and `electors per dwelling`.
    projection
        To the working CRS.
    each
        Electors a dwelling where a site does not say; None to leave them unknown.

    Returns
    -------
    Points in metres by code, with `area_name`, `dwellings_YYYY` for each year in order, and
    `EACH`. An empty cell is NaN: not known.

    Raises
    ------
    InputError
        If a position or number is wrong, a code is repeated, or there are no years.
    """
    sites = read_site_table(table, projection=projection)
    values = pd.DataFrame({name: table.text(name) for name in table.header})
    places = [f"{table.file}, line {line}" for line in table.lines]
    return _with_numbers(sites, values, places, each=each, file=table.file)


def read_housing_features(
    content: bytes, *, file: str, projection: Projection, each: float | None = None
) -> gpd.GeoDataFrame:
    """Read a GeoJSON file of housing sites, all points or all polygons.

    Parameters
    ----------
    content, file, projection
        As for `sites.read_site_features`.
    each
        As for `read_housing_table`.

    Returns
    -------
    As `read_housing_table`, points or polygons.

    Raises
    ------
    InputError
        As for `read_housing_table`, or if there are points and polygons.
    """
    sites = read_site_features(content, file=file, projection=projection)
    dimensions = set(shapely.get_dimensions(sites.geometry.to_numpy()).tolist())
    if len(dimensions) > 1:
        raise InputError(f"{file} holds points and polygons; import only one kind of them")
    features = feature_collection(content, file)["features"]
    values = pd.DataFrame([feature.get("properties") or {} for feature in features])
    places = [f"{file}, feature {number}" for number in range(1, len(sites) + 1)]
    return _with_numbers(sites, values, places, each=each, file=file)


def _with_numbers(
    sites: gpd.GeoDataFrame,
    values: pd.DataFrame,
    places: list[str],
    *,
    each: float | None,
    file: str,
) -> gpd.GeoDataFrame:
    repeated = sites.index[sites.index.duplicated()]
    if len(repeated):
        raise InputError(f"{file}: two sites have the code {repeated[0]}; give each its own")
    years: dict[str, str] = {}
    for name in map(str, values.columns):
        if match := _YEAR.fullmatch(name.strip()):
            if other := years.get(column := f"dwellings_{match[1]}"):
                raise InputError(f"{file}: {other} and {name} are of one year; leave out one")
            years[column] = name
    if not years:
        raise InputError(
            f"{file} has no years; give it a column of dwellings for each, such as 'dwellings 2027'"
        )
    read = {
        new: _numbers(values[old], places, most=MOST_DWELLINGS)
        for new, old in sorted(years.items())
    }
    said = next((name for name in values if _EACH.fullmatch(str(name).strip())), None)
    known = np.full(len(sites), np.nan)
    if said is not None:
        known = _numbers(values[said], places, most=MOST_EACH)
    if each is not None:
        known = np.where(np.isnan(known), each, known)
    return sites.assign(**read, **{EACH: known})


def _numbers(values: pd.Series, places: list[str], *, most: int) -> Floats:
    """Numbers from 0 to a largest one; NaN for empty cells."""
    texts = values.astype(object).where(values.notna(), "").astype(str).str.strip()
    plain = texts.str.replace(",", "")
    numbers = pd.to_numeric(plain, errors="coerce").to_numpy(float)
    wrong = (texts != "").to_numpy() & ~((numbers >= 0) & (numbers <= most))
    for row in np.flatnonzero(wrong)[:1]:
        raise InputError(
            f"{places[row]}: {values.name} {texts.iloc[row][:40]!r} is no number from 0 to "
            f"{most:,}; leave it empty where it is not known"
        )
    return np.asarray(numbers, float)


def add_sites(
    areas: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, forecast_year: int | None
) -> AddedSites:
    """Add the electors of housing sites to the forecasts of the blocks that they lie in.

    A forecast of a year counts the dwellings of all years up to it. Sites that were added before
    are taken out first. A site of which a number is unknown adds nothing.

    Parameters
    ----------
    areas
        The blocks, with forecasts.
    sites
        As `read_housing_table` returns them, in the same CRS.
    forecast_year
        The year of `electors_forecast`; None where the blocks have no such column.

    Returns
    -------
    The blocks, and the sites with what they add. The electors of a polygon across several blocks
    are shared by surface and stay whole numbers, by largest remainder.

    Raises
    ------
    InputError
        If the blocks have no forecast, or the year of the forecast is missing.
    """
    years = _forecast_years(areas, forecast_year)
    shares = _shares(areas, sites)
    inside = shares[shares["at"] != OUTSIDE]
    codes = areas.index[inside["at"]].astype(str)
    listed = pd.Series(codes, index=inside["site"]).groupby(level=0, sort=False).agg(", ".join)
    table = pd.DataFrame(
        {
            "area_name": sites["area_name"],
            "blocks": listed.reindex(range(len(sites)), fill_value="").to_numpy(),
            "dwellings": _dwellings(sites, 9999),
            "outside": shares[shares["at"] == OUTSIDE]
            .set_index("site")["share"]
            .reindex(range(len(sites)), fill_value=0.0)
            .to_numpy(),
        }
    )
    added = areas.copy()
    for name, year in years.items():
        electors = np.floor(_dwellings(sites, year) * sites[EACH].to_numpy(float) + 0.5)
        table[name] = electors
        base = forecast_without_sites(areas, name)
        extra = _by_block(electors, shares, len(areas))
        added[name + WITHOUT], added[name + ADDED] = base, extra
        added[name] = base + extra
    return AddedSites(added, table)


def forecast_without_sites(areas: gpd.GeoDataFrame, name: str) -> pd.Series:
    """A forecast of blocks without housing sites that were added to it.

    Parameters
    ----------
    areas
        The blocks.
    name
        The column of the forecast.

    Returns
    -------
    The forecast as it was; as it is where it was imported anew since.
    """
    return areas[name + WITHOUT] if _is_added(areas, name) else areas[name]


def electors_from_sites(areas: gpd.GeoDataFrame) -> dict[str, int]:
    """How many electors of housing sites are in each forecast of blocks, by its column."""
    return {
        name: int(areas[name + ADDED].sum())
        for name in electorates(areas.columns)
        if _is_added(areas, name)
    }


def _is_added(areas: gpd.GeoDataFrame, name: str) -> bool:
    """Whether a forecast still is what it was without sites, and what they added."""
    if not {name + WITHOUT, name + ADDED} <= set(areas.columns):
        return False
    made = (areas[name + WITHOUT] + areas[name + ADDED]).to_numpy(float)
    return bool(np.array_equal(made, areas[name].to_numpy(float), equal_nan=True))


def _forecast_years(areas: gpd.GeoDataFrame, forecast_year: int | None) -> Mapping[str, int]:
    names = [name for name in electorates(areas.columns) if name != CURRENT]
    if not names:
        raise InputError(
            "the blocks have no forecast that sites could add to; import a proforma first, with "
            "'patchmap electorates import'"
        )
    if FORECAST in names and forecast_year is None:
        raise InputError(f"say of which year {FORECAST} is, with --forecast-year")
    given = {FORECAST: forecast_year or 0}
    return {name: given.get(name) or int(name.rpartition("_")[2]) for name in names}


def _dwellings(sites: gpd.GeoDataFrame, year: int) -> Floats:
    """The dwellings of each site up to a year; NaN where those of any year are unknown."""
    known = [name for name in map(str, sites) if _YEAR.fullmatch(name)]
    names = [name for name in known if int(name[-4:]) <= year]
    return np.asarray(sites[names].sum(axis=1, skipna=False), float)


def _shares(areas: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """The share of each `site` in the block `at` a position, `OUTSIDE` for none; largest first."""
    shapes = sites.geometry.to_numpy()
    if not (shapely.get_dimensions(shapes) == 2).any():
        x, y = shapely.get_coordinates(shapely.centroid(shapes)).T
        at = AreaLocator(areas).locate(x, y)
        return pd.DataFrame({"site": np.arange(len(sites)), "at": at, "share": 1.0})
    overlap = overlap_shares(sites, areas)
    frame = pd.DataFrame(
        {
            "site": sites.index.get_indexer(pd.Index(overlap["block_code"])),
            "at": areas.index.get_indexer(pd.Index(overlap["area_code"])),
            "share": overlap["share"],
        }
    )
    covered = frame.groupby("site")["share"].sum().reindex(range(len(sites)), fill_value=0.0)
    rest = (1.0 - covered).where(covered < 1.0 - 1e-6, 0.0)
    outside = pd.DataFrame({"site": rest.index, "at": OUTSIDE, "share": rest.to_numpy()})
    return pd.concat([frame, outside[outside["share"] > 0]], ignore_index=True)


def _by_block(electors: Floats, shares: pd.DataFrame, size: int) -> Ints:
    """The electors that sites add to each block, shape (size,)."""
    added = np.zeros(size, np.int64)
    for site, parts in shares.groupby("site"):
        total = electors[int(str(site))]
        if np.isnan(total) or not total:
            continue
        whole = apportion(parts["share"].to_numpy(), int(total), method="largest-remainder")
        at = parts["at"].to_numpy()
        np.add.at(added, at[at != OUTSIDE], whole[at != OUTSIDE])
    return added
