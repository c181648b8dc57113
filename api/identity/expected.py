"""What people of a service will see of its data: what to work out before they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from api.access_settings import AccessSettings
from api.identity.identity import Identity
from api.identity.keys import Keys
from api.identity.moments import utc_now
from api.identity.proxied import grants_of
from api.identity.roles import Capability
from api.identity.users import Users, identity_with
from api.identity.view import EVERYTHING, DataView
from geo.store.records import Records

MOST_VIEWS: Final = 6
"""Views that are returned: a board of one takes seconds, and officers may have a hundred."""


def expected_views(records: Records | None, access: AccessSettings) -> list[DataView]:
    """Return the views of the data that people have, those of most of them first.

    Parameters
    ----------
    records
        Where users and keys are; None where nobody signs in.
    access
        How people are known; the groups of a proxy give roles too.

    Returns
    -------
    At most `MOST_VIEWS`, of people who may see answers.
    """
    if records is None or access.way == "local":
        return [EVERYTHING]
    counted = Counter(
        DataView.of(one) for one in _identities(records, access) if one.may(Capability.READ_ANSWERS)
    )
    return [view for view, _ in counted.most_common(MOST_VIEWS)]


def _identities(records: Records, access: AccessSettings) -> Iterator[Identity]:
    now = utc_now()
    users = {user.name: user for user in Users(records).all()}
    for user in users.values():
        if not user.is_disabled:
            yield user.identity("account")
    for key in Keys(records).all():
        owner = users.get(key.owner)
        if key.state(now) == "in use" and not (owner and owner.is_disabled):
            yield identity_with(key.owner, key.roles, "key", key.areas)
    if access.way == "proxy":
        for roles, areas in grants_of(access.proxy.roles).values():
            yield identity_with("", roles, "proxy", areas)
