"""What the reader of a spreadsheet tells of its rows beside those that it rejects."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.incidents import category_slug

Mask = NDArray[np.bool_]
Reasons = NDArray[np.object_]


class RecordNotices:
    """Adds up what a reader should know of the records of a file."""

    def __init__(self) -> None:
        self._places: Counter[str] = Counter()
        self._dues = 0

    def add(self, places: Reasons, dues_left_out: Mask) -> None:
        """Count what is unusual of more rows.

        Parameters
        ----------
        places
            Why each row without a place has none.
        dues_left_out
            Whether the due date of each row is left out.
        """
        self._places.update(places.tolist())
        self._dues += int(dues_left_out.sum())

    def lines(self, file: str) -> tuple[str, ...]:
        """A line for each."""
        lines = []
        if n := self._places.total():
            why = ", ".join(f"{count:,} {reason}" for reason, count in self._places.most_common())
            lines.append(
                f"{file}: {n:,} of the accepted rows have no place ({why}): they count in the area "
                "that is stated for them, and are off the map"
            )
        if self._dues:
            dates = "1 due date is" if self._dues == 1 else f"{self._dues:,} due dates are"
            lines.append(f"{file}: {dates} before the record was received, and left out")
        return tuple(lines)


class MergedLabels:
    """Texts of categories that become one category: they differ by accents or signs only."""

    def __init__(self) -> None:
        self._labels: dict[str, dict[str, str]] = {}

    def add(self, texts: pd.Series, *, file: str) -> tuple[str, ...]:
        """Add the texts of more rows.

        Parameters
        ----------
        texts
            One of each row, without spaces around it.
        file
            Its name, for the notice.

        Returns
        -------
        notices
            One line with all that are merged so far; none where no two are.
        """
        for text in texts.unique():
            # Capitals and spaces make no difference that anyone would mean.
            alike = " ".join(text.casefold().split())
            if slug := category_slug(text):
                self._labels.setdefault(slug, {}).setdefault(alike, text)
        merged = [
            f"{' and '.join(map(repr, labels.values()))} as {slug}"
            for slug, labels in self._labels.items()
            if len(labels) > 1
        ]
        if not merged:
            return ()
        shown = "; ".join(merged)[:300]
        return (f"{file}: categories that differ by accents or signs count as one: {shown}",)
