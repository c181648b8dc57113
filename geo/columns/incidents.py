"""The incidents of one state of a store, read from the files of its partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.columns.areas import drop_oldest, read_areas, write_areas
from geo.columns.locking import locked
from geo.columns.piece import (
    END,
    FLOATS,
    INDEX,
    LASTS,
    LOCATION,
    NAMED,
    POINT,
    START,
    TEXTS,
    DamagedError,
    Piece,
    PieceReader,
)
from geo.distinct_points import PointCounts
from geo.incidents import london_months
from geo.partitioned import PartitionedIncidents

COPIED: Final = frozenset({*FLOATS, *TEXTS, START, END, LOCATION})
"""The columns of an incident frame that a copy has."""

LocationReader = Callable[[NDArray[np.int64]], Mapping[int, str]]
"""Reads from the store the location of each of some rows, which are named by their `fid`."""


Floats = NDArray[np.float64]

_DIGITS: Final = 32
"""Hexadecimal digits of a layer's digest in the name of a file: 128 bits."""


class Locator(Protocol):
    """Finds the area of points among those of one layer; see `geo.locate.AreaLocator`."""

    @property
    def digest(self) -> str:
        """A text that differs when an area does."""

    def locate(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int32]:
        """Find the area of each point.

        Parameters
        ----------
        x, y
            n coordinates in metres.

        Returns
        -------
        n positions in the layer, −1 outside all areas.
        """


_Rows = NDArray[np.bool_] | slice
"""Which rows of a piece: a mask is an eighth of their numbers."""

_Positions = NDArray[np.signedinteger]


class _Part(NamedTuple):
    """Some rows of a piece, and where they begin in the frame."""

    piece: Piece
    rows: _Rows
    span: slice


