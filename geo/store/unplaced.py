"""Rows of records that lack a place alone: whether each is accepted is known with the last row.

A council clears the address of a closed case, or a later extract has lost its coordinates. Where it
was is known, and that it was closed is what the row is for.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.incidents import REJECT_COLUMNS, Batch, Partition, Unplaced, empty_incidents
from geo.lookup import are_among
from geo.records.life import STATED_LAYER

_STATED = ["stated_area", STATED_LAYER]


class UnplacedRows:
    """The rows of one import that lack a place alone."""

    def __init__(self, partition: Partition) -> None:
        self._file = partition.file
        self._parts: list[Unplaced] = []
        self._rejects: list[pd.DataFrame] = []
        self._notices: tuple[str, ...] = ()

    def taken_from(self, batch: Batch) -> Batch:
        """A batch without those of its rows, which it counts as rejected."""
        self._notices = batch.notices
        if batch.unplaced is None:
            return batch
        own = batch.rejected["line"].isin(batch.unplaced.lines).to_numpy(bool)
        self._parts.append(batch.unplaced)
        self._rejects.append(batch.rejected[own])
        rest = batch.rejected[~own].reset_index(drop=True)
        return replace(batch, rejected=rest, unplaced=None)

    def batch(
        self,
        *,
        known: Callable[[pd.Index], pd.DataFrame],
        places: Callable[[], pd.DataFrame],
        present: Set[str],
        without_erased: Callable[[Batch], Batch],
    ) -> Batch | None:
        """All of those rows as one more batch.

        Parameters
        ----------
        known
            The lives of those of some records that the store knew before, by their ids.
        places
            `x` and `y` of the incidents that it knows, indexed by `incident_id`.
        present
            Ids of rows that were accepted already.
        without_erased
            Rejects the erased rows of a batch.

        Returns
        -------
        A batch in which the rows of known records are accepted, without a place as yet and with the
        stated area that is known; None where there are no such rows.
        """
        if not self._parts:
            return None
        whole = Unplaced.join(self._parts)
        # Of two rows of one record the first counts.
        first = ~whole.incidents["incident_id"].duplicated().to_numpy()
        batch = without_erased(
            Batch(
                empty_incidents(),
                pd.DataFrame(columns=list(REJECT_COLUMNS)),
                placeless=whole.incidents[first].reset_index(drop=True),
                lives=whole.lives[first],
            )
        )
        rows, lives = batch.placeless, batch.lives
        if rows is None or lives is None:
            raise AssertionError("a batch of records has lost its lives")
        before = known(lives.index)
        is_known = _is_known(rows["incident_id"], before, places()) & ~are_among(
            lives.index, present
        )
        lives = lives[is_known].copy()
        stated = before.reindex(lives.index)[_STATED].fillna("").astype("str")
        lives[_STATED] = stated
        erased = ~are_among(whole.incidents["incident_id"], rows["incident_id"])
        of_known = first & are_among(whole.incidents["incident_id"], lives.index)
        rejects = pd.concat(self._rejects, ignore_index=True)
        turned = rejects["line"].isin(whole.lines[~of_known & ~erased]).to_numpy(bool)
        parts = [one for one in (batch.rejected, rejects[turned]) if len(one)]
        reasons = rejects.loc[rejects["line"].isin(whole.lines[of_known]), "reason"]
        return replace(
            batch,
            placeless=rows[is_known].reset_index(drop=True),
            lives=lives,
            rejected=pd.concat(parts, ignore_index=True) if parts else batch.rejected,
            notices=(*self._notices, *_kept_lines(self._file, reasons)),
        )


def _is_known(ids: pd.Series, before: pd.DataFrame, places: pd.DataFrame) -> NDArray[np.bool_]:
    """Which records have a known place, or a stated area that is known."""
    stated = before.index[before["stated_area"] != ""]
    return are_among(ids, places.index) | are_among(ids, stated)


def _kept_lines(file: str, reasons: pd.Series) -> list[str]:
    if reasons.empty:
        return []
    why = ", ".join(f"{n:,} {reason}" for reason, n in reasons.value_counts().items())
    n = len(reasons)
    rows = "1 row of a known record states" if n == 1 else f"{n:,} rows of known records state"
    return [f"{file}: {rows} no usable place ({why}); each record stays where it was"]
