"""The layer that establishes, once for each request, who makes it."""

from __future__ import annotations

import logging
from typing import Final, Protocol

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import unavailable
from api.identity.current import answering
from api.identity.identity import Identity, local_identity, set_identity
from geo.errors import StoreError

_log: Final = logging.getLogger("patchmap")
_UNREADABLE: Final = (
    "the service cannot read who may use it, so nothing is answered; tell whoever runs it"
)


class Authenticator(Protocol):
    """One way to establish who makes a request."""

    async def identify(self, caller: HTTPConnection) -> Identity:
        """Return who makes a request; `PUBLIC` where they do not say.

        It may take out of the request's scope what nothing else is to read.
        """


class LocalAuthenticator:
    """Whoever reaches a service that listens on this machine alone is its user, with all rights.

    Parameters
    ----------
    name
        The user of the operating system who runs the service.
    """

    def __init__(self, name: str) -> None:
        self._identity = local_identity(name)

    async def identify(self, caller: HTTPConnection) -> Identity:
        """Return this machine's user."""
        del caller
        return self._identity


class Identify:
    """ASGI middleware that gives each request its identity.

    Parameters
    ----------
    authenticator
        How it is established.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self.app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its identity."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = {**scope}
        try:
            set_identity(scope, await self._authenticator.identify(HTTPConnection(scope)))
        except StoreError as error:
            # Nobody knows who this is: it is not answered, and not as anybody's either. The path
            # of the records, which the error names, is for the log alone.
            _log.warning("the records of who may use the service cannot be read: %s", error)
            await unavailable(HTTPConnection(scope), _UNREADABLE)(scope, receive, send)
            return
        with answering(scope):
            await self.app(scope, receive, send)
