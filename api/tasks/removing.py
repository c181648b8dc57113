"""Removing a text that names a person, from whatever has a history."""

from __future__ import annotations

from api.tasks.request import Caller, Fields
from boundaries.tasking.redacting import redact_text, tasks_with_copies
from geo.errors import InputError


def remove_text(caller: Caller, own: str, fields: Fields, *, what: str) -> None:
    """Take a text that a form names out of what it is about.

    Parameters
    ----------
    caller
        Who removes it.
    own, what
        The id of what has the text, and what that is.
    fields
        `text`, such as `2.note`, and `note`, why.

    Raises
    ------
    PatchmapError
        If there is no such text, or no reason.
    """
    number, _, name = fields.get("text", "").partition(".")
    if not number.isdecimal() or len(number) > 6:
        raise InputError("choose the text that is to be removed")
    signed, why = caller.signed(fields), fields.get("note", "")
    caller.record(f"{what} {own}: redact")
    if what == "task":
        # Also where whoever removes it may not take steps: it is their text that stands there.
        for other in tasks_with_copies(caller.store, own, step=int(number), text=name):
            caller.record(f"task {other}: redact a copy of a text of {own}")
    redact_text(caller.store, own, step=int(number), text=name, signed=signed, why=why)
