"""Comments on a plan, or on a place in it: checked, stored, and listed by area.

A place is a point; the area that it lies in is that of its block, so it follows the plan.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import numpy as np
import orjson
import pandas as pd

from boundaries.layers.blocks import BlockLayer
from boundaries.plans.comment_files import CommentFile
from boundaries.plans.history import REDACTED
from boundaries.plans.rules import refuse_personal
from boundaries.plans.state import State
from geo.areal.best_fit import UNASSIGNED
from geo.crs import Projection
from geo.errors import InputError, NotFoundError
from geo.incidents import REJECT_COLUMNS
from geo.locate import OUTSIDE, AreaLocator
from geo.store.comment_contract import PlanComment
from geo.store.contract import Store
from geo.text import control_character

MOST_TEXT, MOST_NAME = 4_000, 100
"""Most characters of a comment, and of the name of whoever sent it."""

_DATES: Final = (
    *("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"),
    *("%d %B %Y", "%d %b %Y", "%d/%m/%y"),
)
# What follows a date: a time, with or without a zone.
_TIME: Final = re.compile(r"[ T,]+\d{1,2}:\d\d.*$")
_EARLIEST: Final = date(1990, 1, 1)


@dataclass(frozen=True, eq=False)
class CheckedComments:
    """What of a file can be added to a plan.

    Attributes
    ----------
    new
        The comments to add; not numbered yet.
    known
        How many rows were added before, and stand in the plan.
    rejected
        The other rows, with `REJECT_COLUMNS`.
    unread
        Columns that hold something and are not read: nothing of them is stored.
    """

    new: list[PlanComment]
    known: int
    rejected: pd.DataFrame
    unread: list[str]

    @property
    def reasons(self) -> dict[str, int]:
        """How many rows were rejected, by reason, the most frequent first."""
        return dict(Counter(map(str, self.rejected["reason"])).most_common())


def check_comments(
    file: CommentFile,
    state: State,
    stored: Sequence[PlanComment],
    *,
    plan_id: str,
    by: str,
    today: date,
    named: Mapping[str, str] | None = None,
    confirmed: bool = False,
) -> CheckedComments:
    """Check the rows of a file.

    A row that was added before is known by its words, name, day and place, so a file can be
    imported again with what has come since. Of rows that are alike each is a comment of its own.

    Parameters
    ----------
    file
        The rows.
    state
        The plan, whose areas they may name by code or name.
    stored
        The comments that the plan has.
    plan_id, by
        The plan, and who imports them.
    today
        The day: no comment is of a later one.
    named
        Columns that somebody chose; see `CommentFile.columns`.
    confirmed
        Somebody has seen to it that no text names a person: texts that seem to are taken.

    Returns
    -------
    The comments to add, and what speaks against the other rows.

    Raises
    ------
    InputError
        As `CommentFile.columns`.
    """
    columns = file.columns(named)
    areas = _areas_by_name(state)
    left = Counter(map(_content, stored))
    gone = [comment for comment in stored if comment.taken_out]
    new: list[PlanComment] = []
    rejected: list[tuple[int, str, tuple[str, ...]]] = []
    known = 0
    for row, texts in enumerate(file.rows):
        values = {what: texts[at] for what, at in columns.items()}
        try:
            comment = _comment(values, _place(file, row), areas, plan_id=plan_id, today=today)
            if left[_content(comment)]:
                left[_content(comment)] -= 1
                known += 1
                continue
            _refuse_taken_out(comment, gone)
            refuse_personal(comment.body, confirmed=confirmed, instead="take it out")
        except InputError as error:
            rejected.append((file.lines[row], str(error), texts))
        else:
            new.append(replace(comment, source=file.file, added_by=by))
    frame = pd.DataFrame(rejected, columns=list(REJECT_COLUMNS))
    return CheckedComments(new, known, frame, file.unread(columns))


def written_comment(
    values: Mapping[str, str],
    state: State,
    *,
    plan_id: str,
    by: str,
    today: date,
    place: tuple[float, float] | None = None,
    confirmed: bool = False,
) -> PlanComment:
    """Check a comment that somebody writes down.

    Parameters
    ----------
    values
        Its `text`, and its `name`, `date` and `area` where they are known.
    state, plan_id, by, today, confirmed
        As for `check_comments`.
    place
        The point that it is about, in metres of the working CRS.

    Returns
    -------
    The comment, not numbered yet.

    Raises
    ------
    PersonalTextError
        If the text seems to lead to a person, and nobody confirmed that it does not.
    InputError
        If something of it is wrong.
    """
    at = place or (float("nan"), float("nan"))
    comment = _comment(values, at, _areas_by_name(state), plan_id=plan_id, today=today)
    refuse_personal(comment.body, confirmed=confirmed, instead="take it out")
    return replace(comment, added_by=by)


def comments_frame(
    comments: Sequence[PlanComment], blocks: BlockLayer, state: State, *, projection: Projection
) -> pd.DataFrame:
    """Comments with the block and area that each is about.

    Parameters
    ----------
    comments
        The comments on a plan.
    blocks, state
        The blocks of the plan, and how it stands.
    projection
        Of the store.

    Returns
    -------
    A row for each: `number`, `name`, `date`, `comment`, `area_code` (that of the block of its
    point, else the one that it names; '' for none), `area_name`, `block_code` ('' without a point,
    or outside of all blocks), `outside` (whether it has a point there), `longitude` and `latitude`
    (NaN without a point), `source`, `added_by`, `added_at`.
    """
    x = np.array([np.nan if each.x is None else each.x for each in comments], float)
    y = np.array([np.nan if each.y is None else each.y for each in comments], float)
    has_point = np.isfinite(x)
    at = np.full(len(comments), OUTSIDE)
    if has_point.any():
        at[has_point] = AreaLocator(blocks.areas).locate(x[has_point], y[has_point])
    longitude, latitude = projection.to_lonlat(x, y)
    inside = at != OUTSIDE
    codes = [
        str(state.assigned[block]) if there else each.area_code
        for each, block, there in zip(comments, at, inside, strict=True)
    ]
    names = {code: area.name for code, area in state.areas.items()}
    return pd.DataFrame(
        {
            "number": [each.number for each in comments],
            "name": [each.author for each in comments],
            "date": [each.written_on for each in comments],
            "comment": [each.body for each in comments],
            "area_code": codes,
            # An area that a comment names may have been merged since.
            "area_name": [names.get(code, code) for code in codes],
            "block_code": [
                state.graph.codes[block] if there else ""
                for block, there in zip(at, inside, strict=True)
            ],
            "outside": has_point & ~inside,
            "longitude": np.where(has_point, np.round(longitude, 6), np.nan),
            "latitude": np.where(has_point, np.round(latitude, 6), np.nan),
            "source": [each.source for each in comments],
            "added_by": [each.added_by for each in comments],
            "added_at": [each.added_at for each in comments],
        }
    )


def comment_numbered(comments: Sequence[PlanComment], plan_id: str, number: int) -> PlanComment:
    """The comment of a number.

    Parameters
    ----------
    comments
        Those on the plan.
    plan_id, number
        The plan, for the message, and the number.

    Returns
    -------
    The comment.

    Raises
    ------
    NotFoundError
        If the plan has none.
    """
    for comment in comments:
        if comment.number == number:
            return comment
    raise NotFoundError(f"plan {plan_id} has no comment {number}")


def without_words(comment: PlanComment, area_code: str) -> PlanComment:
    """A comment of which only the area and the day are left.

    Parameters
    ----------
    comment
        The comment.
    area_code
        The area that it is about: its point is taken out too, which may be somebody's home.

    Returns
    -------
    The comment, which an import of its file does not bring back.

    Raises
    ------
    InputError
        If its words were taken out already.
    """
    if comment.taken_out:
        raise InputError(f"the words of comment {comment.number} were taken out already")
    key = secrets.token_hex(16)
    return replace(
        comment,
        author="",
        body=REDACTED,
        area_code=area_code,
        x=None,
        y=None,
        taken_out=f"{key}:{_digest(key, comment)}",
    )


def redact_comment(store: Store, blocks: BlockLayer, state: State, comment: PlanComment) -> None:
    """Take the name, words and point out of a comment, in a transaction.

    Parameters
    ----------
    store
        Holds the comment.
    blocks, state
        As for `comments_frame`.
    comment
        The comment.

    Raises
    ------
    InputError
        As `without_words`.
    """
    (area_code,) = comments_frame([comment], blocks, state, projection=store.projection)[
        "area_code"
    ]
    store.put_plan_comment(without_words(comment, str(area_code)))


def _place(file: CommentFile, row: int) -> tuple[float, float]:
    if file.faults[row]:
        raise InputError(file.faults[row])
    return float(file.x[row]), float(file.y[row])


def _comment(
    values: Mapping[str, str],
    place: tuple[float, float],
    areas: Mapping[str, str],
    *,
    plan_id: str,
    today: date,
) -> PlanComment:
    body = "\n".join(line.strip() for line in values.get("text", "").strip().splitlines())
    author = " ".join(values.get("name", "").split())
    if not body:
        raise InputError("it has no text")
    for what, text, most in (("text", body, MOST_TEXT), ("name", author, MOST_NAME)):
        if len(text) > most:
            raise InputError(f"the {what} has more than {most:,} characters")
        if control := control_character(text):
            raise InputError(f"the {what} holds the control character {control}")
    area = values.get("area", "").strip()
    if area and area.casefold() not in areas:
        raise InputError(f"the plan has no area {area[:60]!r}, or several of that name")
    x, y = (None if np.isnan(one) else round(one, 2) for one in place)
    return PlanComment(
        plan_id,
        0,
        author,
        _day(values.get("date", ""), today),
        body,
        areas[area.casefold()] if area else UNASSIGNED,
        x,
        y,
    )


def _day(text: str, today: date) -> str:
    """A day as `2026-05-01`; '' where none is given."""
    written = _TIME.sub("", text.strip())
    if not written:
        return ""
    for form in _DATES:
        try:
            day = datetime.strptime(written, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
        if not _EARLIEST <= day <= today:
            raise InputError(f"the date {written} is {'to come' if day > today else 'too early'}")
        return day.isoformat()
    raise InputError(f"{written[:40]!r} is no date; write 2026-05-01 or 01/05/2026")


def _areas_by_name(state: State) -> dict[str, str]:
    """The codes of areas by their codes and, where only one has it, by their names."""
    often = Counter(area.name.casefold() for area in state.areas.values())
    names = {
        area.name.casefold(): code
        for code, area in state.areas.items()
        if often[area.name.casefold()] == 1
    }
    return names | {code.casefold(): code for code in state.areas}


_Content = tuple[str, str, str, str, float | None, float | None]


def _content(comment: PlanComment) -> _Content:
    """What tells a comment from others."""
    return (
        *(comment.author, comment.written_on, comment.body, comment.area_code),
        *(comment.x, comment.y),
    )


def _digest(key: str, comment: PlanComment) -> str:
    content = orjson.dumps(_content(comment))
    return hmac.new(bytes.fromhex(key), content, hashlib.sha256).hexdigest()


def _refuse_taken_out(comment: PlanComment, gone: list[PlanComment]) -> None:
    """Refuse a comment whose words were taken out, once for each time that they were."""
    for one in gone:
        key, _, digest = one.taken_out.partition(":")
        if hmac.compare_digest(digest, _digest(key, comment)):
            gone.remove(one)
            raise InputError("its words were taken out of this plan for good")
