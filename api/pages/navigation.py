"""The links at the head of every page: only those that its reader may follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from api.identity.current import current_caller
from api.identity.identity import Identity, identity_of
from api.identity.roles import Capability
from api.pages.signed_in import signed_in_line


@dataclass(frozen=True)
class PageLink:
    """A link to a page.

    Attributes
    ----------
    title
        Its text.
    address
        Of the page.
    capabilities
        Of which its readers need one; none for a page that all who have signed in may open.
    """

    title: str
    address: str
    capabilities: tuple[Capability, ...] = ()

    def is_for(self, identity: Identity) -> bool:
        """Tell whether somebody may open the page."""
        return not self.capabilities or any(identity.may(one) for one in self.capabilities)


PAGES: Final = (
    PageLink("Tasking board", "/", (Capability.READ_ANSWERS,)),
    PageLink("Tasks", "/tasks", (Capability.READ_ANSWERS,)),
    PageLink("Areas", "/areas", (Capability.READ_ANSWERS,)),
    PageLink("Who goes where", "/allocation", (Capability.READ_ANSWERS,)),
    PageLink("Boundary plans", "/planner", (Capability.READ_PLANS,)),
    PageLink("Reports", "/reports", (Capability.READ_ANSWERS,)),
    PageLink("Data", "/data", (Capability.IMPORT,)),
)
"""The pages about areas and incidents."""

ACCOUNT_PAGES: Final = (
    PageLink("My keys", "/keys", (Capability.USE_KEYS,)),
    PageLink("Releases", "/releases", (Capability.REVIEW_RELEASES,)),
    PageLink("Users", "/users", (Capability.MANAGE_USERS,)),
    PageLink("Retention", "/retention", (Capability.ERASE,)),
    PageLink("Audit", "/audit", (Capability.READ_AUDIT,)),
)
"""The pages about the service itself; this machine's user, who is alone, sees no link to them."""

SIGN_OUT: Final = PageLink("Sign out", "/sign-out")
SIGN_IN: Final = PageLink("Sign in", "/sign-in")


def page_links(here: str = "") -> list[PageLink]:
    """Return the links to the pages that the reader may open.

    Parameters
    ----------
    here
        The address of the page that they are on.
    """
    caller = current_caller()
    return [
        link
        for link in PAGES
        if link.address != here and (caller is None or link.is_for(identity_of(caller)))
    ]


def account_links() -> list[PageLink]:
    """Return the links that stand beside who has signed in; none for this machine's user."""
    caller = current_caller()
    identity = identity_of(caller) if caller else None
    if identity is None or identity.way in ("local", "public"):
        return []
    links = [link for link in ACCOUNT_PAGES if link.is_for(identity)]
    return [*links, SIGN_OUT] if identity.way == "account" else links


def home_of(identity: Identity) -> str:
    """Return the address of the first page that somebody may open."""
    links = (link for link in (*PAGES, *ACCOUNT_PAGES[::-1]) if link.is_for(identity))
    return next((link.address for link in links), "/open")


def home() -> str:
    """Return the address of the first page that the reader may open."""
    caller = current_caller()
    return home_of(identity_of(caller)) if caller else "/"


HEAD_FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "signed_in_line": signed_in_line,
    "page_links": page_links,
    "account_links": account_links,
    "home": home,
}
"""What the heads of all pages call in their templates."""
