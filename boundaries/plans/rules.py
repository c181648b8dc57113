"""Rules for the steps of a plan: locked areas stay as they are, and areas stay connected."""

from __future__ import annotations

from datetime import UTC, date, datetime

from boundaries.layers.blocks import Bridge
from boundaries.plans.state import ForecastMethod, State, Step
from geo.areal.best_fit import UNASSIGNED
from geo.errors import ConflictError, InputError
from geo.personal_texts import personal_part

_NAMED_BLOCKS = 3

LEAST_MEMBERS, MOST_MEMBERS = 1, 9
"""How few and how many members an area may elect."""

LONGEST_MAKER = 200
"""Most characters on whose forecast it is."""

LARGEST_COUNCIL = 200
"""Most members of a council; no principal council of England has had more than 130 or so."""

LONGEST_BRIDGE_M = 1_000.0
"""A bridge that is longer must be forced: few real ones are, so it is rather a slip of the hand."""


class BrokenAreaError(ConflictError):
    """A step would leave an area in more pieces than before.

    Attributes
    ----------
    reason
        What the step would break, without what to do.
    area
        The area's code.
    pieces
        The block codes of each piece, the one with most blocks first.
    """

    def __init__(self, reason: str, *, area: str, pieces: list[list[str]]) -> None:
        super().__init__(f"{reason}; force the step, or add a bridge first")
        self.reason = reason
        self.area = area
        self.pieces = pieces


class UnlikelyBridgeError(ConflictError):
    """A bridge would be longer than real ones are."""


class PersonalTextError(InputError):
    """A text seems to lead to a person; whoever writes it decides whether that is so."""


def refuse_personal(
    text: str, *, confirmed: bool = False, instead: str = "write roles and places"
) -> None:
    """Refuse a text that seems to lead to a person.

    Parameters
    ----------
    text
        As somebody wrote it.
    confirmed
        They say that it names nobody.
    instead
        What to do about it.

    Raises
    ------
    PersonalTextError
        With what it seems to hold.
    """
    if not confirmed and (part := personal_part(text)):
        raise PersonalTextError(
            f"the text seems to hold {part}; {instead}, or confirm that it names nobody"
        )


def check_members(step: Step) -> None:
    """Refuse a step that gives an area an impossible number of members.

    Parameters
    ----------
    step
        The step.

    Raises
    ------
    InputError
        If it does; the message says which numbers are possible.
    """
    for code, (old, new) in step.areas.items():
        if new is None or new.members is None or (old and old.members == new.members):
            continue
        if not LEAST_MEMBERS <= new.members <= MOST_MEMBERS:
            raise InputError(
                f"{code} cannot have {new.members:,} members; an area elects {LEAST_MEMBERS} to "
                f"{MOST_MEMBERS}, or its number is left open"
            )


def check_council_size(step: Step) -> None:
    """Refuse a step that gives the council an impossible number of members.

    Parameters
    ----------
    step
        The step.

    Raises
    ------
    InputError
        If it does; the message says which numbers are possible.
    """
    size = step.council_size[1] if step.council_size else None
    if size is not None and not 1 <= size <= LARGEST_COUNCIL:
        raise InputError(
            f"a council cannot have {size:,} members; give 1 to {LARGEST_COUNCIL}, or leave the "
            "council size open"
        )


def check_forecast(forecast: ForecastMethod, *, most: int) -> None:
    """Refuse texts on a forecast that are too long, and dates that are none.

    Parameters
    ----------
    forecast
        What is written.
    most
        Most characters on the method.

    Raises
    ------
    InputError
        If it cannot be kept.
    """
    for text, longest in ((forecast.method, most), (forecast.made_by, LONGEST_MAKER)):
        if len(text) > longest:
            raise InputError(
                f"the text on the forecast has {len(text):,} characters; write at most {longest:,}"
            )
    if not forecast.made_on:
        return
    try:
        made_on = date.fromisoformat(forecast.made_on)
    except ValueError as error:
        raise InputError(
            f"{forecast.made_on!r} is no date; write the day of the forecast as 2026-05-31"
        ) from error
    if made_on > datetime.now(UTC).date():
        raise InputError(f"the forecast cannot have been made on {made_on}, which is yet to come")


