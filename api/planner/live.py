"""What open pages of a plan hear at once: that it was changed, and who else has it open.

Changes are read from the store, whoever saved them: another process, a command, another machine.
Who is here is known to one process alone, to which the other workers hand these requests on; it is
written nowhere, and forgotten when they leave.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypedDict

import orjson
from anyio import CapacityLimiter, to_thread

from api.load.connections import BoundedConnection
from api.load.log import log
from geo.errors import NotFoundError
from geo.store.contract import Store

LOOK_S: Final = 0.25
"""How often the store is asked for its counter while somebody has a plan open."""

HEARTBEAT_S: Final = 15.0
"""How often a stream without news sends a comment: proxies end what is silent, nginx after 60 s."""

LONGEST_S: Final = 600.0
"""How long a stream lasts: the page then asks for another, and is authorised anew."""

ASKING_S: Final = 15.0
"""How long somebody is here who only asks now and then: three times as long as a page waits."""

MOST_STREAMS: Final = 500
"""Streams of one process; whoever comes then asks every few seconds instead."""

UNBUFFERED: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Headers of a stream: nginx otherwise passes it on in parts of several kilobytes."""

AGAIN: Final = b"retry: 500\n\n"
"""After how many milliseconds a browser whose stream ended asks for another."""

Saved = tuple[int, str]
"""The version of a plan, and when it was saved."""

Counter = tuple[str, int]
"""The store's UUID, and its counter of changes of plans."""


class NewsPayload(TypedDict):
    """News for the page of a plan.

    `version` is null where the plan was deleted. `here` names the others who have it open, '' for
    whoever has no name.
    """

    version: int | None
    here: list[str]


@dataclass(eq=False)
class _Page:
    """An open page of a plan.

    Attributes
    ----------
    name
        Of who has it open.
    until
        When it is forgotten unless it asks again; infinite while it has a stream.
    news
        Set when there is something to tell, or to look at.
    """

    name: str
    until: float
    news: asyncio.Event = field(default_factory=asyncio.Event)


class PlanNews:
    """Tells the open pages of all plans of a store what is new.

    Everything but reading the store runs in the event loop, and a stream takes no thread.

    Parameters
    ----------
    store
        Holds the plans.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: dict[str, dict[str, _Page]] = {}
        self._saved: dict[str, Saved] = {}
        self._counter: Counter | None = None
        self._readable = True
        self._streams = 0
        self._looking: asyncio.Task[None] | None = None
        self._threads = CapacityLimiter(2)

    @property
    def is_full(self) -> bool:
        """Whether there are as many streams as there may be."""
        return self._streams >= min(MOST_STREAMS, max(1, BoundedConnection.most // 4))

    async def check(self, plan_id: str) -> None:
        """Look at the store.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        UnavailableError
            If the store cannot be read.
        """
        await self._look()
        if plan_id not in self._saved:
            raise NotFoundError(f"there is no plan {plan_id!r}")

    def ask(self, plan_id: str, *, page: str, name: str) -> NewsPayload:
        """Return the news for a page that asks every few seconds, and count it as open.

        Parameters
        ----------
        plan_id
            A plan that was checked.
        page
            What the page calls itself.
        name
            Of who has it open; '' where that is not known.
        """
        pages = self._pages.setdefault(plan_id, {})
        known = pages.get(page)
        pages[page] = _Page(name, time.monotonic() + ASKING_S)
        if known is None:
            self._tell(plan_id)
        return self._news(plan_id, page)

    async def events(self, plan_id: str, *, page: str, name: str) -> AsyncIterator[bytes]:
        """Yield the news for a page as server-sent events, and count it as open meanwhile.

        Parameters
        ----------
        plan_id, page, name
            As `ask` takes them.
        """
        with self._streaming(plan_id, page, name) as opened:
            ends = time.monotonic() + LONGEST_S
            yield AGAIN
            while not BoundedConnection.is_retiring and time.monotonic() < ends:
                opened.news.clear()
                yield b"data: " + orjson.dumps(self._news(plan_id, page)) + b"\n\n"
                while not await _is_set(opened.news, HEARTBEAT_S) and not self._readable:
                    pass  # silence tells the page that nothing is known

    @contextmanager
    def _streaming(self, plan_id: str, page: str, name: str) -> Iterator[_Page]:
        pages = self._pages.setdefault(plan_id, {})
        pages[page] = opened = _Page(name, math.inf)
        self._streams += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking())
        self._tell(plan_id)
        try:
            yield opened
        finally:
            self._streams -= 1
            # A page that was cut off may have come back already.
            if pages.get(page) is opened:
                del pages[page]
            self._tell(plan_id)

    async def _keep_looking(self) -> None:
        while self._streams:
            await asyncio.sleep(LOOK_S)
            self._forget()
            try:
                await self._look()
            except Exception as fault:  # noqa: BLE001 - the streams go on once it can be read again
                if self._readable:
                    log.error("the plans cannot be read", exc_info=fault)
                self._readable = False
            if BoundedConnection.is_retiring:
                for plan_id in self._pages:
                    self._tell(plan_id)
        self._looking = None

    async def _look(self) -> None:
        """Read what was saved, and tell the pages of plans that were."""
        counter, saved = await to_thread.run_sync(self._read, self._counter, limiter=self._threads)
        self._readable = True
        if saved is None:
            return
        changed = {plan_id for plan_id, _ in saved.items() ^ self._saved.items()}
        self._counter, self._saved = counter, saved
        for plan_id in changed & self._pages.keys():
            self._tell(plan_id)

    def _read(self, known: Counter | None) -> tuple[Counter, dict[str, Saved] | None]:
        """The counter of plans, and where it is another one the plans; in a thread."""
        version = self._store.data_version()
        counter = (version.uuid, version.plans)
        if counter == known:
            return counter, None
        plans = self._store.plans()
        return counter, {one["plan_id"]: (one["version"], one["updated_at"]) for one in plans}

    def _forget(self) -> None:
        """Forget who has not asked again."""
        now = time.monotonic()
        for plan_id, pages in [*self._pages.items()]:
            gone = [page for page, opened in pages.items() if opened.until < now]
            for page in gone:
                del pages[page]
            if gone:
                self._tell(plan_id)
            if not pages:
                del self._pages[plan_id]

    def _tell(self, plan_id: str) -> None:
        for opened in self._pages.get(plan_id, {}).values():
            opened.news.set()

    def _news(self, plan_id: str, page: str) -> NewsPayload:
        self._forget()
        others = [
            opened.name for other, opened in self._pages.get(plan_id, {}).items() if other != page
        ]
        version, _ = self._saved.get(plan_id, (None, ""))
        nameless = [name for name in others if not name]
        return {"version": version, "here": [*sorted({*others} - {""}), *nameless]}


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """Whether an event is set within some seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
