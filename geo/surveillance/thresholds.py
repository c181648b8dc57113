"""How far from its expected count a count may lie by chance, by four rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Function = Callable[[Floats, Floats, Floats], NDArray[np.floating]]

Rule = Literal["predictive", "delta", "nbPlugin", "muan"]
"""How a count is distributed about its expected count.

`delta`: its 2/3 power is normal, with the variances of the count and of the expected count
(Farrington, Andrews, Beale & Catchpole 1996). `nbPlugin`: negative binomial, the expected count
taken for true (Noufaily et al. 2013). `muan`: the same about a bound of the expected count
(Salmon, Schumacher & Höhle 2016). `predictive`: negative binomial with the variances of `delta`.
"""

_POISSON: Final = 1 + 1e-6  # variances over means up to this are those of Poisson counts
_ROUNDING: Final = 1e-9  # a quantile this little above a whole number is that number


@dataclass(frozen=True)
class Chances:
    """How n counts are distributed by chance.

    Attributes
    ----------
    expected
        The n expected counts.
    se
        Their standard errors.
    dispersion
        Variance over mean of the counts, 1 or more.
    alpha
        The share of counts beyond either bound; one number, or n.
    rule
        The kind of distribution.
    """

    expected: Floats
    se: Floats
    dispersion: Floats
    alpha: float | Floats
    rule: Rule

    @property
    def upper(self) -> Floats:
        """The upper bounds: the last counts that are as many as expected."""
        if self.rule == "delta":
            return np.asarray((self._centre + self._z * self._width) ** 1.5)
        return _quantile(1 - self.alpha, self._mean(1), self._spread)

    @property
    def lower(self) -> Floats:
        """The lower bounds, by the same rule: the first counts that are as many as expected."""
        if self.rule == "delta":
            return np.asarray(np.maximum(self._centre - self._z * self._width, 0) ** 1.5)
        return _quantile(np.asarray(self.alpha), self._mean(-1), self._spread)

    def at_least(self, n: Floats) -> Floats:
        """The chance of counts of n or more."""
        if self.rule == "delta":
            return np.asarray(scipy.special.ndtr((self._centre - n ** (2 / 3)) / self._width))
        tail = _by_distribution(
            self._spread,
            lambda n, mean, _: scipy.special.pdtrc(n - 1, mean),
            lambda n, mean, spread: scipy.special.betainc(
                np.maximum(n, 1), mean / (spread - 1), 1 - 1 / spread
            ),
            (n, self._mean(1)),
        )
        return np.where(n <= 0, 1.0, tail)

    def at_most(self, n: Floats) -> Floats:
        """The chance of counts of n or fewer."""
        if self.rule == "delta":
            return np.asarray(scipy.special.ndtr((n ** (2 / 3) - self._centre) / self._width))
        return _by_distribution(
            self._spread,
            lambda n, mean, _: scipy.special.pdtr(n, mean),
            lambda n, mean, spread: scipy.special.betainc(mean / (spread - 1), n + 1, 1 / spread),
            (n, self._mean(-1)),
        )

    @property
    def _z(self) -> Floats:
        return np.asarray(-scipy.special.ndtri(self.alpha))

    @property
    def _centre(self) -> Floats:
        return self.expected ** (2 / 3)

    @property
    def _variance_ratio(self) -> Floats:
        """Variance over mean of the difference between a count and its expected count."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.dispersion + self.se**2 / self.expected

    @property
    def _width(self) -> Floats:
        return np.sqrt(4 / 9 * self.expected ** (1 / 3) * self._variance_ratio)

    @property
    def _spread(self) -> Floats:
        return self._variance_ratio if self.rule == "predictive" else self.dispersion

    def _mean(self, side: int) -> Floats:
        if self.rule != "muan":
            return self.expected
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.expected * np.exp(side * self._z * self.se / self.expected))


def _by_distribution(
    spread: Floats, of_poisson: Function, of_others: Function, values: tuple[Floats, Floats]
) -> Floats:
    """Values of Poisson and of negative binomial counts, each computed for its own rows alone.

    `spread` are their variances over means; the functions take rows of both values and of it.
    """
    first, second, ratio = np.broadcast_arrays(*values, spread)
    poisson, result = ratio <= _POISSON, np.empty(ratio.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        for rows, function in ((poisson, of_poisson), (~poisson, of_others)):
            result[rows] = function(first[rows], second[rows], ratio[rows])
    return result


def _quantile(share: float | Floats, mean: Floats, ratio: Floats) -> Floats:
    real = _by_distribution(
        ratio,
        lambda share, mean, _: scipy.special.pdtrik(share, mean),
        lambda share, mean, spread: scipy.special.nbdtrik(share, mean / (spread - 1), 1 / spread),
        (np.asarray(share, float), mean),
    )
    return np.maximum(np.ceil(real - _ROUNDING), 0.0)
