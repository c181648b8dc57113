"""Coordinate reference systems: the only module that names EPSG codes or transforms coordinates.

Inside Patchmap coordinates are metres in the store's working CRS; all input and output is in
longitude and latitude (CRS84). One coordinate operation connects the two. It is chosen when a store
is created and stored in it, because PROJ chooses another one as soon as a grid file is installed,
and two machines must give the same counts.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from geo.errors import InputError, StoreError
from geo.properties import cached_property

LONLAT = "OGC:CRS84"
BRITISH_NATIONAL_GRID = "EPSG:27700"
WGS84 = "EPSG:4326"  # latitude first by definition; only for files that must name it

WEB_MERCATOR = "EPSG:3857"  # only for vector tiles, which compute it themselves

# GeoJSON writers say EPSG:4326 but put longitude first, as RFC 7946 and GeoJSON 2008 do.
_LONLAT_ALIASES = frozenset({"OGC:CRS84", "EPSG:4326", "OGC:84", "CRS84"})

Floats = NDArray[np.float64]
Geometries = NDArray[np.object_]


def crs_name(spelling: str) -> str:
    """Return `AUTHORITY:CODE` for a URN, URL, WKT or short name of a CRS.

    Raises
    ------
    InputError
        If PROJ does not know the CRS.
    """
    short = spelling.strip()
    for prefix in ("urn:ogc:def:crs:", "http://www.opengis.net/def/crs/"):
        if short.lower().startswith(prefix):
            parts = [part for part in short[len(prefix) :].replace("/", ":").split(":") if part]
            short = f"{parts[0]}:{parts[-1]}" if parts else short
    if short.upper() in _LONLAT_ALIASES:
        return LONLAT
    try:
        authority = pyproj.CRS.from_user_input(short).to_authority()
    except CRSError:
        authority = None
    if authority is None:
        raise InputError(
            f"unknown coordinate reference system {spelling!r}; use a code such as EPSG:27700"
        )
    return ":".join(authority)


def is_lonlat(name: str) -> bool:
    """Whether a CRS name, as `crs_name` returns it, is longitude and latitude."""
    return name == LONLAT


def is_geographic(name: str) -> bool:
    """Whether the coordinates of a CRS are degrees."""
    return bool(pyproj.CRS.from_user_input(name).is_geographic)


def to_lonlat_from(source: str, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Transform coordinates of any CRS to longitude and latitude.

    Parameters
    ----------
    source
        A CRS that PROJ knows.
    x, y
        n coordinates, easting or longitude first.

    Returns
    -------
    lon, lat
        n degrees; infinite where the transformation fails.
    """
    lon, lat = pyproj.Transformer.from_crs(source, LONLAT, always_xy=True).transform(
        np.asarray(x, float), np.asarray(y, float)
    )
    return np.asarray(lon), np.asarray(lat)


def northing_first(name: str) -> bool:
    """Whether the authority defines the axes in the order northing (or latitude) first."""
    return bool(pyproj.CRS.from_user_input(name).axis_info[0].direction == "north")


def crs_uri(name: str) -> str:
    """The URI of a CRS in OGC documents."""
    authority, _, code = name.partition(":")
    version = "1.3" if authority == "OGC" else "0"
    return f"http://www.opengis.net/def/crs/{authority}/{version}/{code}"


def crs_urn(name: str) -> str:
    """The URN of a CRS, as the `crs` member of GeoJSON names it."""
    authority, _, code = name.partition(":")
    return f"urn:ogc:def:crs:{authority}::{code}"


_ESRI_WEB_MERCATOR = 102_100
_WKIDS_OF_WEB_MERCATOR = frozenset({_ESRI_WEB_MERCATOR, 102_113, 900_913})


def crs_of_wkid(wkid: int) -> str:
    """The CRS of a well-known id, as ArcGIS numbers them.

    Parameters
    ----------
    wkid
        An EPSG code, or one of Esri's own numbers of web Mercator.

    Returns
    -------
    name
        `AUTHORITY:CODE`; longitude and latitude, in that order, for 4326.
    """
    if wkid in _WKIDS_OF_WEB_MERCATOR:
        return WEB_MERCATOR
    name = f"EPSG:{wkid}"
    return LONLAT if name in _LONLAT_ALIASES else name


def wkids(name: str) -> dict[str, int]:
    """The well-known ids of a CRS, as ArcGIS writes a spatial reference."""
    code = int((WGS84 if name == LONLAT else name).rpartition(":")[2])
    return {"wkid": _ESRI_WEB_MERCATOR if name == WEB_MERCATOR else code, "latestWkid": code}


def projjson(name: str) -> dict[str, object]:
    """The CRS as PROJJSON, which GeoParquet requires."""
    members: dict[str, object] = pyproj.CRS.from_user_input(name).to_json_dict()
    return members


def wkt1(name: str) -> str:
    """The CRS as WKT 1, which most GeoPackage readers understand."""
    return str(pyproj.CRS.from_user_input(name).to_wkt("WKT1_GDAL"))


