"""The file of one partition: its incidents as columns, written once and never changed.

Columns lie one after another, each at a multiple of 64 bytes. Whole numbers are stored above their
least one, in as few bytes as they need; texts that repeat, as numbers in a list; coordinates, once
for each distinct point, with the number of each incident's point. What tells where
each column lies, with its checksum, is not in the file but in the index of all files.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.columns.files import new_file
from geo.distinct_points import point_codes

FLOATS: Final = ("x", "y")
"""Of each distinct point, in the order in which they first occur."""

POINT: Final = "point"
TEXTS: Final = ("source", "category", "precision")
START: Final = "occurred_from"
END: Final = "occurred_to"
LASTS: Final = "lasts"
LOCATION: Final = "location"
NAMED: Final = ("named", "example")
INDEX: Final = "index.json"

_Number = TypeVar("_Number", bound=np.generic)

_ALIGNED: Final = 64
_WIDTHS: Final = ("|u1", "<u2", "<u4", "<u8")
_DTYPES: Final = {name: name for name in (*_WIDTHS, "<f8")}
"""Types that a file may have; an index that names another one is damaged."""


class DamagedError(Exception):
    """A file of the copy is missing or damaged, and is made again.

    Attributes
    ----------
    file
        Its name.
    """

    def __init__(self, file: str) -> None:
        super().__init__(f"{file} is missing or damaged")
        self.file = file


class StoredColumn(NamedTuple):
    """Where a column lies in its file.

    Attributes
    ----------
    dtype
        Of its numbers, as numpy writes it.
    at, rows
        The first byte, and how many numbers there are.
    base
        What is added to each of them.
    checksum
        CRC-32 of its bytes.
    """

    dtype: str
    at: int
    rows: int
    base: int
    checksum: int


@dataclass(frozen=True)
class Piece:
    """What is known of the incidents of one partition before their file is opened.

    Attributes
    ----------
    file
        Its name; '' where there are no incidents.
    state
        The state of the partition that they are of.
    rows
        How many there are.
    first, last
        The earliest and latest `occurred_from`, in seconds since 1970.
    texts
        The distinct texts of each of `TEXTS`.
    columns
        Where each column lies.
    """

    file: str
    state: str
    rows: int = 0
    first: int = 0
    last: int = -1
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    columns: Mapping[str, StoredColumn] = field(default_factory=dict)


class PieceReader:
    """Reads columns of one partition; a context manager.

    Parameters
    ----------
    folder
        Where its file is.
    piece
        What is known of it.

    Raises
    ------
    DamagedError
        If there is no such file.
    """

    def __init__(self, folder: Path, piece: Piece) -> None:
        self._piece = piece
        try:
            self._descriptor = os.open(folder / piece.file, os.O_RDONLY)
        except OSError as error:
            raise DamagedError(piece.file) from error

    def __enter__(self) -> PieceReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def stored(self, name: str) -> NDArray[Any]:
        """A column as it is stored: coordinates of points, or numbers above its base.

        Parameters
        ----------
        name
            One of `FLOATS` or `TEXTS`, `POINT`, `location`, `occurred_from` or `LASTS`.

        Returns
        -------
        n numbers.

        Raises
        ------
        DamagedError
            If they are not what was written.
        """
        try:
            dtype, at, rows, _, checksum = self._piece.columns[name]
            size = rows * np.dtype(_DTYPES[dtype]).itemsize
            data = os.pread(self._descriptor, size, at)
        except (OSError, ValueError, OverflowError, TypeError, KeyError) as error:
            raise DamagedError(self._piece.file) from error
        if len(data) != size or zlib.crc32(data) != checksum:
            raise DamagedError(self._piece.file)
        return np.frombuffer(data, dtype=dtype)

    def of_points(self, values: NDArray[_Number]) -> NDArray[_Number]:
        """What is known of each distinct point, for each incident.

        Parameters
        ----------
        values
            Of each point.

        Returns
        -------
        n values.

        Raises
        ------
        DamagedError
            If the numbers of the points are not what was written.
        """
        try:
            return np.asarray(values[self.stored(POINT)])
        except IndexError as error:
            raise DamagedError(self._piece.file) from error

    def whole(self, name: str) -> NDArray[np.int64]:
        """A column of whole numbers, such as seconds since 1970.

        Parameters
        ----------
        name
            As `stored` takes it.

        Returns
        -------
        n numbers.

        Raises
        ------
        DamagedError
            If they are not what was written.
        """
        stored = self.stored(name).astype(np.int64)
        return stored + self._piece.columns[name][3]


def write_piece(path: Path, state: str, rows: pd.DataFrame, locations: NDArray[np.int64]) -> Piece:
    """Write the file of a partition, for its owner alone, down to the disk.

    Parameters
    ----------
    path
        There must be no file yet.
    state
        The state of the partition.
    rows
        n incidents of it, at least one: an incident frame without ids, and their `fid`.
    locations
        The number of the location of each.

    Returns
    -------
    What reads it.

    Raises
    ------
    OSError
        If the system does not let it be written; there is no file then.
    """
    start, end = seconds(rows[START]), seconds(rows[END])
    named, first = np.unique(locations, return_index=True)
    texts, codes = {}, {}
    for name in TEXTS:
        number, distinct = pd.factorize(rows[name].astype(object))
        codes[name], texts[name] = _narrow(number), [str(text) for text in distinct]
    axes = {name: rows[name].to_numpy().astype("<f8") for name in FLOATS}
    point = point_codes(*axes.values())
    _, first_at = np.unique(point, return_index=True)
    arrays = {
        **{name: (values[first_at], 0) for name, values in axes.items()},
        POINT: _narrow(point),
        START: _narrow(start, int(start.min())),
        LASTS: _narrow(end - start, int((end - start).min())),
        **codes,
        LOCATION: _narrow(locations),
        NAMED[0]: _narrow(named),
        NAMED[1]: _narrow(rows["fid"].to_numpy()[first]),
    }
    columns = _write(path, arrays)
    return Piece(path.name, state, len(rows), int(start.min()), int(start.max()), texts, columns)


def _write(path: Path, arrays: Mapping[str, tuple[NDArray[Any], int]]) -> dict[str, StoredColumn]:
    columns = {}
    with new_file(path, durable=True) as file:
        for name, (values, base) in arrays.items():
            checksum = zlib.crc32(values.data)
            columns[name] = StoredColumn(values.dtype.str, file.tell(), len(values), base, checksum)
            file.write(values.data)
            file.write(bytes(-values.nbytes % _ALIGNED))
    return columns


def seconds(times: pd.Series) -> NDArray[np.int64]:
    """UTC times as seconds since 1970."""
    plain = times.dt.tz_convert(None).to_numpy().astype("datetime64[s]")
    return np.asarray(plain.astype(np.int64))


def _narrow(numbers: NDArray[Any], base: int = 0) -> tuple[NDArray[Any], int]:
    """Whole numbers above a base in as few bytes as they need, and the base."""
    most = int(numbers.max()) - base
    width = next(one for one in _WIDTHS if most <= np.iinfo(one).max)
    return (numbers.astype(np.int64) - base).astype(width), base
