"""Conceals what a reader may not see, without changing what is tested.

An Answer to somebody who sees some areas only is made of all of them, so that a cell's verdict is
one for all readers. But the other areas have neither their name nor their code in it: no table,
label, caveat or refusal made of that Answer can say what they are called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.hotspots.repeats import names_place
from geo.question.answer import ANOTHER_AREA, Answer, Visible
from geo.question.exclusions import UNSEEN

Bools = NDArray[np.bool_]

CONCEALED: Final = " *"
"""Stands in the code of a concealed area, before its number."""

_CONCEALED_CODE: Final = re.compile(re.escape(CONCEALED) + r"\d{6}$")


def concealed(areas: gpd.GeoDataFrame, visible: Bools) -> gpd.GeoDataFrame:
    """Take the names and codes of some areas away.

    Parameters
    ----------
    areas
        n areas indexed by code, with `area_name`; or points, which may have a `name`.
    visible
        Which of the n stay as they are.

    Returns
    -------
    The same areas in the same order. A concealed one is called `ANOTHER_AREA`, and has a code that
    sorts where its own did: ties between areas are broken by their codes.
    """
    codes = areas.index.astype(str).to_numpy(dtype=object)
    new, before, number = codes.copy(), "", 0
    for position in np.argsort(codes.astype(str), kind="stable"):
        if visible[position]:
            before, number = str(codes[position]), 0
        else:
            number += 1
            new[position] = f"{before}{CONCEALED}{number:06}"
    named = [column for column in ("area_name", "name") if column in areas]
    names = {
        column: np.where(visible, areas[column].to_numpy(dtype=object), ANOTHER_AREA)
        for column in named
    }
    frame = areas.assign(**names)
    return frame.set_axis(pd.Index(new, name=areas.index.name))


def is_concealed(areas: gpd.GeoDataFrame) -> Bools:
    """Tell which of n areas or points `concealed` took the name and code of.

    Parameters
    ----------
    areas
        As `concealed` gives them, or as they are in a store.

    Returns
    -------
    n flags.
    """
    codes = areas.index.astype(str)
    return np.array([re.search(_CONCEALED_CODE, code) is not None for code in codes], dtype=bool)


def without_locations(incidents: pd.DataFrame, hidden: Bools) -> pd.DataFrame:
    """Take the location text of some incidents away.

    Parameters
    ----------
    incidents
        n incidents.
    hidden
        Of which of the n.

    Returns
    -------
    The incidents; the others keep theirs.
    """
    if "location" not in incidents or not hidden.any():
        return incidents
    texts = incidents["location"].astype(object).where(~hidden, "")
    if isinstance(incidents["location"].dtype, pd.CategoricalDtype):
        texts = texts.astype("category")
    return incidents.assign(location=texts)


def limited(answer: Answer, visible: Visible, *, caveats: Sequence[str]) -> Answer:
    """Take from an Answer what its reader may not see.

    Parameters
    ----------
    answer
        Its Question shows visible areas only, and the others are concealed.
    visible
        What its reader may see.
    caveats
        What they are to know of that.

    Returns
    -------
    The Answer, with the same counts and verdicts.
    """
    if visible.codes is not None and visible.locations:
        visible = replace(visible, named=int(names_place(answer.counted["location"]).sum()))

    def as_visible(incidents: pd.DataFrame) -> pd.DataFrame:
        hidden = np.full(len(incidents), not visible.locations)
        if visible.codes is not None and len(incidents):
            hidden |= ~answer.membership.within(incidents, sorted(visible.codes))
        return without_locations(incidents, hidden).drop(columns=UNSEEN, errors="ignore")

    rows = answer.rows
    return replace(
        answer,
        counted=as_visible(answer.counted),
        compared=as_visible(answer.compared),
        history=as_visible(answer.history),
        earlier=as_visible(answer.earlier) if len(answer.earlier) else answer.earlier,
        placeless=replace(
            answer.placeless,
            counted=as_visible(answer.placeless.counted),
            compared=as_visible(answer.placeless.compared),
            earlier=as_visible(answer.placeless.earlier),
            history=as_visible(answer.placeless.history),
        ),
        rows=replace(rows, inside=lambda incidents: as_visible(rows.inside(incidents))),
        accounts=replace(answer.accounts, caveats=[*answer.accounts.caveats, *caveats]),
        visible=visible,
    )