def check_bridge(before: State, name: str, ends: Bridge, *, forced: bool) -> None:
    """Refuse a bridge that is not needed, or is longer than real ones are.

    Parameters
    ----------
    before
        The plan before the step.
    name, ends
        The bridge's name, and the codes of two blocks of the plan.
    forced
        Allow any length.

    Raises
    ------
    InputError
        If the blocks are neighbours by land.
    UnlikelyBridgeError
        If they are more than `LONGEST_BRIDGE_M` apart and the step is not forced.
    """
    one, other = (before.graph.positions[code] for code in ends)
    if other in before.graph.land[one]:
        raise InputError(f"{ends[0]} and {ends[1]} share an edge already, so no bridge is needed")
    metres = before.graph.span(one, other).metres
    if metres > LONGEST_BRIDGE_M and not forced:
        raise UnlikelyBridgeError(
            f"{ends[0]} and {ends[1]} are {metres / 1000:,.1f} km apart, further than bridges "
            f"reach ({LONGEST_BRIDGE_M / 1000:g} km); force the step if {name} really joins them"
        )


def check_locks(before: State, step: Step) -> None:
    """Refuse a step that touches a locked area, unless it unlocks it or only says why it is so.

    Parameters
    ----------
    before
        The plan before the step.
    step
        The step.

    Raises
    ------
    ConflictError
        If the step touches a locked area; the message names it.
    """
    touched = _touched_by_blocks(step) | set(step.areas)
    for code in sorted(touched & set(before.areas)):
        if before.areas[code].locked and step.kind not in ("unlock", "why"):
            raise ConflictError(f"{_title(before, code)} is locked; unlock it first")


def check_turn(before: State, after: State, step: Step) -> None:
    """Refuse to undo or redo a step where what others did since is in the way.

    Parameters
    ----------
    before, after
        The plan before and after the step.
    step
        The undo or redo.

    Raises
    ------
    ConflictError
        If blocks would enter or leave a locked area, or would be in an area that does not exist.
    """
    for code in sorted(_touched_by_blocks(step)):
        # An area whose own record changes was changed by nobody else since.
        area = None if code in step.areas else before.areas.get(code)
        if area and area.locked:
            raise ConflictError(f"{_title(before, code)} is locked; unlock it first")
    for code in sorted(_touched_by_blocks(step) | set(step.areas)):
        if code not in after.areas and after.blocks(code):
            raise ConflictError(
                f"{step.kind} of step {step.of} would leave blocks in "
                f"{code}, which would be no area of the plan"
            )


def check_pieces(before: State, after: State, step: Step) -> None:
    """Refuse a step that leaves an area in more pieces than before.

    Parameters
    ----------
    before, after
        The plan before and after the step.
    step
        The step.

    Raises
    ------
    BrokenAreaError
        If it does, with the area and its pieces.
    """
    touched = _touched_by_blocks(step)
    for pair in step.bridges.values():
        ends = [code for bridge in pair if bridge for code in bridge]
        touched |= {before.assigned[before.graph.positions[code]] for code in ends}
    for code in sorted(touched & set(after.areas)):
        # An area without blocks has no pieces, and its first one breaks nothing.
        allowed = max(len(before.pieces(code)), 1)
        pieces = after.pieces(code)
        if len(pieces) > allowed:
            named = [[after.graph.codes[at] for at in piece] for piece in pieces]
            raise BrokenAreaError(
                f"{_title(after, code)} would be in {len(pieces)} pieces instead of {allowed}, "
                f"the smallest being {_listed(named[-1])}",
                area=code,
                pieces=named,
            )


def _touched_by_blocks(step: Step) -> set[str]:
    return {area for pair in step.blocks.values() for area in pair} - {UNASSIGNED}


def _title(state: State, code: str) -> str:
    name = state.areas[code].name
    return name if name == code else f"{name} ({code})"


def _listed(blocks: list[str]) -> str:
    more = len(blocks) - _NAMED_BLOCKS
    return ", ".join(blocks[:_NAMED_BLOCKS]) + (f" and {more} more" if more > 0 else "")
