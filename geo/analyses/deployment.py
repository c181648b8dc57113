"""Analyses that share officers or money over areas, and group areas into patches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.allocation.adjacency import contiguity
from geo.allocation.needs import mixed_need
from geo.allocation.patches.problem import PatchRules
from geo.allocation.posts import share_money, share_posts
from geo.analyses.analysis import AnalysisResult, Runner, as_layer, run_here
from geo.analyses.evidence import too_little
from geo.analyses.need_measures import Needs, with_measures
from geo.errors import InputError, QuestionError
from geo.locate import refuse_overlaps
from geo.question.alike import MOST_NAMES
from geo.question.answer import Answer
from geo.question.model import Question
from geo.question.resolve import check_names

if TYPE_CHECKING:
    from geo.allocation.patches.grouping import PatchAnswer

# Planning patches loads solvers, so it is imported where it is needed.

_PAST = (
    "Need is measured on past incidents. Areas that had most are likely to have fewer from now "
    "on, by chance alone (regression to the mean). Check it against what you expect before "
    "deciding."
)


def posts(answer: Answer) -> AnalysisResult:
    """Share officers, or money, over the areas: a floor for each, the rest by need."""
    question = answer.question
    terms, texts = question.posts, question.texts()
    needs = _areas(answer, column="need")
    frame = share_out(needs.areas, question)
    method = terms.method if terms.money is None else "largest remainder"
    return AnalysisResult(
        answer.shown(as_layer(frame, answer.areas.geometry.loc[frame["area_code"]].array, answer)),
        f"A floor for every area, the rest by need ({method}); need: {_need_words(answer)}",
        _given(
            posts=terms.officers or "",
            money=texts["money"],
            floor=terms.least,
            need=texts["need"],
            low_is_worse=list(needs.low),
            excluded=list(question.need.exclude),
            pinned=texts["pinned"],
        ),
        [_PAST, *needs.notes],
        warnings=_too_little(answer),
    )


def share_out(areas: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Share out a Question's officers, or money, over areas with a need.

    Parameters
    ----------
    areas
        Indexed by area code, with `area_name` and `need`.
    question
        Its `posts` say what is shared, and how.

    Returns
    -------
    As `share_posts`, or as `share_money` where there is money.

    Raises
    ------
    QuestionError
        If there is neither, or too little for the floor.
    """
    terms = question.posts
    check_names("pinned", [code for _, code in terms.pinned], areas.index)
    try:
        if terms.money is not None:
            return share_money(areas, pence=terms.money, floor_pence=terms.least * 100)
        if terms.officers:
            return share_posts(
                areas,
                posts=terms.officers,
                floor=terms.least,
                method=terms.method,
                pinned=dict(terms.pinned) or None,
            )
    except InputError as error:
        raise QuestionError("posts" if terms.money is None else "money", str(error)) from error
    raise QuestionError(
        "posts", "say how many officers there are (--posts), or how much money (--money)"
    )


def need_of(areas: pd.DataFrame, question: Question) -> pd.Series:
    """Mix the need of areas from their columns.

    Parameters
    ----------
    areas
        n areas with the columns of the mix.
    question
        Its `need` has the columns with their weights.

    Returns
    -------
    n shares that add up to 1.

    Raises
    ------
    QuestionError
        If a column is missing, has gaps, or adds up to 0.
    """
    try:
        return mixed_need(areas, dict(question.need.mix), low_is_worse=question.need.low)
    except InputError as error:
        raise QuestionError("need", str(error)) from error


def patches(answer: Answer, *, run: Runner = run_here) -> AnalysisResult:
    """Group areas into contiguous patches of balanced work, one officer each.

    Parameters
    ----------
    answer
        Its areas are grouped, its question says how.
    run
        Calls the search.

    Returns
    -------
    Each area with its patch, the short list of plans in the parameters.
    """
    texts = answer.question.texts()
    needs = _areas(answer, column="workload")
    result = _patches(answer, needs.areas, run)
    frame = result.assignment
    plans = result.plans.set_index("plan")
    for name in plans.columns.intersection(["groups", "optimal"]):
        frame[name] = plans[name].loc[frame["plan"]].to_numpy()
    best = result.plans.iloc[0]
    return AnalysisResult(
        answer.shown(as_layer(frame, answer.areas.geometry.loc[frame["area_code"]].array, answer)),
        f"Contiguous groups (a shared edge, or a named bridge) with {_rules(answer)}, of least "
        f"worst imbalance; found by {best['method']}, a short list of the best by balance, range, "
        "compactness and changes",
        _given(
            balance=texts["need"],
            plans=result.plans.to_dict("records"),
            excluded=list(answer.question.need.exclude),
            bridges=texts["bridges"],
        ),
        [_PAST, *needs.notes],
        warnings=_too_little(answer),
    )