@dataclass(frozen=True)
class Projection:
    """A store's working CRS with the one operation that converts from CRS84 to it.

    Attributes
    ----------
    crs
        Name of the working CRS, which is projected, in metres.
    operation
        The PROJ pipeline from CRS84 (degrees) to the working CRS (metres).
    description
        PROJ's name of the operation.
    accuracy_m
        Its stated accuracy in metres; negative if PROJ states none.
    """

    crs: str
    operation: str
    description: str
    accuracy_m: float

    @classmethod
    def choose(cls, crs: str = BRITISH_NATIONAL_GRID) -> Projection:
        """Choose the best operation of this machine, to be stored in a new store.

        Raises
        ------
        InputError
            If the CRS is not projected with metres as its unit.
        """
        name = crs_name(crs)
        target = pyproj.CRS.from_user_input(name)
        if not target.is_projected or {axis.unit_name for axis in target.axis_info} != {"metre"}:
            raise InputError(
                f"the working CRS must be projected in metres and {name} is not; "
                f"use one such as {BRITISH_NATIONAL_GRID}"
            )
        with warnings.catch_warnings():
            # PROJ warns that a better grid exists elsewhere; the accounts name the operation used.
            warnings.simplefilter("ignore", UserWarning)
            # By EPSG code, because for the name CRS84 PROJ omits the best-known operations.
            group = TransformerGroup(WGS84, target, always_xy=True)
        best = group.transformers[0]
        return cls(name, best.definition, best.description, float(best.accuracy))

    @cached_property
    def _transformer(self) -> pyproj.Transformer:
        try:
            return pyproj.Transformer.from_pipeline(self.operation)
        except ProjError as error:
            raise StoreError(
                f"this machine's PROJ cannot run the store's coordinate operation "
                f"({self.description}); install the grid it names"
            ) from error

    def to_metres(
        self, first: ArrayLike, second: ArrayLike, *, source: str = LONLAT
    ) -> tuple[Floats, Floats]:
        """Transform coordinates to metres of the working CRS.

        Parameters
        ----------
        first, second
            n coordinates, longitude or easting first.
        source
            Their CRS; those of the working CRS are returned unchanged.

        Returns
        -------
        x, y
            n coordinates; not finite where the input is not.
        """
        x, y = np.asarray(first, float), np.asarray(second, float)
        if source == self.crs:
            return x, y
        if not is_lonlat(source):
            x, y = to_lonlat_from(source, x, y)
        x, y = self._transformer.transform(x, y)
        return np.asarray(x), np.asarray(y)

    def to_lonlat(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Transform metres to longitude and latitude, by the inverse of the stored operation.

        Parameters
        ----------
        x, y
            n coordinates in the working CRS.

        Returns
        -------
        lon, lat
            n degrees.
        """
        lon, lat = self._transformer.transform(
            np.asarray(x, float), np.asarray(y, float), direction="INVERSE"
        )
        return np.asarray(lon), np.asarray(lat)

    def geometries_to_metres(self, geometries: Geometries, *, source: str) -> Geometries:
        """Transform geometries to metres of the working CRS.

        Parameters
        ----------
        geometries
            n geometries of any kind, without heights.
        source
            Their CRS; those in the working CRS are returned unchanged.

        Returns
        -------
        geometries
            n geometries of the same kinds.
        """
        if source == self.crs:
            return geometries
        return _transformed(geometries, partial(self.to_metres, source=source))

    def geometries_to_lonlat(self, geometries: Geometries) -> Geometries:
        """Geometries in metres to longitude and latitude."""
        return _transformed(geometries, self.to_lonlat)

    @cached_property
    def area_of_use(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees of the area for which the CRS is defined."""
        area = pyproj.CRS.from_user_input(self.crs).area_of_use
        return area.bounds if area else (-180.0, -90.0, 180.0, 90.0)

    @cached_property
    def extent_m(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the area of use in metres."""
        # Along a grid over the box, because its edges are curved in metres.
        west, south, east, north = self.area_of_use
        lon, lat = np.meshgrid(np.linspace(west, east, 21), np.linspace(south, north, 21))
        x, y = self.to_metres(lon.ravel(), lat.ravel())
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    @property
    def code(self) -> int:
        """The number of the working CRS within its authority."""
        return int(self.crs.rpartition(":")[2])


def _transformed(
    geometries: Geometries, transform: Callable[[Floats, Floats], tuple[Floats, Floats]]
) -> Geometries:
    moved = shapely.transform(geometries, lambda xy: np.column_stack(transform(xy[:, 0], xy[:, 1])))
    return np.asarray(moved, dtype=object)


def implausible(
    x: ArrayLike, y: ArrayLike, *, source: str, projection: Projection
) -> NDArray[np.object_]:
    """Check coordinates against the area of use of the working CRS.

    The CRS named in a file is not enough: some files are tagged as degrees but hold metres, and
    the reverse.

    Parameters
    ----------
    x, y
        n coordinates in `source`, longitude or easting first.
    source
        CRS of the coordinates: CRS84, the working CRS, or any other that PROJ knows.
    projection
        The working CRS.

    Returns
    -------
    reasons
        n texts: why the point cannot be right, '' if it can.
    """
    first, second = np.asarray(x, float), np.asarray(y, float)
    reasons = np.full(first.shape, "", dtype=object)
    if source not in (projection.crs, LONLAT):
        first, second = to_lonlat_from(source, first, second)
    in_metres = source == projection.crs
    west, south, east, north = projection.extent_m if in_metres else projection.area_of_use

    def inside(a: Floats, b: Floats) -> NDArray[np.bool_]:
        return (a >= west) & (a <= east) & (b >= south) & (b <= north)

    with np.errstate(invalid="ignore"):
        reasons[~inside(first, second)] = f"outside the area where {projection.crs} is used"
        if in_metres:
            degrees = (np.abs(first) <= 180) & (np.abs(second) <= 90)
            reasons[degrees] = "not metres: these look like degrees"
        else:
            metres = (np.abs(first) > 180) | (np.abs(second) > 90)
            reasons[metres] = "not degrees: these look like metres"
        swapped = inside(second, first) & ~inside(first, second)
        names = "easting and northing" if in_metres else "longitude and latitude"
        reasons[swapped] = f"{names} look swapped"
        reasons[(first == 0) & (second == 0)] = "coordinates are 0, 0"
    reasons[~(np.isfinite(first) & np.isfinite(second))] = "coordinates are not numbers"
    return reasons
