"""Whether the last step of each of many series is unusual, all of them judged together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.statistics import benjamini_hochberg
from geo.surveillance.farrington import DEFAULTS, Expectation, Options, farrington_flexible
from geo.surveillance.reference import Reference
from geo.surveillance.thresholds import Chances

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

MORE: Final = "more"
FEWER: Final = "fewer"
USUAL: Final = "usual"
CANNOT_SAY: Final = "cannot be said yet"
"""The four verdicts."""

LEVEL: Final = 0.05
"""The false discovery rate at which a step is called unusual."""

FEWEST_YEARS: Final = 3
"""With less history nothing is said: two of a season do not show how much it varies."""

FEWEST_DEGREES: Final = 3
"""With fewer degrees of freedom the dispersion of a series is not known."""

POWER: Final = 0.8
"""How often the smallest detectable rise is found."""

_ROUNDS: Final = 20  # of the search for the smallest detectable rise; it settles in ten


@dataclass(frozen=True)
class Unusual:
    """Verdicts on the last step of n series.

    Attributes
    ----------
    expectation
        What each was to hold; NaN where it cannot be judged.
    p
        How often chance gives a count at least as far out, on either side.
    q
        The same, corrected for the number of series judged (Benjamini & Hochberg 1995).
    verdict
        `MORE`, `FEWER`, `USUAL` or `CANNOT_SAY`.
    detectable
        The smallest rise, as a share of the expected count, that is found in four cases of five.
    fewest
        How many steps of history are needed.
    """

    expectation: Expectation
    p: Floats
    q: Floats
    verdict: NDArray[np.object_]
    detectable: Floats
    fewest: int


def unusual(counts: ArrayLike, reference: Reference, *, options: Options = DEFAULTS) -> Unusual:
    """Judge the last step of each of n series, all together.

    Parameters
    ----------
    counts
        n × m counts of successive steps, the last of which is judged; NaN where unknown.
    reference
        Which steps it is compared with.
    options
        How.

    Returns
    -------
    A verdict for each series; `CANNOT_SAY` where its last step is unknown, or fewer than
    `FEWEST_YEARS` years of its history are known.
    """
    table = np.asarray(counts, float)
    fewest = FEWEST_YEARS * reference.steps_per_year
    expectation = farrington_flexible(table, reference, options=options)
    n = table[:, -1]
    judged = (
        (expectation.history >= fewest)
        & (expectation.degrees >= FEWEST_DEGREES)
        & np.isfinite(expectation.expected)
    )
    said = judged & np.isfinite(n)
    p = np.where(
        said, np.minimum(2 * np.minimum(expectation.at_least, expectation.at_most), 1), np.nan
    )
    q = benjamini_hochberg(p)
    rises = n > expectation.expected
    significant = said & (q <= LEVEL)
    verdict = np.select([~said, significant & rises, significant], [CANNOT_SAY, MORE, FEWER], USUAL)
    tests = max(int(said.sum()), 1)
    # Another series would be found with this p or a smaller one, beside those found already.
    limit = LEVEL * min(int(significant.sum()) + 1, tests) / tests
    detectable = _detectable(expectation, limit, options)
    return Unusual(
        expectation=_only(expectation, judged),
        p=p,
        q=q,
        verdict=verdict.astype(object),
        detectable=np.where(judged, detectable, np.nan),
        fewest=fewest,
    )


def _only(expectation: Expectation, judged: Bools) -> Expectation:
    """The expectations of the series that can be judged; NaN for the others."""
    names = ("expected", "lower", "upper", "at_least", "at_most", "score")
    return replace(
        expectation,
        **{name: np.where(judged, getattr(expectation, name), np.nan) for name in names},
    )


def _detectable(expectation: Expectation, limit: float, options: Options) -> Floats:
    """The smallest rise that has a p of at most a limit, on either side, in `POWER` of cases.

    The 2/3 power of a count is nearly normal (Farrington et al. 1996), which also holds at the
    higher level.
    """
    tail = np.full(len(expectation.expected), limit / 2)
    if options.students:
        tail = scipy.special.ndtr(scipy.special.stdtrit(np.maximum(expectation.degrees, 1), tail))
    chances = Chances(
        expectation.expected, expectation.se, expectation.dispersion, tail, options.rule
    )
    critical = np.maximum(chances.upper + 0.5, 0.5) ** (2 / 3)
    power = float(scipy.special.stdtrit(np.inf, POWER))
    centre = critical
    for _ in range(_ROUNDS):
        width = np.sqrt(4 / 9 * np.sqrt(centre) * expectation.dispersion)
        centre = critical + power * width
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(centre**1.5 / expectation.expected - 1)
