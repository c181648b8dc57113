"""Incidents in the order of their partitions, so that single partitions can be exchanged.

An import replaces one partition of many: to read that one again takes a small part of the time of
reading all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class PartitionedIncidents:
    """Incidents by partition, each partition's in the order in which they were written.

    Attributes
    ----------
    frame
        An incident frame; texts that repeat are categories in the order of Unicode.
    sizes
        How many rows each partition has, in the order of the frame, which is that of their names.
    """

    frame: pd.DataFrame
    sizes: Mapping[str, int]

    @classmethod
    def grouped(cls, frame: pd.DataFrame, partitions: pd.Series) -> PartitionedIncidents:
        """Bring a frame into the order of its partitions.

        Parameters
        ----------
        frame
            An incident frame in which each partition's rows are in the order in which they were
            written.
        partitions
            The name of the partition of each row, as categories.

        Returns
        -------
        incidents
            All rows of the frame.
        """
        if not len(frame):
            return cls(frame, {})
        frame = frame.assign(**{name: _in_order(frame[name]) for name in _repeated(frame)})
        ordered = _in_order(partitions).cat
        codes = ordered.codes.to_numpy()
        if (np.diff(codes) < 0).any():
            frame = frame.iloc[np.argsort(codes, kind="stable")].reset_index(drop=True)
        sizes = np.bincount(codes, minlength=len(ordered.categories)).tolist()
        return cls(frame, dict(zip(ordered.categories, sizes, strict=True)))

    def exchanged(
        self, others: PartitionedIncidents, partitions: Collection[str]
    ) -> PartitionedIncidents:
        """Take some partitions from another reading.

        Parameters
        ----------
        others
            All rows that these partitions have now.
        partitions
            Their names; such as have no rows now are dropped.

        Returns
        -------
        incidents
            As if all had been read again, where the other partitions are as they were.
        """
        frames = _alike([self.frame, others.frame])
        pieces = [frames[at].iloc[rows] for at, rows in self._slices(others, set(partitions))]
        if not pieces:
            return PartitionedIncidents(others.frame, {})
        frame = pd.concat(pieces, ignore_index=True)
        used = {name: frame[name].cat.remove_unused_categories() for name in _repeated(frame)}
        unchanged = {name: size for name, size in self.sizes.items() if name not in partitions}
        sizes = dict(sorted({**unchanged, **others.sizes}.items()))
        return PartitionedIncidents(frame.assign(**used), sizes)

    def _slices(
        self, others: PartitionedIncidents, partitions: Collection[str]
    ) -> Iterator[tuple[int, slice]]:
        """The rows of all partitions in their order: of these incidents (0), or the others (1)."""
        own, read = _spans(self.sizes), _spans(others.sizes)
        spans = {name: (0, *span) for name, span in own.items() if name not in partitions}
        spans |= {name: (1, *span) for name, span in read.items()}
        at, first, last = 0, 0, 0
        for name in sorted(spans):
            source, start, end = spans[name]
            if (source, start) != (at, last):  # they do not follow those before
                if first < last:
                    yield at, slice(first, last)
                at, first = source, start
            last = end
        if first < last:
            yield at, slice(first, last)


def _spans(sizes: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Where the rows of each partition begin and end."""
    ends = np.cumsum([*sizes.values()], dtype=int).tolist()
    return {name: (end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}


def _alike(frames: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """The frames with rows, or else as they are, with the same categories in each."""
    filled = [frame for frame in frames if len(frame)]
    for name in _repeated(filled[0]) if len(filled) > 1 else []:
        texts = sorted(set().union(*(frame[name].cat.categories for frame in filled)))
        frames = [
            frame.assign(**{name: frame[name].cat.set_categories(texts)}) if len(frame) else frame
            for frame in frames
        ]
    return frames


def _repeated(frame: pd.DataFrame) -> list[str]:
    """The columns of texts that repeat."""
    return [str(name) for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)]


def _in_order(column: pd.Series) -> pd.Series:
    """Categories in the order of Unicode."""
    return column.cat.reorder_categories(sorted(column.cat.categories))
