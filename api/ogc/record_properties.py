"""The properties of answers about records with a life: name, JSON type, title and format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RECORD_PROPERTIES: Final[tuple[tuple[str, ...], ...]] = (
    ("answered_at", "string", "When the record was answered, UTC", "date-time"),
    ("channel", "string", "Channel: meeting, member, resident, officer or partner"),
    ("closed_at", "string", "When the record was closed, UTC", "date-time"),
    ("due_at", "string", "When the record was due, UTC", "date-time"),
    ("received_at", "string", "When the record was received, UTC", "date-time"),
    ("service", "string", "Service of the council that deals with it"),
    ("state", "string", "State of the record on the day of the latest extract"),
    ("answer_days", "number", "Days in which half of the records were answered (Kaplan–Meier)"),
    ("answer_days_90", "number", "Days in which nine of ten records were answered"),
    ("answer_days_before", "number", "The same of the compared period: half of the records"),
    ("answer_days_high", "number", "Upper end of its 95 % interval; empty if too many still wait"),
    ("answer_days_low", "number", "Lower end of its 95 % interval"),
    (
        *("answer_working_days", "number"),
        "Working days in which half of the records were answered (Kaplan–Meier)",
    ),
    (
        *("answer_working_days_high", "number"),
        "Upper end of its 95 % interval; empty if too many still wait",
    ),
    ("answer_working_days_low", "number", "Lower end of its 95 % interval"),
    ("change_why", "string", "Why nothing is said of the change"),
    ("close_days", "number", "Days in which half of the records were closed (Kaplan–Meier)"),
    ("close_days_high", "number", "Upper end of its 95 % interval; empty if too many are open"),
    ("close_days_low", "number", "Lower end of its 95 % interval"),
    ("closed_on", "string", "Day on which the earlier record was closed", "date"),
    ("closed", "integer", "Records closed or withdrawn"),
    ("days", "integer", "Days from the closing of the earlier record to this one"),
    ("due", "integer", "Records that were due, withdrawn and vanished ones left out"),
    ("due_in_time", "integer", "Of these, records answered in time"),
    ("earlier", "string", "Id of the record of the same issue that was closed before"),
    ("in_time", "integer", "Records answered in time"),
    ("kind", "string", "Kind: request, case, enquiry, complaint or enforcement"),
    ("late", "integer", "Records answered late"),
    ("metres", "number", "Metres from the earlier record"),
    ("no_due_date", "integer", "Records without a date by which to answer"),
    ("not_yet_due", "integer", "Records not answered and not due yet"),
    ("oldest_days", "integer", "Days for which the oldest open record has been open"),
    ("open_31_to_90_days", "integer", "Open for 31 to 90 days"),
    ("open_91_to_365_days", "integer", "Open for 91 to 365 days"),
    ("open_after", "integer", "Records open at the end"),
    ("open_before", "integer", "Records open before"),
    ("open_longer", "integer", "Open for more than 365 days"),
    ("open_to_30_days", "integer", "Open for up to 30 days"),
    ("outcome", "string", "What was done before: the outcome of the earlier record"),
    ("overdue", "integer", "Records not answered though due"),
    ("places", "integer", "Places that reached the step"),
    ("received", "integer", "Records received"),
    ("received_before", "integer", "Records received in the compared period"),
    ("received_on", "string", "Day on which it was received", "date"),
    ("records", "integer", "Records whose outcome is the step"),
    ("reopened", "integer", "Records opened again"),
    ("share_in_time", "number", "Share of the records due that were answered in time"),
    ("share_in_time_high", "number", "Upper end of its 95 % interval"),
    ("share_in_time_low", "number", "Lower end of its 95 % interval"),
    ("share_why", "string", "Why there is no share"),
    ("step", "string", "Step: engagement, education or enforcement"),
    ("stopped", "integer", "Places of which it is the highest step"),
    ("vanished", "integer", "Records missing from a later extract, not closed"),
    ("wait_why", "string", "Why there is no median"),
    ("went_on", "integer", "Places that reached a higher step"),
    ("withdrawn", "integer", "Records withdrawn without an answer"),
    ("without_step_before", "integer", "Places without a lower step before it"),
)

_AREA: Final = ("area_code", "area_name")
_FATES: Final = (
    *("received", "in_time", "late", "overdue", "not_yet_due", "no_due_date", "withdrawn"),
    *("vanished", "due", "due_in_time"),
)
_SHARE: Final = ("share_in_time", "share_in_time_low", "share_in_time_high", "share_why")
_WAITS: Final = (
    *("answer_days", "answer_days_low", "answer_days_high", "answer_days_90"),
    *("answer_working_days", "answer_working_days_low", "answer_working_days_high"),
    *("close_days", "close_days_low", "close_days_high", "wait_why"),
)
_FLOW: Final = ("open_before", "received", "reopened", "closed", "vanished", "open_after")
_AGES: Final = ("open_to_30_days", "open_31_to_90_days", "open_91_to_365_days", "open_longer")

ALWAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "response-times": (*_AREA, *_FATES, *_SHARE, *_WAITS, "ratio", "p", "q", "verdict"),
    "backlog": (*_AREA, *_FLOW, *_AGES, "oldest_days"),
    "repeat-issues": (
        *("incident_id", "category", "received_on", "earlier", "closed_on", "days", "metres"),
        *("outcome", *_AREA),
    ),
    "enforcement": (
        *(*_AREA, "step", "records", "places", "stopped", "went_on", "without_step_before"),
    ),
}
"""The properties that their features always have."""

SOMETIMES: Final[Mapping[str, tuple[str, ...]]] = {
    "response-times": (
        *("received_before", "answer_days_before", "change", "change_verdict", "change_why", "why"),
    ),
    "backlog": ("category", "kind", "why"),
    "repeat-issues": ("why",),
    "enforcement": ("why",),
}
"""Those that they have for some Questions, beside the parts of time."""
