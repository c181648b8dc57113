"""The rivals: SciPy's binomial tails, and esda's empirical Bayes with SciPy's gamma ranges."""

from __future__ import annotations

import sys
import warnings

import numpy as np
from baseline_amounts import amounts
from esda.smoothing import Empirical_Bayes
from inputs import timed
from result_file import save
from scipy.sparse import csr_array
from scipy.stats import binom, gamma

ROUNDS = 15


def main(kind: str, cells: str, answer: str) -> None:
    warnings.simplefilter("ignore")
    inputs = np.load(cells)
    counts = inputs["counts"].astype(float)
    near = csr_array((inputs["data"], inputs["indices"], inputs["indptr"]))
    given = amounts(kind, len(counts))
    if kind == "rates":
        (rate, low, high), took = timed(lambda: rates(counts, given))
        save(answer, {"s": took}, rate=rate, low=low, high=high)
        return
    p, took = timed(lambda: tails(counts, near, given), rounds=ROUNDS)
    save(answer, {"s": took}, p=p)


def tails(counts: np.ndarray, near: csr_array, given: np.ndarray) -> np.ndarray:
    around, share = near @ counts, near @ given
    total = counts[share > 0].sum()
    share = np.minimum(share / given.sum(), 1.0)
    at_most, at_least = binom.cdf(around, total, share), binom.sf(around - 1, total, share)
    p = np.minimum(1.0, 2 * np.minimum(at_most, at_least))
    return np.where(share > 0, p, np.nan)


def rates(counts: np.ndarray, residents: np.ndarray) -> tuple[np.ndarray, ...]:
    rate = Empirical_Bayes(counts, residents).r.ravel()
    # esda keeps the prior for itself: its moments again, for the range.
    mean = counts.sum() / residents.sum()
    spread = (residents * (counts / residents - mean) ** 2).sum() / residents.sum()
    variance = spread - mean / residents.mean()
    shape, scale = mean**2 / variance + counts, 1 / (mean / variance + residents)
    return rate, gamma.ppf(0.025, shape, scale=scale), gamma.ppf(0.975, shape, scale=scale)


if __name__ == "__main__":
    main(*sys.argv[1:])
