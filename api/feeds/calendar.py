"""iCalendar (RFC 5545) of the days by which tasks are due: an event of a whole day each.

Written here: it is one kind of event with eleven properties, which is less than a library's glue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, cast

from api.pages.tasking_text import STATE_WORDS
from api.settings import VERSION
from boundaries.tasking.transitions import State
from boundaries.tasking.whose import who_words
from geo.store.tasking_contract import TaskRow

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
_OCTETS: Final = 75
"""Of a line at most, without its end (RFC 5545, 3.1)."""


def calendar_of(tasks: Iterable[TaskRow], *, title: str, root: str) -> str:
    """A calendar of tasks.

    Parameters
    ----------
    tasks
        Those without a due day are left out.
    title
        What calendar programs call it.
    root
        The address of the service, without `/` at its end, for links to tasks.

    Returns
    -------
    The text, whose lines end with CRLF. The same tasks give the same text.
    """
    events = (line for task in tasks if task.due for line in _event(task, root))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Patchmap//Patchmap {_text(VERSION)}//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(title)}",
        *events,
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines)


def _event(task: TaskRow, root: str) -> Iterator[str]:
    """The lines of an event, unfolded."""
    if task.due is None:
        return
    yield "BEGIN:VEVENT"
    # Ids run on in each store: the moment of raising tells those of two stores apart, and unlike
    # the store's own id it is the same after a restore.
    yield f"UID:{_text(task.task_id)}-{_moment(task.raised_at)}@patchmap"
    yield f"DTSTAMP:{_moment(task.updated_at)}"
    yield f"LAST-MODIFIED:{_moment(task.updated_at)}"
    yield f"SEQUENCE:{task.version - 1}"
    yield f"DTSTART;VALUE=DATE:{task.due:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{task.due + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(task.title)}"
    yield f"LOCATION:{_text(task.place_label)}"
    yield f"DESCRIPTION:{_text(_description(task))}"
    yield f"CATEGORIES:{_text(task.kind)}"
    yield "TRANSP:TRANSPARENT"
    yield f"URL:{root}/tasks/{task.task_id}"
    yield "END:VEVENT"


def _description(task: TaskRow) -> str:
    state = STATE_WORDS[cast("State", task.state)]
    lines = [
        f"{task.task_id}: {state}, level {task.level}",
        f"Who: {who_words(task.owner, task.service)}",
    ]
    if task.referral:
        lines.append(f"Waits for {task.referral}, referred to {task.referred_to}")
    return "\n".join(lines)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """A value of text (RFC 5545, 3.3.11), without control characters."""
    plain = text
    if not text.isprintable():
        lines = "\n".join(text.splitlines())
        plain = "".join(one for one in lines if one == "\n" or one.isprintable())
    for character in "\\;,":
        plain = plain.replace(character, f"\\{character}")
    return plain.replace("\n", "\\n")


def folded(line: str) -> str:
    """A line folded to 75 octets, nowhere inside a character.

    Parameters
    ----------
    line
        Without its end.
    """
    if len(line) <= _OCTETS and line.isascii():
        return line
    parts, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _OCTETS:
            # The space with which the next line begins is one of its octets.
            parts.append("")
            size = 1
        parts[-1] += character
        size += octets
    return "\r\n ".join(parts)
