"""Geometries as GeoPackage blobs: the standard's header, then well-known binary.

Source: OGC 12-128r19, GeoPackage Encoding Standard 1.4, clause 2.1.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException

from geo.errors import StoreError
from geo.geometry_types import GeometryType, of_type

# Points are written without an envelope: all blobs have one length, and millions are one array.
_POINT = np.dtype(
    [
        ("magic", "S2"),
        ("version", "u1"),
        ("flags", "u1"),
        ("srs_id", "<i4"),
        ("byte_order", "u1"),
        ("wkb_type", "<u4"),
        ("x", "<f8"),
        ("y", "<f8"),
    ]
)
_LITTLE_ENDIAN, _ENVELOPE_XY = 0x01, 0x02
_HEADER_BYTES = 8
# The number of doubles in a blob's envelope, by bits 1 to 3 of its flags.
_ENVELOPE_DOUBLES = (0, 4, 6, 6, 8)


def point_blobs(x: NDArray[np.float64], y: NDArray[np.float64], *, srs_id: int) -> list[bytes]:
    """Write points as blobs.

    Parameters
    ----------
    x, y
        Metres in the reference system `srs_id`, n of each.
    srs_id
        The EPSG code of the reference system.

    Returns
    -------
    list of bytes
        A blob of 29 bytes for each point.
    """
    points = np.zeros(len(x), dtype=_POINT)
    points["magic"], points["flags"], points["srs_id"] = b"GP", _LITTLE_ENDIAN, srs_id
    points["byte_order"], points["wkb_type"] = 1, 1
    points["x"], points["y"] = x, y
    blobs: list[bytes] = points.view(f"V{_POINT.itemsize}").tolist()
    return blobs


def read_point_blobs(blobs: list[bytes]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The x and y of point blobs, in the units of their reference system."""
    data = b"".join(blobs)
    size = _POINT.itemsize
    if set(map(len, blobs)) <= {size}:
        points = np.frombuffer(data, dtype=_POINT)
        little = points["flags"] == _LITTLE_ENDIAN, points["byte_order"] == 1
        if np.logical_and(*little).all() and (points["wkb_type"] == 1).all():
            return points["x"].copy(), points["y"].copy()
    # Another program wrote some, with an envelope or in the other byte order.
    geometries = read_blobs(blobs)
    return shapely.get_x(geometries), shapely.get_y(geometries)


def feature_blobs(
    geometries: NDArray[np.object_], geometry_type: GeometryType, *, srs_id: int
) -> Iterator[bytes]:
    """Yield the geometries of a layer as blobs of one type, with envelopes unless they are points.

    Parameters
    ----------
    geometries
        In the reference system `srs_id`, single or multiple.
    geometry_type
        The type of all blobs.
    srs_id
        The EPSG code of the reference system.

    Yields
    ------
    bytes
        A blob for each geometry.
    """
    if geometry_type == "Point":
        x, y = shapely.get_x(geometries), shapely.get_y(geometries)
        yield from point_blobs(x, y, srs_id=srs_id)
        return
    multi = of_type(geometries, geometry_type)
    bounds = shapely.bounds(multi)
    for box, wkb in zip(bounds, shapely.to_wkb(multi, byte_order=1), strict=True):
        header = b"GP\x00" + bytes([_LITTLE_ENDIAN | _ENVELOPE_XY])
        envelope = box[[0, 2, 1, 3]].astype("<f8").tobytes()
        yield header + srs_id.to_bytes(4, "little", signed=True) + envelope + wkb


def geometry_blobs(wkbs: Sequence[bytes], *, srs_id: int) -> Iterator[bytes]:
    """Yield geometries of whatever type as blobs, with envelopes unless they are points.

    Parameters
    ----------
    wkbs
        In the reference system `srs_id`, as well-known binary.
    srs_id
        The EPSG code of the reference system.

    Yields
    ------
    bytes
        A blob for each geometry.
    """
    geometries = np.asarray(shapely.from_wkb(list(wkbs)), dtype=object)
    for geometry, box in zip(geometries, shapely.bounds(geometries), strict=True):
        is_point = geometry.geom_type == "Point"
        flags = _LITTLE_ENDIAN if is_point else _LITTLE_ENDIAN | _ENVELOPE_XY
        envelope = b"" if is_point else box[[0, 2, 1, 3]].astype("<f8").tobytes()
        header = b"GP\x00" + bytes([flags]) + srs_id.to_bytes(4, "little", signed=True)
        yield header + envelope + shapely.to_wkb(geometry, byte_order=1, include_srid=False)


def read_blobs(blobs: Iterable[bytes]) -> NDArray[np.object_]:
    """The geometries in blobs, with or without an envelope.

    Raises
    ------
    StoreError
        If a blob is not a geometry.
    """
    try:
        bodies = [
            blob[_HEADER_BYTES + 8 * _ENVELOPE_DOUBLES[blob[3] >> 1 & 0x07] :] for blob in blobs
        ]
        return np.asarray(shapely.from_wkb(bodies), dtype=object)
    except (IndexError, TypeError, GEOSException) as error:
        raise StoreError(
            f"the store holds a geometry that cannot be read ({error}); restore a backup, or "
            "import the layer or file again"
        ) from error
