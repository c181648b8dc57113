"""Money by area: what was allocated, committed and paid, and what is left, to the penny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from geo.measures.model import MONEY_STATES

AMOUNTS: Final = (*MONEY_STATES, "left")
"""Columns of money, in pounds."""

NO_PRIORITY: Final = "no priority"


def outstanding(entries: pd.DataFrame) -> pd.DataFrame:
    """Make each commitment as large as what is still to be paid of it.

    A payment that settles a commitment takes its amount from it, never below nothing. A commitment
    or a payment that was reversed counts for what is left of it.

    Parameters
    ----------
    entries
        `ENTRY_COLUMNS` of money.

    Returns
    -------
    The same entries; `amount` of a commitment is what is outstanding, and 0 of its reversal.
    """
    by_id = entries.set_index("entry_id")
    is_commitment = (entries["state"] == "committed").to_numpy(dtype=bool)
    reverses = entries["reverses"].to_numpy(dtype=object)
    own = entries["entry_id"].to_numpy(dtype=object)
    # A reversal belongs to what it reverses: the commitment, or the payment's commitment.
    original = np.where(reverses != "", reverses, own)
    commitment_of_payment = by_id["settles"].reindex(original).fillna("").to_numpy(dtype=object)
    commitment_of_payment = np.where(
        commitment_of_payment == "",
        entries["settles"].to_numpy(dtype=object),
        commitment_of_payment,
    )
    commitment = np.where(is_commitment, original, commitment_of_payment)
    signed = np.where(is_commitment, 1, -1) * entries["amount"].to_numpy(np.int64)
    counted = (commitment != "") & (is_commitment | (entries["state"] == "paid").to_numpy())
    left = pd.Series(signed[counted]).groupby(commitment[counted]).sum().clip(lower=0)
    amount = entries["amount"].to_numpy(np.int64).copy()
    amount[is_commitment] = 0
    first = is_commitment & (reverses == "")
    amount[first] = left.reindex(own[first]).fillna(0).to_numpy(np.int64)
    return entries.assign(amount=amount)


def spending(
    entries: pd.DataFrame,
    codes: Sequence[str],
    *,
    by: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> pd.DataFrame:
    """Add up what was allocated, committed and paid.

    Parameters
    ----------
    entries
        `ENTRY_COLUMNS` of money, with what is outstanding of commitments; see `outstanding`.
    codes
        All areas, of which those without an entry have nothing.
    by
        Further columns of the entries to add up by, such as the priority, with their values.

    Returns
    -------
    A row for each area, in the order given, and each of those values: `area_code`, these columns,
    `AMOUNTS` in pounds, and `share_paid` of what was allocated. `left` is allocated less paid less
    committed, below 0 where too much was spent.
    """
    levels = {"area_code": list(codes), **by, "state": list(MONEY_STATES)}
    index = pd.MultiIndex.from_product([list(each) for each in levels.values()], names=list(levels))
    sums = entries.groupby(list(levels))["amount"].sum().reindex(index, fill_value=0)
    # The states are the last level, so each row of three is one area.
    by_state = sums.to_numpy("int64").reshape(-1, len(MONEY_STATES))
    rows = index.droplevel("state")[:: len(MONEY_STATES)]
    pence = pd.DataFrame(by_state, index=rows, columns=list(MONEY_STATES))
    left = pence["allocated"] - pence["paid"] - pence["committed"]
    # Two decimals of a whole number of pence are exact as they are written.
    pounds = (pence.assign(left=left) / 100).round(2)
    share = pence["paid"] / pence["allocated"].where(pence["allocated"] > 0)
    return pounds.assign(share_paid=share).reset_index()
