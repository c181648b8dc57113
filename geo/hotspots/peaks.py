"""Peaks: the hours that hold most incidents, beside what chance gives.

The busiest window of a week is chosen from 168, so it always holds more than its share, and the
fewer the incidents the more: of 60 at flat random hours the best four hours hold 3.5 times an even
spread, of 5 more than 11 times. So each peak stands beside that of flat weeks with as many
incidents, each of them as uncertain in time as its own; and of too few nothing is said.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.hotspots.dayparts import WEEK_HOURS, Dayparts, peak_hours, peak_windows

Floats = NDArray[np.float64]

FEWEST_TIMED: Final = 30
"""With fewer incidents of a known time no peak is named."""

CLEAR: Final = 0.05
"""A peak is clear if at most this share of flat weeks have one as high."""

DRAWS: Final = 199
SEED: Final = 0

_SPANS: Final = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, WEEK_HOURS])
"""Hours that simulated incidents may span: each real span counts as the next shorter one."""


def peaks(
    parts: Dayparts, *, hours: int, most: int = 1, of: Literal["week", "day"] = "week"
) -> pd.DataFrame:
    """The busiest windows of the week, or of the day, beside those of flat ones.

    Parameters
    ----------
    parts
        Incidents by hour of the week.
    hours, most
        As in `peak_windows`.
    of
        Whether windows are those of the week, or of all days together.

    Returns
    -------
    As `peak_windows` or `peak_hours`, with `lift_by_chance`, the mean of the window of the same
    rank in flat weeks; `p`, the share of flat weeks in which it is as high; and `clear`, whether
    p is at most `CLEAR`. No row where fewer than `FEWEST_TIMED` incidents are counted.

    Raises
    ------
    InputError
        As `peak_windows`.

    Source: a Monte-Carlo scan statistic (Naus 1965; p as in North, Curtis & Sham 2002) of the
    aoristic weights of Ratcliffe 2000.
    """
    choose, size = (peak_windows, WEEK_HOURS) if of == "week" else (peak_hours, 24)
    enough = parts.counted >= FEWEST_TIMED
    frame = choose(parts.weights, hours=hours, most=most if enough else 0)
    numbers = tuple(np.add.reduceat(parts.spans, _SPANS).tolist())
    flat = _flat_lifts(numbers, hours=hours, most=max(len(frame), 1), size=size)[:, : len(frame)]
    # As high but for the rounding of sums.
    as_high = (flat >= frame["lift"].to_numpy() * (1 - 1e-9)).sum(axis=0)
    p = (1 + as_high) / (1 + DRAWS)
    return frame.assign(lift_by_chance=flat.mean(axis=0), p=p, clear=p <= CLEAR)


@lru_cache(maxsize=256)
def _flat_lifts(numbers: tuple[int, ...], *, hours: int, most: int, size: int) -> Floats:
    """The lifts of the best windows in weeks, or days, without a pattern.

    Parameters
    ----------
    numbers
        Of the incidents that span each of `_SPANS`.
    hours, most
        Length of the windows, and how many of them.
    size
        Hours of the circle: 168 or 24.

    Returns
    -------
    Draws × windows, the best first.
    """
    random = np.random.default_rng(SEED)
    spectrum = np.zeros((DRAWS, size // 2 + 1), complex)
    for span, number in zip(_SPANS.tolist(), numbers, strict=True):
        if number:
            begun = random.multinomial(number, np.full(size, 1 / size), size=DRAWS)
            spectrum += np.fft.rfft(begun) * _box(span, size) / span
    sums = np.fft.irfft(spectrum * _box(hours, size), size)
    lifts = np.zeros((DRAWS, most))
    apart = np.arange(size)
    for rank in range(most):
        start = sums.argmax(axis=1)
        lifts[:, rank] = sums[np.arange(DRAWS), start] / max(sum(numbers), 1) / (hours / size)
        away = (apart - start[:, None]) % size
        sums[(away < hours) | (away > size - hours)] = 0
    return lifts


def _box(length: int, size: int) -> NDArray[np.complex128]:
    """The transform of so many successive hours of 1, on a circle of so many."""
    return np.fft.rfft(np.bincount(np.arange(length) % size, minlength=size))
