"""Incidents as counting needs them: where, when and what, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Points:
    """The accepted incidents of some rows, and why the others were rejected.

    Attributes
    ----------
    x, y
        Metres in the working CRS.
    month
        The month in London, in months since January 1970.
    category
        Which of `categories` each is.
    categories
        Slugs; two numbers may stand for the same one.
    rejected
        How many rows, by reason.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    month: Ints
    category: Ints
    categories: tuple[str, ...]
    rejected: Counter[str]
