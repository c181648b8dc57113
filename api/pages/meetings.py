"""How pages name a meeting: its title or its board, its area by name, its day."""

from __future__ import annotations

from api.pages.tasking_text import day_words
from api.snapshot import Snapshot
from boundaries.tasking.meeting import Meeting


def area_name(snapshot: Snapshot, layer_id: str, code: str) -> str:
    """Return the name of an area.

    Parameters
    ----------
    snapshot
        What the reader sees.
    layer_id, code
        The layer and the code of the area.

    Returns
    -------
    Its code where its layer is gone or it has no name; '' for no code.
    """
    areas = snapshot.areas_or_none(layer_id) if layer_id and code else None
    if areas is None:
        return code
    names = dict(zip(areas.index.astype(str), areas["area_name"].astype(str), strict=True))
    return names.get(code, code) or code


def board_name(snapshot: Snapshot, meeting: Meeting) -> str:
    """Return whose board meets: `the board of Castle`, or `the city's board`."""
    if meeting.level == "city":
        return "the city’s board"
    return f"the board of {area_name(snapshot, meeting.layer, meeting.area)}"


def meeting_title(snapshot: Snapshot, meeting: Meeting) -> str:
    """Return what a meeting is called: its title, else its board, and its day."""
    of = area_name(snapshot, meeting.layer, meeting.area)
    board = f"Meeting of {of}" if meeting.level == "area" else "City meeting"
    return f"{meeting.title or board}, {day_words(meeting.day)}"