def _too_little(answer: Answer) -> list[str]:
    """That too few incidents say where the need is, where the need is measured by them."""
    if not {"incidents", "harm"} & {name for name, _ in answer.question.need.mix}:
        return []
    counts = answer.area_counts_of_all.set_index("area_code")["n"]
    shared = counts.drop(list(answer.question.need.exclude), errors="ignore")
    few = too_little(int(shared.sum()), len(shared), "areas")
    return [few] if few else []


def _given(**parameters: object) -> dict[str, object]:
    """Parameters without those that were not given."""
    return {name: value for name, value in parameters.items() if value not in ("", [])}


def _areas(answer: Answer, *, column: str) -> Needs:
    """The layer's areas with a column of need or workload, without the excluded ones."""
    question = answer.question
    check_names("exclude", question.need.exclude, answer.areas.index)
    table = answer.areas.drop(index=list(question.need.exclude))
    if not len(table):
        raise QuestionError("exclude", "leaves no area; exclude fewer")
    _refuse_overlaps(table, question)
    counts = answer.area_counts_of_all.set_index("area_code").loc[table.index.astype(str)]
    if "why" in counts:
        _refuse_unknown(counts)
    table["incidents"] = counts["n"].to_numpy(np.int64)
    if "weighted" in counts:
        table["harm"] = counts["weighted"].to_numpy(float)
    needs = with_measures(answer, table)
    mixed = replace(question, need=replace(question.need, low=needs.low))
    return needs._replace(areas=needs.areas.assign(**{column: need_of(needs.areas, mixed)}))


def _refuse_overlaps(areas: gpd.GeoDataFrame, question: Question) -> None:
    try:
        refuse_overlaps(
            areas,
            "the same incidents would count as the need of both",
            "exclude one area of each pair, or choose a layer whose areas do not overlap",
        )
    except InputError as error:
        raise QuestionError("layer", f"{question.layer}: {error}") from error


def _refuse_unknown(counts: pd.DataFrame) -> None:
    """Refuse needs of areas of which less is known than of the others: they would look small."""
    unknown = counts[
        counts["n"].isna() | counts["why"].str.startswith(("not pub", "only", "without"))
    ]
    if len(unknown):
        names = ", ".join(unknown["area_name"].astype(str)[:MOST_NAMES])
        names += " …" if len(unknown) > MOST_NAMES else ""
        raise QuestionError(
            "need",
            f"incidents are unknown in {len(unknown):,} areas ({names}): "
            f"{unknown['why'].iloc[0]}; exclude them, or choose a period with data",
        )


def _patches(answer: Answer, areas: gpd.GeoDataFrame, run: Runner) -> PatchAnswer:
    from geo.allocation.patches.grouping import plan_patches  # noqa: PLC0415 - it brings solvers

    terms = answer.question.patches
    if terms.today:
        if terms.today not in areas.columns:
            raise QuestionError(
                "today", f"unknown column {terms.today!r}; choose a column of the layer"
            )
        areas["today"] = areas[terms.today]
    check_names("bridges", [code for _, ends in terms.bridges for code in ends], areas.index)
    size = (terms.size.least, terms.size.most) if terms.size else None
    try:
        rules = PatchRules(size=size, members=terms.members, groups=terms.groups)
        neighbours = contiguity(areas, bridges=dict(terms.bridges))
        return run(plan_patches, areas, neighbours, rules=rules)
    except InputError as error:
        raise QuestionError("size" if size else "groups", str(error)) from error


def _rules(answer: Answer) -> str:
    terms = answer.question.patches
    rules = [
        f"{terms.size} areas" if terms.size else "",
        f"at most {terms.members} members" if terms.members else "",
    ]
    limits = " and ".join(filter(None, rules)) or "any number of areas"
    return f"{limits} each" + (f", {terms.groups} of them" if terms.groups else "")


def _need_words(answer: Answer) -> str:
    mix = dict(answer.question.need.mix)
    total = sum(mix.values())
    return ", ".join(f"{name} {weight / total:.0%}" for name, weight in mix.items())
