"""How a difference is called: in which words, over all rows of a table, and of how few nothing.

There are no ranks: of areas alike in truth one is always first. An area is called better or worse
only where chance would seldom give such a difference to any area of the whole table.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from geo.statistics import benjamini_hochberg

FALSE_DISCOVERY_RATE: Final = 0.05
"""Of the areas and measures that are called better or worse, at most this share by chance."""

FEWEST: Final = 10
"""With fewer on either side nothing is said."""

BETTER: Final = "better"
WORSE: Final = "worse"
HIGHER: Final = "higher"
LOWER: Final = "lower"
NO_CLEAR_DIFFERENCE: Final = "no clear difference"
NO_CLEAR_CHANGE: Final = "no clear change"
TOO_FEW: Final = "too few to say"

NO_OTHERS: Final = "there is no other area to compare it with"
NO_EARLIER: Final = "nothing is known of the period before"


def judged(
    table: pd.DataFrame, better: ArrayLike, *, alike: str = NO_CLEAR_DIFFERENCE
) -> pd.DataFrame:
    """Say of each row whether it fares better or worse, after correction over all of them.

    Parameters
    ----------
    table
        `ratio`, `p` and `why`: all areas and all measures of one answer.
    better
        Which direction is better: up, down or neither, of each row or of all.
    alike
        What is said where no difference is clear.

    Returns
    -------
    The table with `q` and `verdict` after `p`: better or worse, or higher or lower where neither
    direction is better; too few to say; '' where `why` says why there is none.

    Source: Benjamini & Hochberg 1995.
    """
    q = benjamini_hochberg(table["p"].to_numpy(float))
    above = table["ratio"].to_numpy(float) > 1
    direction = np.broadcast_to(np.asarray(better, dtype=object), len(table))
    clear = q <= FALSE_DISCOVERY_RATE
    good = np.where(above, direction == "up", direction == "down")
    verdict = np.select(
        [
            clear & (direction == "neither") & above,
            clear & (direction == "neither"),
            clear & good,
            clear,
            ~np.isnan(q),
            (table["why"] == TOO_FEW).to_numpy(dtype=bool),
        ],
        [HIGHER, LOWER, BETTER, WORSE, alike, TOO_FEW],
        "",
    )
    at = list(table.columns).index("p") + 1
    return pd.concat(
        [
            table.iloc[:, :at],
            pd.DataFrame({"q": q, "verdict": verdict.astype(object)}, index=table.index),
            table.iloc[:, at:],
        ],
        axis=1,
    )
