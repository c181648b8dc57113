"""What the commands of tasking share: who takes a step, days, and areas."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from api.settings import user_name
from boundaries.tasking.history import Signed
from boundaries.tasking.places import read_area, read_place
from geo.errors import InputError
from geo.store.contract import StoreReader

TaskId = Annotated[str, typer.Argument(metavar="ID", help="Id of the task, such as T-0042.")]
By = Annotated[str, typer.Option("--by", help="Your name (default: your user name).")]
MeetingId = Annotated[str, typer.Option("--meeting", help="Meeting in which it is decided.")]
Note = Annotated[str, typer.Option("--note", help="Remark, without names of people.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, without names of people.")]
Version = Annotated[
    int | None,
    typer.Option("--version", help="Version that you read; refused if there is a newer one."),
]
NamesNobody = Annotated[
    bool,
    typer.Option("--names-nobody", help="Confirm that a text that looks personal names no person."),
]


def signed(by: str, meeting: str = "") -> Signed:
    """Return who takes a step now."""
    return Signed(by or user_name(), datetime.now(UTC), meeting)


def say_cautions(sentences: Iterable[str]) -> None:
    """Say on standard error what is odd about what was saved."""
    for sentence in sentences:
        typer.echo(sentence, err=True)


def day_of(option: str, text: str) -> date | None:
    """Read a day; None where it is not given.

    Raises
    ------
    InputError
        If it is no day.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"--{option} {text!r}: write a day as YYYY-MM-DD") from None


def checked_area(store: StoreReader, area: str) -> tuple[str, str]:
    """The layer and code of an area that exists; '' and '' for the whole city."""
    if not area:
        return "", ""
    read_place(area, store)
    return read_area(area)


def area_words(layer_id: str, code: str) -> str:
    """Return an area as people type it; `city` for the whole city."""
    return f"{code}@{layer_id}" if code else "city"
