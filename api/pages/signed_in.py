"""The line at the head of every page that says who has signed in, and what they see."""

from __future__ import annotations

from api.answers import Answers
from api.identity.current import current_caller, signed_in_as
from api.identity.identity import Identity, identity_of
from api.identity.roles import Capability
from api.identity.view import DataView
from api.limited import LimitedSnapshot


def signed_in_line() -> str:
    """Return the line; '' for this machine's user, who sees everything."""
    caller, who = current_caller(), signed_in_as()
    if caller is None or not who:
        return ""
    return f"{who} {_sees(identity_of(caller), caller.app.state.answers)}"


def _sees(identity: Identity, answers: Answers) -> str:
    view = DataView.of(identity)
    if not identity.may(Capability.READ_ANSWERS):
        return "You see no data of incidents."
    if view.areas is not None:
        snapshot = answers.of(view).snapshot()
        names = snapshot.area_names if isinstance(snapshot, LimitedSnapshot) else ""
        return f"You see {names} only." if names else "None of your areas is here any more."
    if view.incidents and view.locations:
        return "You see all areas, with single incidents."
    return "You see all areas, without single incidents and addresses."
