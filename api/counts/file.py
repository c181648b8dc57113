"""A file of counts by area, category and month, as `patchmap count --engine dask` writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from geo.errors import InputError
from geo.incidents import months_between
from geo.scale.cube import Cube

COLUMNS: Final = ("area_code", "category", "month", "n")
MOST_COUNTS: Final = 500_000_000
"""Areas × categories × months that are held in memory, at four bytes each."""

_MEMBERS = b"PANDAS_ATTRS"
_HOW = "write one with: patchmap count --engine dask … -o counts.parquet"


@dataclass(frozen=True)
class CountsFile:
    """A file of counts, read.

    Attributes
    ----------
    name, version
        The file's name, and a digest of what it holds.
    cube
        The counts; its places are the areas in the order of `codes`.
    whole_months
        The months that were published, and of which nothing was broken.
    outlines
        JSON of `api.maps.outlines.outlines`, to draw the areas on.
    accounts
        Where every row went when it was counted, and what else was told of it.
    """

    name: str
    version: str
    cube: Cube
    codes: list[str]
    names: list[str]
    whole_months: tuple[str, ...]
    outlines: bytes
    accounts: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> CountsFile:
        """Read a file.

        Raises
        ------
        InputError
            If it is none of counts by area, category and month, or damaged.
        """
        if not path.is_file():
            raise InputError(f"there is no file {path}")
        try:
            table = pq.read_table(path, read_dictionary=list(COLUMNS[:3]), memory_map=True)
            return _counts(path, table)
        except (pa.ArrowException, OSError) as error:
            reason = getattr(error, "strerror", None) or "it is no Parquet file, or damaged"
            raise InputError(f"{path} cannot be read: {reason}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path.name} holds no counts that a map can show; {_HOW}") from error


def _counts(path: Path, table: pa.Table) -> CountsFile:
    if "cell_id" in table.column_names:
        raise InputError(f"{path.name} holds counts by cell; a map of counts is by area")
    told = orjson.loads((table.schema.metadata or {})[_MEMBERS])
    outlines = told["outlines"].encode()
    accounts: dict[str, Any] = orjson.loads(told["accounts"])
    drawn = orjson.loads(outlines)
    codes = [str(code) for code in drawn["codes"]]
    whole = tuple(str(month) for month in accounts["months_published"])
    table = table.unify_dictionaries()
    month, slugs = (_column(table, name) for name in ("month", "category"))
    named = sorted({*month.values, *whole})
    months = months_between(named[0], named[-1]) if named else []
    categories = sorted(set(slugs.values))
    if len(codes) * len(months) * len(categories) > MOST_COUNTS:
        raise InputError(f"{path.name} holds more counts than fit into memory: count fewer months")
    cube = Cube.of(
        slugs.as_numbers_of(categories),
        month.as_numbers_of(months),
        _column(table, "area_code").as_numbers_of(codes),
        _numbers(table),
        categories=categories,
        months=months,
        places=len(codes),
    )
    digest = hashlib.sha256()
    digest.update(orjson.dumps(told, option=orjson.OPT_SORT_KEYS))
    digest.update(cube.counts.data)
    names = [str(name) for name in drawn["names"]]
    if not len(codes) == len(names) == len(drawn["rings"]):
        raise ValueError("outlines, codes and names differ")
    return CountsFile(
        path.name, digest.hexdigest()[:32], cube, codes, names, whole, outlines, accounts
    )


def _numbers(table: pa.Table) -> np.ndarray:
    n = table.column("n")
    if not pa.types.is_integer(n.type) or n.null_count:
        raise ValueError("n must be whole numbers")
    numbers = np.asarray(n.to_numpy())
    if numbers.min(initial=0) < 0:
        raise ValueError("n must not be negative")
    return numbers


@dataclass(frozen=True)
class _Words:
    """A column of words that repeat: the number of each row's, and the words."""

    numbers: np.ndarray
    values: list[str]

    def as_numbers_of(self, words: Sequence[str]) -> np.ndarray:
        at = {word: number for number, word in enumerate(words)}
        known = np.array([at[word] for word in self.values], dtype=np.int64)
        return np.asarray(known[self.numbers])


def _column(table: pa.Table, name: str) -> _Words:
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    if column.null_count:
        raise ValueError(f"{name} is empty in some rows")
    return _Words(np.asarray(column.indices), [str(word) for word in column.dictionary.to_pylist()])
