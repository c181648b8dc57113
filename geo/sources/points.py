"""Incidents reduced to what counting needs: place, month and category."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class IncidentPoints:
    """The accepted incidents of some rows, with the reasons why others were rejected.

    Attributes
    ----------
    x, y
        Metres in the working CRS.
    month
        The month in London, in months since January 1970.
    category
        The position of each incident's category in `categories`.
    categories
        Slugs; the same slug can appear twice.
    rejected
        Number of rejected rows by reason.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    month: Ints
    category: Ints
    categories: tuple[str, ...]
    rejected: Counter[str]
