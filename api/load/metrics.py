"""What a process of the service counts, as text for Prometheus.

Requests are counted by the pattern of their route, never by their address: addresses name areas,
plans and incidents.
"""

from __future__ import annotations

import sys
import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

BOUNDS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds that bound the classes of a histogram of latencies."""

NO_ROUTE: Final = "none"
"""Stands for the route of a request that was refused before one was found."""

Kind = Literal["counter", "gauge", "histogram"]
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Family:
    """Series of one name.

    Attributes
    ----------
    name, kind, text
        As Prometheus has them.
    samples
        Suffix of the name, labels and value of each series.
    """

    name: str
    kind: Kind
    text: str
    samples: Sequence[tuple[str, Labels, float]]

    def labelled(self, worker: int) -> Family:
        """Return the same series, labelled with the number of the worker that they are of."""
        label = ("worker", str(worker))
        return replace(self, samples=[(end, (label, *rest), n) for end, rest, n in self.samples])


_THREADS: Final[RunVar[CapacityLimiter]] = RunVar("patchmap.metrics.threads")

Source = Callable[[], Iterable[Family]]
"""Measures something at the moment it is asked."""


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        self._requests: Counter[Labels] = Counter()
        self._latencies: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._sources: list[Source] = [process_families]

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Parameters
        ----------
        method
            Of HTTP; one that the service does not know is counted as another.
        route
            The pattern of its route.
        status
            Of its answer.
        seconds
            From its head to the end of its answer.
        """
        known = method if method in _METHODS else "other"
        labels = (("method", known), ("route", route), ("status", str(status)))
        with self._counting:
            self._requests[labels] += 1
            self._latencies[route][bisect_left(BOUNDS, seconds)] += 1
            self._seconds[route] += seconds

    def watch(self, source: Source) -> None:
        """Measure something else too whenever the figures are asked for."""
        self._sources.append(source)

    def families(self) -> Iterator[Family]:
        """Yield all figures of this moment."""
        with self._counting:
            requests = [("_total", labels, float(n)) for labels, n in self._requests.items()]
            latencies = {route: [*counts] for route, counts in self._latencies.items()}
            seconds = dict(self._seconds)
        yield Family("patchmap_requests", "counter", "Requests answered.", requests)
        samples = [
            sample
            for route, counts in latencies.items()
            for sample in _histogram(route, counts, seconds[route])
        ]
        yield Family(
            "patchmap_request_seconds", "histogram", "Time until the answer's end.", samples
        )
        for source in self._sources:
            yield from source()

    async def measured(self) -> list[Family]:
        """Return all figures, measured in a thread: the length of the audit is on a disk.

        One of its own, as questions may have all others.
        """
        try:
            limiter = _THREADS.get()
        except LookupError:
            _THREADS.set(limiter := CapacityLimiter(1))
        return await to_thread.run_sync(lambda: [*self.families()], limiter=limiter)


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _histogram(
    route: str, counts: Sequence[int], seconds: float
) -> Iterator[tuple[str, Labels, float]]:
    total = 0
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], counts, strict=True):
        total += count
        yield "_bucket", (("route", route), ("le", bound)), total
    yield "_count", (("route", route),), total
    yield "_sum", (("route", route),), seconds


def gauge(name: str, text: str, value: float, **labels: str) -> Family:
    """One figure that goes up and down.

    Parameters
    ----------
    name, text
        As Prometheus has them.
    value
        Of this moment.
    labels
        Its labels.
    """
    return Family(name, "gauge", text, [("", tuple(labels.items()), value)])


def process_families() -> Iterator[Family]:
    """Yield the processor time, memory and files of this process, by Prometheus' own names."""
    cpu = [("_total", (), time.process_time())]
    yield Family("process_cpu_seconds", "counter", "Processor time used.", cpu)
    if sys.platform == "linux":
        resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        yield gauge("process_resident_memory_bytes", "Memory in use.", resident * _page_bytes())
        files = sum(1 for _ in Path("/proc/self/fd").iterdir())
        yield gauge("process_open_fds", "Files and connections that are open.", files)


def _page_bytes() -> int:
    import resource  # noqa: PLC0415 - it is not on every machine

    return resource.getpagesize()


def as_text(families: Iterable[Family], **labels: str) -> str:
    """Return figures in Prometheus' text format.

    Parameters
    ----------
    families
        The figures; those of several processes may follow each other.
    labels
        Added to every series.
    """
    merged: dict[str, list[str]] = {}
    heads: dict[str, Family] = {}
    for family in families:
        heads.setdefault(family.name, family)
        lines = merged.setdefault(family.name, [])
        for suffix, own, value in family.samples:
            lines.append(f"{family.name}{suffix}{_written({**labels, **dict(own)})} {value:.17g}")
    text = []
    for name, lines in merged.items():
        family = heads[name]
        # A counter's head bears the name of its series.
        head = f"{name}_total" if family.kind == "counter" else name
        text += [f"# HELP {head} {family.text}", f"# TYPE {head} {family.kind}", *lines]
    return "\n".join([*text, ""])


def _written(labels: Mapping[str, str]) -> str:
    pairs = [f'{name}="{_escaped(value)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
