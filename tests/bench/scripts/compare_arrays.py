"""Refuse two answers that differ by more than a rule allows."""

from __future__ import annotations

import sys

import numpy as np

CLOSE = 1e-9
DEVIATIONS = 5  # standard errors that a share of random draws may be from the exact chance


def main(rule: str, ours: str, theirs: str) -> None:
    RULES[rule](np.load(ours), np.load(theirs))


def z(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal z; `close` to 1e-9."""
    refuse(np.abs(ours["z"] - theirs["z"]).max() > CLOSE, "the z differ")


def p(ours: np.ndarray, theirs: np.ndarray) -> None:
    """As far from the exact chance as the rival's draws can be, but where it lost its ties.

    The rival tells the smaller tail. Sums that are equal it finds unequal by rounding, in about
    half of its draws, so its tail may lie anywhere between those with and without the ties.
    """
    exact, drawn, draws = ours["p"], np.minimum(1.0, 2 * theirs["p"]), int(theirs["draws"])
    reach = DEVIATIONS * np.sqrt(exact * (1 - exact / 2) * 2 / draws) + 2 / draws
    low, high = exact - 2 * ours["tie"] - reach, exact + reach
    share = ((drawn >= low) & (drawn <= high)).mean()
    refuse(share < 0.999, f"only {share:.2%} of the p agree")


def density(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Within 1e-9 of the peak."""
    peak = theirs["density"].max()
    refuse(np.abs(ours["density"] - theirs["density"]).max() > CLOSE * peak, "the densities differ")


def knox(ours: np.ndarray, theirs: np.ndarray) -> None:
    """The same pairs; p as near as two runs of random draws can be."""
    refuse(int(ours["pairs"]) != int(theirs["pairs"]), "the pairs differ")
    one, other, draws = float(ours["p"]), float(theirs["p"]), int(theirs["draws"])
    reach = DEVIATIONS * np.sqrt(max(one * (1 - one), 1 / draws) / draws) + 1 / draws
    refuse(abs(one - other) > reach, f"the p differ: {one} and {other}")


def tails(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal tails, and none where there is no baseline."""
    one, other = ours["p"], theirs["p"]
    refuse((np.isnan(one) != np.isnan(other)).any(), "other cells have a baseline")
    refuse(np.nanmax(np.abs(one - other)) > CLOSE, "the tails differ")
    if "q" in ours:
        refuse(np.nanmax(np.abs(ours["q"] - theirs["q"])) > CLOSE, "the rates differ")


def rates(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal rates and ranges."""
    for name in ("rate", "low", "high"):
        refuse(np.abs(ours[name] - theirs[name]).max() > CLOSE, f"the rates differ in {name}")


def refuse(differs: bool, text: str) -> None:
    if differs:
        raise SystemExit(text)


RULES = {"z": z, "p": p, "density": density, "knox": knox, "tails": tails, "rates": rates}

if __name__ == "__main__":
    main(*sys.argv[1:])
