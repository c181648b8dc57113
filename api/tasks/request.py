"""What the pages of tasking read from a request: who asks, what they see and may do, and forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, HTTPException, Request

from api.answers import Answers
from api.dependencies import answers_of
from api.identity.audit import Action, record
from api.identity.identity import Identity, identity_of
from api.identity.roles import Capability
from api.limited_tasking import step_refusal
from api.pages.meetings import meeting_title
from api.settings import user_name
from api.snapshot import Snapshot
from boundaries.tasking.history import Signed
from boundaries.tasking.meeting import Meeting
from boundaries.tasking.storage import read_meeting
from boundaries.tasking.texts import personal_words
from boundaries.tasking.transitions import Transition
from geo.errors import InputError
from geo.personal_texts import personal_part
from geo.question.store_settings import london_day
from geo.store.contract import Store
from geo.text import refuse_control_characters

_MOST_FIELDS: Final = 1_000
"""Two boxes to tick for each of the most areas that a form lists, and its other fields."""
_LONGEST: Final = 2_000
_FORM: Final = "application/x-www-form-urlencoded"

BOARD_OPTIONS: Final = ("show", "at", "month", "over", "view", "mark", "present", "meeting")
"""Parameters of a board's address besides the Question's own: a task leads back to its board."""

Fields = Mapping[str, str]
"""The first value of each field of a form, in one line; all values of boxes, joined by commas."""

_BOXES: Final = ("areas", "contact_for")


@dataclass(frozen=True)
class Caller:
    """Who makes a request about tasks.

    Attributes
    ----------
    request
        The request.
    answers
        About the store, made of what they see of it.
    store
        Where tasks are kept.
    identity
        Who they are.
    """

    request: Request
    answers: Answers
    store: Store
    identity: Identity

    @property
    def snapshot(self) -> Snapshot:
        """The state of the store as they see it."""
        return self.answers.snapshot()

    @property
    def may_edit(self) -> bool:
        """Whether they may raise tasks and take steps."""
        return self.identity.may(Capability.EDIT_TASKS) and not self.store.is_read_only

    @property
    def may_edit_roster(self) -> bool:
        """Whether they may change the roster; nobody may who sees some areas only."""
        return self.identity.may(Capability.EDIT_ROSTER) and not self.store.is_read_only

    @property
    def is_of_city(self) -> bool:
        """Whether they work for the whole city; officers with areas of their own do not."""
        return self.identity.areas is None

    @property
    def name(self) -> str:
        """The name that they sign with; this machine's user may write another one."""
        return user_name() if self.identity.way == "local" else self.identity.name

    @property
    def is_local(self) -> bool:
        """Whether they say themselves who they are."""
        return self.identity.way == "local"

    def may_take(self, row: Transition, level: str) -> bool:
        """Tell whether they may take a step of the table with a task of a level."""
        return self.may_edit and not step_refusal(self.identity, level, row.actor)

    def check_level(self, row: Transition, level: str) -> None:
        """Refuse a step that is the other level's.

        Raises
        ------
        HTTPException
            With 403.
        """
        if refusal := step_refusal(self.identity, level, row.actor):
            raise HTTPException(403, CITY_DECIDES if row.actor == "its level" else refusal)

    def signed(self, fields: Fields) -> Signed:
        """The signature of a step that a form asks for, in the meeting that it names.

        Raises
        ------
        NotFoundError
            If there is no such meeting, or it is not seen.
        """
        if meeting := fields.get("meeting", ""):
            read_meeting(self.snapshot, meeting)
        by = fields.get("by", "") if self.is_local else ""
        return Signed(by or self.name, datetime.now(UTC), meeting)

    def meeting(self, meeting_id: str) -> Meeting | None:
        """The meeting that an address names; None where it names none.

        Raises
        ------
        NotFoundError
            If there is no such meeting, or it is not seen.
        """
        return read_meeting(self.snapshot, meeting_id) if meeting_id else None

    def record(self, subject: str) -> None:
        """Record a change in the audit, before it is made."""
        record(self.request, action=Action.TASK_STEP, subject=subject)

    def shared(self, meeting: Meeting | None = None, *, by: str = "") -> dict[str, Any]:
        """The variables that every page of tasking has."""
        others = [pair for pair in self.request.query_params.multi_items() if pair[0] != "meeting"]
        return {
            "leave": f"?{urlencode(others, safe='/:,.@')}",
            "may_edit": self.may_edit,
            "is_of_city": self.is_of_city,
            "is_local": self.is_local,
            "by": by or self.name,
            "meeting": meeting,
            "meeting_title": partial(meeting_title, self.snapshot),
            "today": today(),
        }

    @property
    def setting(self) -> str:
        """What a page depends on besides the store: the day, and who signs by default."""
        return f"{london_day()} {self.name} {self.may_edit}"


CITY_DECIDES: Final = (
    "this task is the city's, so you can only add a remark; ask for it at the city's meeting"
)


async def _caller(request: Request) -> Caller:
    store: Store = request.app.state.store
    return Caller(request, answers_of(request), store, identity_of(request))


async def _fields(request: Request) -> Fields:
    """Read a form; texts become one line.

    Raises
    ------
    HTTPException
        If it is none.
    InputError
        If a text is too long, or holds a control character.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != _FORM:
        raise HTTPException(415, f"send the form as {_FORM}")
    fields: dict[str, str] = {}
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        for name, text in form.multi_items():
            if not isinstance(text, str) or len(text) > _LONGEST:
                raise InputError(f"{name}: write {_LONGEST:,} characters at most")
            line = " ".join(text.split())
            refuse_control_characters(line, "the form")
            if name in _BOXES and name in fields:
                fields[name] += f",{line}"
            fields.setdefault(name, line)
    return fields


CallerDep = Annotated[Caller, Depends(_caller)]
FieldsDep = Annotated[Fields, Depends(_fields)]


@dataclass(frozen=True)
class Submission:
    """A form that somebody sends.

    Attributes
    ----------
    caller
        Who sends it.
    fields
        What it says.
    """

    caller: CallerDep
    fields: FieldsDep


def today() -> date:
    """The present day in London."""
    return date.fromisoformat(london_day())


def day_of(text: str, name: str) -> date | None:
    """Read a day of a form; None where it is empty.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"{name}: {text!r} is not a day; write it as 2026-03-31") from error


def version_of(fields: Fields) -> int:
    """Read the version that a form was made of.

    Raises
    ------
    InputError
        If it is none.
    """
    text = fields.get("version", "")
    if not text.isdecimal() or len(text) > 6 or not int(text):
        raise InputError("the form does not say which version it was made of; reload the page")
    return int(text)


def personal(fields: Fields, *names: str) -> str:
    """What of some texts seems to name a person, unless somebody has confirmed that they do not.

    Parameters
    ----------
    fields
        Of the form.
    names
        Of the fields of text.

    Returns
    -------
    A sentence; '' if there is nothing.
    """
    if fields.get("names_nobody"):
        return ""
    for name in names:
        if part := personal_part(fields.get(name, "")):
            return personal_words(name, part)
    return ""
