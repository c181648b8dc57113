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

from geo.coverage import Coverage, Knowledge
from geo.errors import InputError
from geo.incidents import months_between
from geo.scale.coverage import FileCoverage
from geo.scale.cube import Cube

COLUMNS: Final = ("area_code", "category", "month", "n")
MOST_COUNTS: Final = 500_000_000
"""Areas × categories × months that fit into memory, at four bytes each."""

_MEMBERS = b"PANDAS_ATTRS"
_HOW = "write one with: patchmap count --engine dask … -o counts.parquet"


@dataclass(frozen=True)
class CountsFile:
    """A file of counts in memory.

    Attributes
    ----------
    name, version
        The name of the file, and a digest of its contents.
    cube
        The counts; places are areas, in the order of `codes`.
    whole_months
        The months of which there is complete data and of which no source file was damaged.
    outlines
        JSON of `api.maps.outlines.outlines`, the shapes of the areas.
    is_located
        Whether they say where on Earth they lie; those of an earlier version do not.
    accounts
        Where every source row went when the file was made, and its caveats.
    overlaps
        Incidents in two or more areas, in two places: `IN_SEVERAL` and `COUNTED_AGAIN`.
    coverage
        Which force publishes each area, and what it published; None in a file of an earlier
        version, or of files without forces: then all areas are taken to be known in every month.
    """

    name: str
    version: str
    cube: Cube
    codes: list[str]
    names: list[str]
    whole_months: tuple[str, ...]
    outlines: bytes
    is_located: bool
    accounts: dict[str, Any]
    overlaps: Cube
    coverage: FileCoverage | None = None

    def known(self, categories: Sequence[str]) -> Knowledge:
        """What is known of each area of some categories; without any, of all."""
        if self.coverage is None:
            return Knowledge.everywhere(Coverage([]), tuple(categories), areas=len(self.codes))
        return self.coverage.knowledge(categories)

    @classmethod
    def read(cls, path: Path) -> CountsFile:
        """Read a file.

        Raises
        ------
        InputError
            If it is damaged, or has no counts by area, category and month.
        """
        if not path.is_file():
            raise InputError(f"{path} does not exist; check the name")
        try:
            table = pq.read_table(path, read_dictionary=list(COLUMNS[:3]), memory_map=True)
            return _counts(path, table)
        except (pa.ArrowException, OSError) as error:
            reason = (
                getattr(error, "strerror", None) or "it is not a Parquet file, or it is damaged"
            )
            raise InputError(f"{path} cannot be read: {reason}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path.name} has no counts by area, category and month; {_HOW}"
            ) from error


def _counts(path: Path, table: pa.Table) -> CountsFile:
    if "cell_id" in table.column_names:
        raise InputError(f"{path.name} has counts by cell; this page needs counts by area")
    members = orjson.loads((table.schema.metadata or {})[_MEMBERS])
    outlines = members["outlines"].encode()
    accounts: dict[str, Any] = orjson.loads(members["accounts"])
    drawn = orjson.loads(outlines)
    codes = [str(code) for code in drawn["codes"]]
    whole = tuple(str(month) for month in accounts["months_published"])
    table = table.unify_dictionaries()
    month, slugs = (_column(table, name) for name in ("month", "category"))
    named = sorted({*month.values, *whole})
    months = months_between(named[0], named[-1]) if named else []
    categories = sorted(set(slugs.values))
    if len(codes) * len(months) * len(categories) > MOST_COUNTS:
        raise InputError(f"{path.name} has more counts than fit into memory; count fewer months")
    cube = Cube.of(
        slugs.as_numbers_of(categories),
        month.as_numbers_of(months),
        _column(table, "area_code").as_numbers_of(codes),
        _numbers(table),
        categories=categories,
        months=months,
        places=len(codes),
    )
    # A file of an earlier version has none: it counted each incident in one area.
    rows = orjson.loads(members["overlaps"]) if "overlaps" in members else []
    slug, when, kind, n = zip(*rows, strict=True) if rows else ((), (), (), ())
    overlaps = Cube.of(
        np.array([categories.index(name) for name in slug], dtype=np.int64),
        np.array([months.index(name) for name in when], dtype=np.int64),
        np.array(kind, dtype=np.int64),
        np.array(n, dtype=np.int64),
        categories=categories,
        months=months,
        places=2,
    )
    digest = hashlib.sha256()
    digest.update(orjson.dumps(members, option=orjson.OPT_SORT_KEYS))
    digest.update(cube.counts.data)
    coverage = (
        FileCoverage.read(orjson.loads(members["coverage"])) if "coverage" in members else None
    )
    if coverage is not None and len(coverage.of_unit) != len(codes):
        raise ValueError("coverage and areas differ in number")
    names = [str(name) for name in drawn["names"]]
    if not len(codes) == len(names) == len(drawn["rings"]):
        raise ValueError("outlines, codes and names differ in number")
    return CountsFile(
        path.name,
        digest.hexdigest()[:32],
        cube,
        codes,
        names,
        whole,
        outlines,
        "step" in drawn,
        accounts,
        overlaps,
        coverage,
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
    """A dictionary-encoded column: the index of each row's value, and the values."""

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
