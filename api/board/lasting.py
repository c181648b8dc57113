"""Which boards may be shown again: not those where a section says what may pass.

The headers of a board are sent before its sections are made, so its ETag cannot tell how they
turned out. Each ETag of a board contains the edition instead: once a section fails for a reason
that is not the data's, there is a new edition, and no browser takes the page it has for valid. A
service that is started anew begins with an edition of its own.
"""

from __future__ import annotations

import secrets
from typing import Final

from api.errors import LASTING
from api.pages.text import Refusal, reason_of


class _Edition:
    def __init__(self) -> None:
        self.name = secrets.token_hex(8)


_present: Final = _Edition()


def edition() -> str:
    """Return what the ETag of a board that is begun now must contain."""
    return _present.name


def outdate_boards() -> None:
    """Let no board that was begun before be taken for valid."""
    _present.name = secrets.token_hex(8)


def reason_shown(refusal: Refusal) -> str:
    """Return the reason to show in the place of a section; if it may pass, boards are outdated."""
    if not isinstance(refusal, LASTING):
        outdate_boards()
    return reason_of(refusal)
