"""What officers and money the areas of a plan would have, by their need."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from boundaries.plans.measures import PlanMeasures
from geo.analyses.deployment import need_of, share_out
from geo.errors import QuestionError
from geo.question.model import Question


def shared_out(measures: PlanMeasures, question: Question) -> pd.DataFrame:
    """Share out the posts and the money that a Question says over the areas of a plan.

    Parameters
    ----------
    question
        `posts`, `money` or both; `need` mixes columns of the measures, such as `incidents`,
        `harm` or `residents`; where both are asked, `floor` is of posts.

    Returns
    -------
    By `area_code`, for the areas that are not excluded: `need` (adds up to 1); with posts
    `posts`; with money `pounds` by need and `pounds_flat`, the same for each area.

    Raises
    ------
    QuestionError
        If it says neither, there is nothing to share by, or the floors take more than there is.
    """
    if not (question.posts or question.money):
        raise QuestionError("posts", "say how many officers there are, or how much money")
    areas = measures.frame.drop(index=list(question.exclude), errors="ignore")
    if not len(areas):
        raise QuestionError("posts", "the plan has no area to share them over")
    table = areas.assign(need=need_of(areas, question))
    found = table[["need"]].copy()
    if question.posts:
        shared = share_out(table, replace(question, money="")).set_index("area_code")
        found["posts"] = shared["posts"]
    if question.money:
        floor = 0 if question.posts else question.floor
        shared = share_out(table, replace(question, posts=0, floor=floor)).set_index("area_code")
        found["pounds"] = shared["need_pence"] / 100
        found["pounds_flat"] = shared["flat_pence"] / 100
    return found
