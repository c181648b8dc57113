"""The boards of a bare address are worked out at start, while nobody waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from api.addresses import addresses_below
from api.answers import Answers
from api.basemap.sources import Basemaps
from api.board.map_page import draw_maps
from api.board.opening import opening_view
from api.board.page import board_parts, open_board
from api.board.view import BoardView
from api.calls import BusyError, Call, CallerLeftError, serving_call
from api.identity.view import EVERYTHING, DataView
from api.load.log import log
from api.settings import Settings
from geo.checkpoints import StoppedError
from geo.errors import PatchmapError


class BoardPreparation:
    """Works out the first boards of a service beside its first requests.

    Who asks for the same board meanwhile waits for the same work.

    Parameters
    ----------
    views
        Of which views of the data there is to be a board, in this order.
    drawn
        Called after the first map, and perhaps again: what it starts takes no processor from that.
    then
        Works out after them what is opened next.
    """

    def __init__(
        self,
        answers: Answers,
        basemaps: Basemaps,
        settings: Settings,
        *,
        views: Sequence[DataView] = (EVERYTHING,),
        drawn: Callable[[], object] = lambda: None,
        then: Callable[[Answers], object] = lambda _: None,
    ) -> None:
        self._answers, self._basemaps, self._settings = answers, basemaps, settings
        self._views = views
        self._drawn = drawn
        self._then = then
        self._call = Call()
        self._thread = threading.Thread(target=self._run, name="preparing", daemon=True)

    def start(self) -> None:
        """Begin, in a thread that does not keep the process alive."""
        self._thread.start()

    def stop(self) -> None:
        """End what is still being worked out for nobody else."""
        self._call.end(CallerLeftError())

    def ends_within(self, seconds: float) -> bool:
        """Wait so long for its thread; returns whether it has ended, or was never started."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        # Addresses are part of what is cached, here as in a request.
        with serving_call(self._call), addresses_below(self._settings.access.prefix):
            try:
                for view in self._views:
                    self._prepare(view)
                with suppress(PatchmapError):
                    self._then(self._answers)
            except (StoppedError, BusyError):
                pass  # whoever opens the board gets the reason
            except Exception as fault:  # noqa: BLE001 - likewise; the trace is of use at once
                log.error("preparing the board failed", exc_info=fault)
            finally:
                if not self._call.ended:
                    self._drawn()

    def _prepare(self, view: DataView) -> None:
        # An officer's areas may be gone: others still see theirs.
        with suppress(PatchmapError):
            answers = self._answers.of(view)
            prepare_board(answers, self._basemaps, self._settings, drawn=self._drawn)


def prepare_board(
    answers: Answers,
    basemaps: Basemaps,
    settings: Settings,
    *,
    drawn: Callable[[], object] = lambda: None,
) -> None:
    """Work out the board of a bare address, and its map; both are cached.

    Parameters
    ----------
    drawn
        Called when the map is drawn, before the sections below it are worked out.

    Raises
    ------
    PatchmapError
        If there is nothing to show yet.
    StoppedError
        If nobody wants it any more.
    """
    fields = list(opening_view(answers, []).options().items())

    def draw(view: BoardView) -> None:
        draw_maps(answers, basemaps, settings, view)
        drawn()

    for _ in board_parts(open_board(answers, fields), draw):
        pass
