"""The properties of features as vector tiles encode them: each value once, and which has it.

Source: Mapbox Vector Tile specification 2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.properties import cached_property
from geo.tiles.packing import Ints, field, varint, zigzag

_KEY, _VALUE = 3, 4


@dataclass(frozen=True)
class TileValues:
    """Properties of some features.

    Attributes
    ----------
    names
        Of the properties.
    codes
        The number of the value that each feature has, a row for each feature and a column for
        each property; -1 where it has none.
    values
        The values of each property, encoded.
    """

    names: Sequence[str]
    codes: NDArray[np.int32]
    values: Sequence[Sequence[bytes]]

    @classmethod
    def read(cls, table: pd.DataFrame) -> TileValues:
        """Encode the properties of a table; empty values are left out."""
        codes = np.empty((len(table), len(table.columns)), dtype=np.int32)
        values = []
        for place, name in enumerate(table.columns):
            codes[:, place], distinct = pd.factorize(table[name])
            values.append([field(_VALUE, _value(value)) for value in distinct])
        return cls([str(name) for name in table.columns], codes, values)

    def take(self, rows: Ints) -> TileValues:
        """Return the properties of some of the features."""
        return TileValues(self.names, self.codes[rows], self.values)

    def tags(self) -> tuple[Ints, Ints]:
        """Return pairs of key and value numbers, feature by feature, and how many each has."""
        numbers = np.full((len(self.codes), 2 * len(self.names)), -1, dtype=np.int64)
        start = 0
        for key, (used, place) in enumerate(self._used):
            known = self.codes[:, key] >= 0
            numbers[known, 2 * key] = key
            numbers[known, 2 * key + 1] = start + place[known]
            start += len(used)
        has = numbers >= 0
        return numbers[has], has.sum(axis=1)

    def fields(self) -> list[bytes]:
        """Return the encoded keys and values that the tags refer to."""
        keys = [field(_KEY, name.encode()) for name in self.names]
        return keys + [
            values[code]
            for values, (used, _) in zip(self.values, self._used, strict=True)
            for code in used.tolist()
        ]

    @cached_property
    def _used(self) -> list[tuple[Ints, Ints]]:
        """For each property the codes that occur, and the place of each feature's code in them."""
        occurring = []
        for codes in self.codes.T:
            used, place = np.unique(codes, return_inverse=True)
            empty = int(len(used) > 0 and used[0] < 0)
            occurring.append((used[empty:], place - empty))
        return occurring


def _value(value: object) -> bytes:
    """Encode a value; the first byte is its field and wire type in section 4.4."""
    if isinstance(value, bool | np.bool_):
        return b"\x38" + bytes([bool(value)])
    if isinstance(value, int | np.integer):
        return b"\x30" + varint(int(zigzag(np.int64(value))))
    if isinstance(value, float | np.floating):
        return b"\x19" + np.float64(value).tobytes()
    text = value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, pd.Timestamp) else str(value)
    return field(1, text.encode())
