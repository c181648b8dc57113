"""Peers: whether a request came through the proxy that this service trusts, and from where."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from starlette.requests import HTTPConnection

PROXY_HEADER: Final = "x-patchmap-proxy-secret"


@dataclass(frozen=True)
class Peers:
    """Which peers are the trusted proxy.

    Attributes
    ----------
    secret
        What the proxy sends as `X-Patchmap-Proxy-Secret`; empty where it sends none.
    on_socket
        Whether the service listens on a unix socket, and so to those alone that its folder
        lets in.
    """

    secret: str = ""
    on_socket: bool = False

    @property
    def can_be_trusted(self) -> bool:
        """Whether there is a proxy that is trusted."""
        return bool(self.secret) or self.on_socket

    def trusts(self, caller: HTTPConnection) -> bool:
        """Tell whether the proxy passed a request on. With a secret, a socket is not enough."""
        if not self.secret:
            return self.on_socket
        given = caller.headers.getlist(PROXY_HEADER)
        return len(given) == 1 and hmac.compare_digest(given[0].encode(), self.secret.encode())

    def forwarded_address(self, caller: HTTPConnection) -> str:
        """Return where the proxy got a request from; empty where it is not the proxy's.

        Of several addresses the last one is the proxy's; those before it anybody can send.
        """
        if not self.trusts(caller):
            return ""
        last = ",".join(caller.headers.getlist("x-forwarded-for")).split(",")[-1].strip()
        try:
            return str(ip_address(last))
        except ValueError:
            return ""
