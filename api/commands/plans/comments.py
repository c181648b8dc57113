"""`patchmap plan comments …`: what people say of a plan, and of places in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext, is_table, read_table, read_vector
from api.commands.plans.options import By, PlanId, author
from api.commands.tables import Rejects
from api.formats.registry import frame_format, write_frame
from api.formats.rejects import RejectsFile
from api.planner.comments import (
    NewComment,
    add_comment,
    check_file,
    comment_counts,
    comment_table,
    comments_payload,
    import_lines,
    import_payload,
)
from api.text_tables import text_table
from boundaries.plans.comment_files import (
    CommentFile,
    read_comment_features,
    read_comment_table,
)
from boundaries.plans.comments import comment_numbered, redact_comment
from boundaries.plans.draft import open_plan
from boundaries.plans.rules import PersonalTextError
from geo.crs import Projection
from geo.errors import InputError
from geo.period import day_title
from geo.store.comment_contract import PlanComment

comments = typer.Typer(help="Comments on a plan and on places in it.", no_args_is_help=True)

Numbers = Annotated[list[int], typer.Argument(metavar="NUMBER…", help="Numbers of comments.")]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="Keep texts that seem personal: they name nobody.")
]
_SHOWN = 60


@comments.command("import")
def import_(
    context: typer.Context,
    plan_id: PlanId,
    file: Annotated[
        Path, typer.Argument(help="CSV or XLSX, or a file of points.", show_default=False)
    ],
    text: Annotated[
        str, typer.Option("--text-column", help="Column of the texts (default: comment, …).")
    ] = "",
    name: Annotated[
        str, typer.Option("--name-column", help="Column of names (default: name, author, …).")
    ] = "",
    date: Annotated[
        str, typer.Option("--date-column", help="Column of days (default: date, submitted, …).")
    ] = "",
    area: Annotated[
        str, typer.Option("--area-column", help="Column of area codes or names (default: area, …).")
    ] = "",
    inside: Annotated[
        str, typer.Option("--layer", help="Layer to read, if the file holds several.")
    ] = "",
    rejects: Rejects = None,
    confirm: Confirm = False,
    by: By = "",
) -> None:
    """Import the comments of a consultation.

    A row has a text, and where known a name, a date, an area of the plan, and a place. A row that
    cannot be read, or seems to name a person, is rejected with the reason; a row that was imported
    before is not added again. Other columns are not stored.
    """
    cli = CommandContext.of(context)
    path = rejects or Path(f"{file.stem}.rejects.csv")
    cli.check_output(path, file)
    named = {"text": text, "name": name, "date": date, "area": area}
    with cli.open() as store:
        rows = _read(file, inside=inside, projection=store.projection)
        draft = open_plan(store, plan_id, question=None)
        with RejectsFile(path) as rejected, store.transaction():
            checked = check_file(store, draft, rows, by=author(by), named=named, confirmed=confirm)
            rejected.add_rows(rows.file, rows.header, checked.rejected)
            rejected.complete()
            store.add_plan_comments(checked.new)
    if rejected.rows:
        typer.echo(f"rejected rows are in {rejected.path}", err=True)
    counts = import_payload(rows, checked)
    cli.echo(import_lines(counts), {"plan": plan_id, **counts})


@comments.command("list")
def list_(
    context: typer.Context,
    plan_id: PlanId,
    area: Annotated[
        str, typer.Option("--area", help="Code of an area: only the comments on it.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the comments (.csv or .json).")
    ] = None,
) -> None:
    """List the comments on a plan with the area that each is about.

    A comment with a place is on the area that the block there is in now.
    """
    cli = CommandContext.of(context)
    if output:
        cli.check_output(output)
        frame_format(output, layer=False)
    with cli.open() as store, store.reading():
        draft = open_plan(store, plan_id, question=None)
        table = comment_table(store, draft)
        if area:
            if area not in draft.plan.now.areas:
                raise InputError(f"plan {plan_id} has no area {area!r}")
            table = table[table["area_code"] == area].reset_index(drop=True)
        if output:
            write_frame(table, output, projection=store.projection, members={"plan": plan_id})
    lines = text_table(
        {
            "no.": table["number"],
            "date": table["date"].map(day_title),
            "name": table["name"],
            "area": table["area_name"],
            "comment": [_short(text) for text in table["comment"]],
        }
    )
    if lines:
        lines += [", ".join(f"{name}: {n:,}" for name, n in comment_counts(table))]
    outside = int(table["outside"].sum())
    lines += [f"{outside:,} of a place outside of all blocks"] if outside else []
    lines += [f"{output}: {len(table):,} comments"] if output else []
    cli.echo(lines or ["no comments yet"], {"plan": plan_id, **comments_payload(table)})


@comments.command("add")
def add(
    context: typer.Context,
    plan_id: PlanId,
    # An option, for the audit keeps the arguments of commands.
    text: Annotated[str, typer.Option("--text", help="What was said.")],
    name: Annotated[str, typer.Option("--name", help="Who said it, where known.")] = "",
    date: Annotated[str, typer.Option("--date", help="The day, as 2026-05-01.")] = "",
    area: Annotated[str, typer.Option("--area", help="Area that it is about: code or name.")] = "",
    place: Annotated[
        tuple[float, float] | None,
        typer.Option("--place", metavar="LON LAT", help="Place: longitude and latitude."),
    ] = None,
    confirm: Confirm = False,
    by: By = "",
) -> None:
    """Add a comment on a plan, an area of it, or a place.

    The text is about boundaries and communities: no names, telephone or house numbers in it.
    """
    cli = CommandContext.of(context)
    signed = author(by)
    with cli.open() as store:
        draft = open_plan(store, plan_id, question=None)
        new = NewComment.model_construct(
            text=text,
            name=name,
            date=date,
            area=area,
            point=list(place) if place else None,
            by=signed,
            confirmed=confirm,
        )
        try:
            stored = add_comment(store, draft, new, by=signed)
        except PersonalTextError as error:
            raise InputError(f"{error} with --confirm") from error
    cli.echo(
        [f"{plan_id}: comment {stored.number} added"], {"plan": plan_id, "number": stored.number}
    )


@comments.command("redact")
def redact(context: typer.Context, plan_id: PlanId, numbers: Numbers) -> None:
    """Remove the name, words and point of comments for good; area and day stay.

    An import of the same file does not bring them back. Backups made before still hold them.
    """
    cli = CommandContext.of(context)
    with cli.open() as store:
        with store.transaction():
            draft = open_plan(store, plan_id, question=None)
            stored = store.plan_comments(plan_id)
            for number in dict.fromkeys(numbers):
                comment = comment_numbered(stored, plan_id, number)
                redact_comment(store, draft.block_layer, draft.plan.now, comment)
        # Deleted bytes stay in a database's files until these are written anew.
        store.compact()
    cli.echo(
        [f"{plan_id}: took the words out of comment {number}" for number in dict.fromkeys(numbers)],
        {"plan": plan_id, "redacted": list(dict.fromkeys(numbers))},
    )


@comments.command("remove")
def remove(
    context: typer.Context,
    plan_id: PlanId,
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER…]", help="Numbers of comments.")
    ] = None,
    file: Annotated[str, typer.Option("--file", help="All that came from a file, by name.")] = "",
    sure: Annotated[bool, typer.Option("--yes", help="Confirm; there is no undo.")] = False,
) -> None:
    """Remove comments, such as those of a file that was imported by mistake."""
    if bool(numbers) == bool(file):
        raise typer.BadParameter("give the numbers of comments, or --file NAME")
    cli = CommandContext.of(context)
    with cli.open() as store:
        with store.transaction():
            stored = store.plan_comments(plan_id)
            chosen = [comment_numbered(stored, plan_id, number) for number in numbers or []]
            chosen += [comment for comment in stored if file and comment.source == file]
            if not chosen:
                raise InputError(f"plan {plan_id} has no comments from {file}")
            if not sure:
                raise InputError(
                    f"{_count(chosen)} on plan {plan_id} would be deleted for good; confirm with "
                    "--yes"
                )
            store.remove_plan_comments(plan_id, [comment.number for comment in chosen])
        store.compact()
    cli.echo(
        [f"{plan_id}: {_count(chosen)} removed"],
        {"plan": plan_id, "removed": [comment.number for comment in chosen]},
    )


def _read(file: Path, *, inside: str, projection: Projection) -> CommentFile:
    if is_table(file):
        return read_comment_table(read_table(file), projection=projection)
    content = read_vector(file, layer=inside)
    return read_comment_features(content, file=file.name, projection=projection)


def _count(comments: Sequence[PlanComment]) -> str:
    return "1 comment" if len(comments) == 1 else f"{len(comments):,} comments"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 2]} …"
