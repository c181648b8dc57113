"""Officers and money shared over areas: a floor for each, the rest by need."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo.allocation.apportionment import Floats, Ints, Method, apportion, claims, tipping_needs
from geo.allocation.needs import numbers
from geo.allocation.solver import require_sound
from geo.errors import InputError

_POUNDS = re.compile(r"£?\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d\d?))?")


def share_posts(
    areas: pd.DataFrame,
    *,
    posts: int,
    floor: int = 1,
    method: Method = "sainte-lague",
    pinned: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Share officers over areas: `floor` for each, the rest by need.

    Parameters
    ----------
    areas
        Indexed by area code, with `area_name` and `need`.
    posts
        The number of officers.
    floor
        The least that each area has.
    method
        As in `apportionment.apportion`.
    pinned
        Officer's name → area code: who stays where they are. They count towards `posts` and
        towards the floor.

    Returns
    -------
    One row for each area, by code: `area_code`, `area_name`, `need`, `share` of the need, `quota`
    (the posts it would have if they could be divided), `posts`, `officers` (the pinned ones'
    names), `in_line` (1 for the area that claims the next post most strongly),
    `posts_if_one_more`, `posts_if_one_fewer` (the effect of a vacancy; empty where the floors
    forbid one), `loses_below` and `gains_above`: by how much the area's need would have to
    change, as a share of it, while all other needs stay, for its posts to change (empty where no
    change does that). Ties are broken by area code.

    Raises
    ------
    InputError
        If the floors cannot be met, a need is missing or negative, or an officer is pinned to
        an area that does not exist.

    Source: Balinski & Young 2001, Fair Representation.
    """
    table = _by_code(areas)
    officers = _officers(pinned or {}, table.index)
    least = np.maximum(floor, officers.map(len).to_numpy(np.int64))
    need = numbers(table, "need")
    _check_floors(least, floor=floor, posts=posts)
    allocated = apportion(need, posts, floors=least, method=method)
    lose, gain = tipping_needs(need, allocated, floors=least, method=method)
    # Stable on areas in the order of their codes: equal claims queue by code.
    queue = np.argsort(-claims(need, allocated, method=method), kind="stable")
    result = pd.DataFrame(
        {
            "area_code": table.index,
            "area_name": table["area_name"].to_numpy(),
            "need": need,
            "share": need / need.sum(),
            "quota": posts * need / need.sum(),
            "posts": allocated,
            "officers": officers.map(", ".join).to_numpy(),
            "in_line": np.argsort(queue, kind="stable") + 1,
            "posts_if_one_more": apportion(need, posts + 1, floors=least, method=method),
            "posts_if_one_fewer": _one_fewer(need, least, posts=posts, method=method),
            "loses_below": _change(lose, need),
            "gains_above": _change(gain, need),
        }
    )
    require_sound(verify_posts(result, posts=posts, floor=floor, pinned=pinned))
    return result


def share_money(areas: pd.DataFrame, *, pence: int, floor_pence: int = 0) -> pd.DataFrame:
    """Share money over areas to the penny, flat and by need, side by side.

    Parameters
    ----------
    areas
        Indexed by area code, with `area_name` and `need`.
    pence
        The amount, in whole pence.
    floor_pence
        The least that each area has.

    Returns
    -------
    One row for each area, by code: `area_code`, `area_name`, `need`, `share`, `flat_pence`,
    `need_pence` and `difference_pence` (by need less flat). Both columns add up to `pence`;
    left-over pence go by largest remainder, ties by area code.

    Raises
    ------
    InputError
        As `share_posts`.

    Source: largest remainder as in Balinski & Young 2001.
    """
    table = _by_code(areas)
    need = numbers(table, "need")
    flat = apportion(np.ones(len(need)), pence, floors=floor_pence, method="largest-remainder")
    by_need = apportion(need, pence, floors=floor_pence, method="largest-remainder")
    return pd.DataFrame(
        {
            "area_code": table.index,
            "area_name": table["area_name"].to_numpy(),
            "need": need,
            "share": need / need.sum(),
            "flat_pence": flat,
            "need_pence": by_need,
            "difference_pence": by_need - flat,
        }
    )


def read_pence(text: str) -> int:
    """Read `£10,000`, `10000.5` or `10,000.50` as whole pence.

    Raises
    ------
    InputError
        If it is not an amount, or has fractions of a penny.
    """
    match = _POUNDS.fullmatch(text.strip())
    if not match:
        raise InputError(f"{text!r} is not an amount of money; write it as 10000 or 10,000.50")
    return int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))


def verify_posts(
    shared: pd.DataFrame, *, posts: int, floor: int = 0, pinned: Mapping[str, str] | None = None
) -> list[str]:
    """List what is wrong with a sharing of posts, however it was made.

    Parameters
    ----------
    shared
        Frame with `area_code` and `posts`.
    posts, floor, pinned
        As in `share_posts`.

    Returns
    -------
    One line for each fault; none where it is sound.
    """
    by_area = shared.set_index("area_code")["posts"]
    faults = []
    if not by_area.index.is_unique:
        faults.append("an area is listed twice")
    if by_area.sum() != posts:
        faults.append(f"{by_area.sum():,} posts are shared, not {posts:,}")
    for code, n in by_area[by_area < floor].items():
        faults.append(f"{code} has {n}, less than the floor of {floor}")
    for code, n in pd.Series(pinned or {}, dtype=object).value_counts().items():
        if by_area.get(code, 0) < n:
            faults.append(f"{code} has {by_area.get(code, 0)}, fewer than the {n} pinned there")
    return faults


def _by_code(areas: pd.DataFrame) -> pd.DataFrame:
    if not len(areas):
        raise InputError("there are no areas to share over; choose a layer with areas")
    table = areas.sort_index()
    if not table.index.is_unique:
        raise InputError(
            f"the area {table.index[table.index.duplicated()][0]} is listed twice; "
            "give each area a code of its own"
        )
    return table


def _officers(pinned: Mapping[str, str], codes: pd.Index) -> pd.Series:
    """The names of the officers pinned to each area."""
    for officer, code in pinned.items():
        if code not in codes:
            raise InputError(f"{officer} is pinned to {code}, which is not one of these areas")
    return pd.Series(
        [sorted(name for name, at in pinned.items() if at == code) for code in codes],
        index=codes,
        dtype=object,
    )


def _check_floors(least: Ints, *, floor: int, posts: int) -> None:
    if floor < 0:
        raise InputError("a floor must be at least 0")
    if least.sum() <= posts:
        return
    named = f"a floor of {floor} in each of {len(least)} areas"
    if (least > floor).any():
        named += " with the pinned officers"
    raise InputError(
        f"{named} takes {least.sum():,} posts, and there are {posts:,}; "
        "lower the floor or give more posts"
    )


def _one_fewer(
    need: Floats, least: Ints, *, posts: int, method: Method
) -> pd.api.extensions.ExtensionArray:
    if least.sum() >= posts:
        return pd.array([None] * len(need), dtype="Int64")
    return pd.array(apportion(need, posts - 1, floors=least, method=method), dtype="Int64")


def _change(tipping: Floats, need: Floats) -> Floats:
    """A tipping need as a share of the present one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(need > 0, tipping / need - 1, np.nan)
