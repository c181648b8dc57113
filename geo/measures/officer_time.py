"""Officers' time by area and activity, and what it costs at a stated rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

MINUTES_PER_HOUR = 60


def officer_hours(
    entries: pd.DataFrame,
    codes: Sequence[str],
    *,
    by: Mapping[str, Sequence[str]] = MappingProxyType({}),
    pence_per_hour: int | None = None,
) -> pd.DataFrame:
    """Add up hours by area and activity.

    Parameters
    ----------
    entries
        `ENTRY_COLUMNS` of time.
    codes
        All areas.
    by
        Further columns of the entries to add up by, such as the activity, with their values.
    pence_per_hour
        What an hour costs; None where nobody says.

    Returns
    -------
    A row for each area and each of those values: `area_code`, these columns, `hours` and, where the
    rate is known, `cost` in pounds, rounded to the penny.
    """
    levels = {"area_code": list(codes), **by}
    index = pd.MultiIndex.from_product([list(each) for each in levels.values()], names=list(levels))
    minutes = entries.groupby(list(levels))["amount"].sum()
    minutes = minutes.reindex(index, fill_value=0).astype("int64")
    frame = pd.DataFrame({"hours": minutes / MINUTES_PER_HOUR})
    if pence_per_hour is not None:
        pence = np.rint(minutes * pence_per_hour / MINUTES_PER_HOUR)
        frame["cost"] = (pence / 100).round(2)
    return frame.reset_index()
