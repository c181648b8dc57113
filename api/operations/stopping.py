"""The web server of `patchmap serve`, which ends soon after somebody stops it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

import uvicorn

from api.load.connections import BoundedConnection

GRACE_SECONDS = 1.0
"""How long requests underway may go on once the service is stopped."""

RELEASE_SECONDS = 0.5
"""How long files and the store may take to close after that."""


class StoppableServer(uvicorn.Server):
    """A server that a signal ends, whatever its requests are doing.

    Parameters
    ----------
    release
        Closes what the service has open; called where requests do not end by themselves.
    """

    def __init__(self, config: uvicorn.Config, release: Callable[[], object]) -> None:
        super().__init__(config)
        self._end = threading.Timer(GRACE_SECONDS, end_process, (release,))
        self._end.daemon = True

    def expect_signals(self) -> None:
        """Let signals stop the server from now on, before it runs and after."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)

    def serve_until_stopped(self, listener: socket.socket) -> None:
        """Serve on a socket until a signal comes; returns if all requests end in time."""
        try:
            self.run(sockets=[listener])
        finally:
            self._end.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """Stop; to be stopped is how a service ends, so the signal is not raised again."""
        if self.should_exit:
            return
        # First: a second signal may come between the two, and a timer starts only once.
        self.should_exit = True
        BoundedConnection.is_retiring = True  # streams without an end look at it
        self._end.start()


def end_process(release: Callable[[], object]) -> NoReturn:
    """End this process whatever its threads are doing.

    A thread that computes cannot be stopped, and Python would wait for it, or take its state away
    from compiled code. A store holds all of a change or nothing, whenever the process ends.

    Parameters
    ----------
    release
        Closes what the process has open; given half a second.
    """
    logging.disable()  # of requests that fail from here on
    releasing = threading.Thread(target=release, daemon=True)
    releasing.start()
    releasing.join(RELEASE_SECONDS)
    os._exit(0)