@dataclass(frozen=True)
class IncidentColumns:
    """The incidents of one state of a store.

    Attributes
    ----------
    folder
        Where the files are.
    pieces
        What is known of each partition, in the order of their names.
    locations
        Reads names of places from the store, which must be in that state.
    """

    folder: Path
    pieces: Mapping[str, Piece]
    locations: LocationReader

    def read(
        self,
        columns: Sequence[str],
        *,
        start: pd.Timestamp | None = None,
        end: pd.Timestamp | None = None,
    ) -> pd.DataFrame:
        """Read incidents.

        Parameters
        ----------
        columns
            Some of `COPIED`.
        start, end
            When they occurred, `end` being after the last moment; None is without an end.

        Returns
        -------
        pandas.DataFrame
            These columns of an incident frame, by partition and in the order in which the rows
            were written; texts are categories in the order of Unicode.

        Raises
        ------
        DamagedError
            If a file is not what was written.
        """
        return self._read(columns, self._parts(start, end))

    def partitioned(self, columns: Sequence[str]) -> PartitionedIncidents:
        """All incidents, and how many each partition has.

        Parameters
        ----------
        columns
            Some of `COPIED`.

        Returns
        -------
        As `geo.store.contract.Store.partitioned_incidents`.

        Raises
        ------
        DamagedError
            If a file is not what was written.
        """
        sizes = {name: piece.rows for name, piece in self.pieces.items() if piece.rows}
        return PartitionedIncidents(self.read(columns), sizes)

    def located(
        self,
        columns: Sequence[str],
        locator: Locator,
        *,
        start: pd.Timestamp | None = None,
        end: pd.Timestamp | None = None,
    ) -> tuple[pd.DataFrame, NDArray[np.int32]]:
        """Read incidents, and in which area of a layer each lies: located once for all readings.

        Parameters
        ----------
        columns, start, end
            As for `read`.
        locator
            That of the layer.

        Returns
        -------
        incidents
            As from `read`, but those outside all areas come last: who leaves them out need not copy
            the others.
        areas
            The position of the area of each; −1 outside.

        Raises
        ------
        DamagedError
            If a file is not what was written.
        """
        parts = self._parts(start, end)
        areas = self._areas({part.piece.file: part.piece for part in parts}, locator)
        parts = _outside_last(parts, areas)
        positions = np.empty(_length(parts), dtype=np.int32)
        for part in parts:
            positions[part.span] = areas[part.piece.file][part.rows]
        return self._read(columns, parts), positions

    def point_counts(
        self, *, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None
    ) -> PointCounts:
        """Count incidents by source, month and distinct point.

        Parameters
        ----------
        start, end
            As for `read`.

        Returns
        -------
        The counts, partition by partition.

        Raises
        ------
        DamagedError
            If a file is not what was written.
        """
        parts = self._parts(start, end)
        texts = sorted({text for part in parts for text in part.piece.texts["source"]})
        every = pd.Index(texts, dtype=object)
        counted = []
        for part, (first, last) in zip(parts, _months_of(parts), strict=True):
            sources = every.get_indexer(pd.Index(part.piece.texts["source"], dtype=object))
            with PieceReader(self.folder, part.piece) as reader:
                month = first if first == last else None
                counted.append(_counted(reader, part, sources, month))
        columns = zip(*(_NOTHING, *counted), strict=True)
        source, month, x, y, n = map(np.concatenate, columns)
        return PointCounts(_categorical(source, texts), month, x, y, n)

    def _read(self, columns: Sequence[str], parts: Sequence[_Part]) -> pd.DataFrame:
        of_files: dict[str, list[_Part]] = {}
        for part in parts:
            of_files.setdefault(part.piece.file, []).append(part)
        filled = {name: _FILLED[name](name, parts) for name in columns}
        for own in of_files.values():
            with PieceReader(self.folder, own[0].piece) as reader:
                for one in filled.values():
                    one.fill(reader, own)
        made = {name: one.made(self.locations) for name, one in filled.items()}
        return pd.DataFrame(made, copy=False)

    def _areas(self, pieces: Mapping[str, Piece], locator: Locator) -> dict[str, _Positions]:
        """The areas of all rows of some pieces, by their files."""
        layer = locator.digest[:_DIGITS]
        read = {file: read_areas(self.folder, one, layer) for file, one in pieces.items()}
        areas = {file: known for file, known in read.items() if known is not None}
        new = [piece for file, piece in pieces.items() if file not in areas]
        return areas | self._located(new, layer, locator)

    def _located(
        self,
        pieces: Sequence[Piece],
        layer: str,
        locator: Locator,
    ) -> dict[str, _Positions]:
        """The areas of those pieces of which none were kept; written for the next reading."""
        if not pieces:
            return {}
        axes: dict[str, list[Floats]] = {name: [] for name in FLOATS}
        for piece in pieces:
            with PieceReader(self.folder, piece) as reader:
                for name, values in axes.items():
                    values.append(reader.stored(name))
        # All at once: to load what locates many points takes longer than to locate them.
        every = locator.locate(*(np.concatenate(values) for values in axes.values()))
        ends = np.cumsum([len(points) for points in axes["x"]])
        located = {}
        for piece, of_points in zip(pieces, np.split(every, ends[:-1]), strict=True):
            with PieceReader(self.folder, piece) as reader:
                located[piece.file] = reader.of_points(of_points)
        with locked(self.folder, wait=False) as may_write:
            if may_write:
                for piece in pieces:
                    write_areas(self.folder, piece, layer, located[piece.file])
                drop_oldest(self.folder)
        return located

    def _parts(self, start: pd.Timestamp | None, end: pd.Timestamp | None) -> list[_Part]:
        """The rows that occurred in a span of time."""
        chosen: list[tuple[Piece, _Rows]] = []
        for piece in (one for one in self.pieces.values() if one.rows):
            first = piece.first if start is None else _second_from(start)
            beyond = piece.last + 1 if end is None else _second_from(end)
            if piece.last < first or piece.first >= beyond:
                continue
            rows: _Rows = slice(None)
            if piece.first < first or piece.last >= beyond:
                with PieceReader(self.folder, piece) as reader:
                    occurred = reader.whole(START)
                rows = (occurred >= first) & (occurred < beyond)
            chosen.append((piece, rows))
        return _one_after_another(chosen)


