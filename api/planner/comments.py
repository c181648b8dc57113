"""Comments on a plan as the page, the command line and the report have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Annotated, TypedDict

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from api.formats.encoding import records
from api.planner.facts import Row
from api.planner.steps import read_json
from boundaries.plans.comment_files import (
    CommentFile,
    read_comment_features,
    read_comment_table,
)
from boundaries.plans.comments import (
    MOST_NAME,
    MOST_TEXT,
    CheckedComments,
    check_comments,
    comments_frame,
    written_comment,
)
from boundaries.plans.draft import Draft
from geo.areal.best_fit import UNASSIGNED
from geo.crs import LONLAT, Projection, implausible
from geo.errors import InputError
from geo.formats.csv_table import read_table
from geo.question.store_settings import london_day
from geo.store.comment_contract import PlanComment
from geo.store.contract import Store, StoreReader
from geo.text import ONE_LINE

MOST_LISTED = 100
"""Rejected rows of a file that the page lists; how many there are of each reason it says too."""

Line = Annotated[str, Field(max_length=MOST_NAME, pattern=ONE_LINE)]


class CommentsPayload(TypedDict):
    """The comments on a plan, and how many there are on each area by its code ('' for none)."""

    comments: list[Row]
    areas: dict[str, int]


class ImportPayload(TypedDict):
    """What an import of comments did with the rows of its file."""

    file: str
    read: int
    added: int
    known: int
    rejected: int
    reasons: dict[str, int]
    rejects: list[Row]
    unread: list[str]


@dataclass(frozen=True)
class AreaComments:
    """The comments on one area, or on none: `title` says which."""

    title: str
    comments: list[Row]


class NewComment(BaseModel):
    """A comment as a page sends it: what was said, by whom, when, and of which place."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: Annotated[str, Field(max_length=MOST_TEXT)]
    name: Line = ""
    date: Line = ""
    area: Annotated[str, Field(max_length=64)] = ""
    point: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    by: Annotated[Line, Field(min_length=1)]
    confirmed: bool = False


class NewComments(BaseModel):
    """A file of comments as a page sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    file: Annotated[Line, Field(min_length=1)]
    content: str
    by: Annotated[Line, Field(min_length=1)]
    confirmed: bool = False


_COMMENT: TypeAdapter[NewComment] = TypeAdapter(NewComment)
_COMMENTS: TypeAdapter[NewComments] = TypeAdapter(NewComments)


def read_new_comment(body: bytes) -> NewComment:
    """Read a comment from JSON.

    Raises
    ------
    InputError
        Naming the first fault.
    """
    return read_json(_COMMENT, body)


def read_new_comments(body: bytes) -> NewComments:
    """Read a file of comments from JSON.

    Raises
    ------
    InputError
        Naming the first fault.
    """
    return read_json(_COMMENTS, body)


def comment_table(store: StoreReader, draft: Draft) -> pd.DataFrame:
    """The comments on a plan, as `comments_frame` has them."""
    comments = store.plan_comments(draft.plan.metadata.plan_id)
    return comments_frame(comments, draft.block_layer, draft.plan.now, projection=store.projection)


def comments_payload(table: pd.DataFrame) -> CommentsPayload:
    """The comments of a table for the page and for programs."""
    return {
        "comments": records(table),
        "areas": dict(Counter(map(str, table["area_code"]))),
    }


def comments_by_area(table: pd.DataFrame, draft: Draft) -> list[AreaComments]:
    """The comments of a table by the areas of a plan, those on no area last."""
    groups = {str(code): records(group) for code, group in table.groupby("area_code")}
    names = {code: area.name for code, area in draft.plan.now.areas.items()}
    # Areas that comments name and that are gone stand after those of the plan.
    gone = [code for code in groups if code not in names and code != UNASSIGNED]
    listed = [
        AreaComments(names.get(code, code), groups[code])
        for code in (*names, *gone)
        if code in groups
    ]
    if UNASSIGNED in groups:
        listed.append(
            AreaComments("The plan as a whole, or a place in no area", groups[UNASSIGNED])
        )
    return listed


def add_comment(store: Store, draft: Draft, new: NewComment, *, by: str) -> PlanComment:
    """Store a comment that somebody wrote down.

    Raises
    ------
    PersonalTextError, InputError
        As `written_comment`.
    """
    comment = written_comment(
        {"text": new.text, "name": new.name, "date": new.date, "area": new.area},
        draft.plan.now,
        plan_id=draft.plan.metadata.plan_id,
        by=by,
        today=today(),
        place=_metres(new.point, store.projection),
        confirmed=new.confirmed,
    )
    with store.transaction():
        return store.add_plan_comments([comment])[0]


def read_sent_file(new: NewComments, projection: Projection) -> CommentFile:
    """Read the rows of a file that a page sent: a CSV, or GeoJSON.

    Raises
    ------
    InputError
        If it is neither.
    """
    content, ending = new.content.encode(), PurePath(new.file).suffix.lower()
    if ending in (".geojson", ".json"):
        return read_comment_features(content, file=new.file, projection=projection)
    if ending in (".csv", ".tsv", ".txt"):
        return read_comment_table(read_table(content, file=new.file), projection=projection)
    raise InputError(
        f"{new.file}: choose a .csv or .geojson file; 'patchmap plan comments import' reads others"
    )


def check_file(
    store: StoreReader,
    draft: Draft,
    file: CommentFile,
    *,
    by: str,
    named: dict[str, str] | None = None,
    confirmed: bool = False,
) -> CheckedComments:
    """Check the rows of a file against a plan and its comments; see `check_comments`."""
    plan_id = draft.plan.metadata.plan_id
    return check_comments(
        file,
        draft.plan.now,
        store.plan_comments(plan_id),
        plan_id=plan_id,
        by=by,
        today=today(),
        named=named,
        confirmed=confirmed,
    )


def import_payload(file: CommentFile, checked: CheckedComments) -> ImportPayload:
    """What an import did with each row of a file."""
    rejected = checked.rejected
    return {
        "file": file.file,
        "read": len(file.rows),
        "added": len(checked.new),
        "known": checked.known,
        "rejected": len(rejected),
        "reasons": checked.reasons,
        "rejects": records(rejected[["line", "reason"]].head(MOST_LISTED)),
        "unread": checked.unread,
    }


def import_lines(counts: ImportPayload) -> list[str]:
    """What an import did, as lines."""
    taken = f"{counts['added']:,} added + {counts['known']:,} added before"
    rest = f"{counts['rejected']:,} rejected"
    read = f"{counts['read']:,} row{'' if counts['read'] == 1 else 's'} read"
    lines = [f"{counts['file']}: {read} = {taken} + {rest}"]
    lines += [f"rejected, {n:,}: {reason}" for reason, n in counts["reasons"].items()]
    if counts["unread"]:
        lines.append(f"columns not read, nothing of them is stored: {', '.join(counts['unread'])}")
    return lines


def today() -> date:
    """The present day in London."""
    return date.fromisoformat(london_day())


def comment_counts(table: pd.DataFrame) -> Sequence[tuple[str, int]]:
    """How many comments there are on each area by name, the most first."""
    named = table["area_name"].where(table["area_name"] != "", "no area")
    return [(str(name), int(n)) for name, n in named.value_counts().items()]


def _metres(point: list[float] | None, projection: Projection) -> tuple[float, float] | None:
    if point is None:
        return None
    lon, lat = point
    (reason,) = implausible([lon], [lat], source=LONLAT, projection=projection)
    if reason:
        raise InputError(str(reason))
    x, y = projection.to_metres([lon], [lat])
    return float(x[0]), float(y[0])