def _one_after_another(chosen: Iterable[tuple[Piece, _Rows]]) -> list[_Part]:
    parts: list[_Part] = []
    at = 0
    for piece, rows in chosen:
        count = piece.rows if isinstance(rows, slice) else int(np.count_nonzero(rows))
        parts.append(_Part(piece, rows, slice(at, at + count)))
        at += count
    return parts


def _outside_last(parts: Sequence[_Part], areas: Mapping[str, _Positions]) -> list[_Part]:
    """The same rows: first those in an area, then those in none."""
    inside: list[tuple[Piece, _Rows]] = []
    outside: list[tuple[Piece, _Rows]] = []
    for part in parts:
        is_inside = areas[part.piece.file] >= 0
        if is_inside.all():
            inside.append((part.piece, part.rows))
            continue
        is_chosen = np.zeros(part.piece.rows, dtype=bool)
        is_chosen[part.rows] = True
        inside.append((part.piece, is_chosen & is_inside))
        outside.append((part.piece, is_chosen & ~is_inside))
    return _one_after_another([*inside, *outside])


def _length(parts: Sequence[_Part]) -> int:
    return parts[-1].span.stop if parts else 0


def _second_from(moment: pd.Timestamp) -> int:
    """The first whole second that is not before a moment."""
    return -int(-moment.as_unit("ns").value // 1_000_000_000)


def _months_of(parts: Sequence[_Part]) -> NDArray[np.datetime64]:
    """The first and last London month of each partition."""
    ends = [moment for part in parts for moment in (part.piece.first, part.piece.last)]
    return _months(np.array(ends, dtype=np.int64)).reshape(-1, 2)


def _months(moments: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """The London months of seconds since 1970."""
    return london_months(pd.Series(pd.DatetimeIndex(moments, dtype="datetime64[s, UTC]")))


_NOTHING: Final = (
    np.zeros(0, dtype=np.int64),
    np.zeros(0, dtype="datetime64[M]"),
    np.zeros(0),
    np.zeros(0),
    np.zeros(0, dtype=np.int64),
)


def _counted(
    reader: PieceReader,
    part: _Part,
    sources: NDArray[np.intp],
    month: np.datetime64 | None,
) -> tuple[NDArray[Any], ...]:
    """The columns of `PointCounts` of some rows of a partition, with numbers of sources.

    `month` is that of all rows, if they are of one.
    """
    x, y = (reader.stored(name) for name in FLOATS)
    point = reader.stored(POINT)[part.rows]
    if len(point) == 0 or int(point.max()) >= len(x):
        raise DamagedError(part.piece.file)
    if month is not None and len(sources) == 1:
        n = np.bincount(point, minlength=len(x))
        at = np.flatnonzero(n)
        return sources.repeat(len(at)), np.repeat(month, len(at)), x[at], y[at], n[at]
    # The month of each moment once: many incidents may share one.
    moment, distinct = pd.factorize(reader.whole(START)[part.rows])
    group, groups = pd.factorize(_months(distinct)[moment].astype(np.int64))
    source = reader.stored("source")[part.rows].astype(np.int64)
    if int(source.max()) >= len(sources):
        raise DamagedError(part.piece.file)
    key = (source * len(groups) + group) * len(x) + point
    numbers, n = np.unique(key, return_counts=True)
    of_group, at = np.divmod(numbers, len(x))
    source, group = np.divmod(of_group, len(groups))
    return sources[source], groups[group].astype("datetime64[M]"), x[at], y[at], n


class _Filled:
    """A column of a frame, filled piece by piece: as stored, unless a subclass says otherwise."""

    kind: type[np.generic]

    def __init__(self, name: str, parts: Sequence[_Part]) -> None:
        self.name = name
        self.values: NDArray[Any] = np.empty(_length(parts), dtype=self.kind)

    def fill(self, reader: PieceReader, parts: Sequence[_Part]) -> None:
        """Write rows of one piece to their places."""
        values = self.of_piece(reader, parts[0].piece)
        for part in parts:
            self.values[part.span] = values[part.rows]

    def of_piece(self, reader: PieceReader, piece: Piece) -> NDArray[Any]:
        """All rows of a piece."""
        del piece
        return reader.stored(self.name)

    def made(self, locations: LocationReader) -> Any:
        """The column."""
        del locations
        return self.values


class _Axis(_Filled):
    """A coordinate, which is stored once for each distinct point."""

    kind = np.float64

    def of_piece(self, reader: PieceReader, piece: Piece) -> NDArray[Any]:
        del piece
        return reader.of_points(reader.stored(self.name))


class _Times(_Filled):
    """Seconds since 1970, which become UTC times."""

    kind = np.int64

    def of_piece(self, reader: PieceReader, piece: Piece) -> NDArray[Any]:
        del piece
        moments = reader.whole(START)
        if self.name == END:
            moments += reader.whole(LASTS)
        return moments

    def made(self, locations: LocationReader) -> Any:
        del locations
        # Whole numbers of a time zone are taken as they are: neither copied nor converted.
        return pd.DatetimeIndex(self.values, dtype="datetime64[s, UTC]", copy=False)


class _Texts(_Filled):
    """Numbers of texts, which each piece has in another order."""

    def __init__(self, name: str, parts: Sequence[_Part]) -> None:
        lists = {part.piece.file: part.piece.texts.get(name, ()) for part in parts}
        self.texts = sorted(set().union(*lists.values()))
        position = {text: number for number, text in enumerate(self.texts)}
        self.kind = _code_type(len(self.texts))
        self.codes = {
            file: np.array([position[text] for text in texts], dtype=self.kind)
            for file, texts in lists.items()
        }
        super().__init__(name, parts)

    def of_piece(self, reader: PieceReader, piece: Piece) -> NDArray[Any]:
        try:
            codes: NDArray[Any] = self.codes[piece.file][reader.stored(self.name)]
        except IndexError as error:
            raise DamagedError(piece.file) from error
        return codes

    def made(self, locations: LocationReader) -> Any:
        del locations
        return _categorical(self.values, self.texts)


class _Locations(_Filled):
    """Numbers of names of places, which the store has."""

    kind = np.int64

    def __init__(self, name: str, parts: Sequence[_Part]) -> None:
        super().__init__(name, parts)
        self.examples: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []

    def of_piece(self, reader: PieceReader, piece: Piece) -> NDArray[Any]:
        self.examples.append((reader.whole(NAMED[0]), reader.whole(NAMED[1])))
        return super().of_piece(reader, piece)

    def made(self, locations: LocationReader) -> Any:
        occurs = np.zeros(int(self.values.max(initial=-1)) + 1, dtype=bool)
        occurs[self.values] = True
        example = np.zeros(len(occurs), dtype=np.int64)
        for numbers, rows in self.examples:
            known = numbers < len(occurs)
            example[numbers[known]] = rows[known]
        named = locations(example[occurs])
        try:
            texts = [named[fid] for fid in example[occurs].tolist()]
        except KeyError as error:
            raise DamagedError(INDEX) from error
        order = sorted(range(len(texts)), key=texts.__getitem__)
        code = np.zeros(len(occurs), dtype=_code_type(len(texts)))
        code[np.flatnonzero(occurs)[order]] = np.arange(len(texts))
        return _categorical(code[self.values], [texts[at] for at in order])


_FILLED: Final[dict[str, type[_Filled]]] = {
    **dict.fromkeys(FLOATS, _Axis),
    **dict.fromkeys(TEXTS, _Texts),
    **dict.fromkeys((START, END), _Times),
    LOCATION: _Locations,
}


def _code_type(count: int) -> type[np.signedinteger]:
    """The type that pandas gives the codes of so many categories."""
    kinds: tuple[type[np.signedinteger], ...] = (np.int8, np.int16, np.int32)
    return next(kind for kind in kinds if count < np.iinfo(kind).max)


def _categorical(codes: NDArray[np.signedinteger], texts: Sequence[str]) -> pd.Categorical:
    kind = pd.CategoricalDtype(pd.Index(list(texts), dtype="str"))
    return pd.Categorical.from_codes(codes, dtype=kind, validate=False)
