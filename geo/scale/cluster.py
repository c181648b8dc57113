"""Counting with Dask: on the processors of this machine, or on the workers of a scheduler.

Each part is one task. When a worker is lost, Dask gives its parts to the others. Dask is optional
and imported only when it is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from geo.errors import InputError, StoreError
from geo.scale.counting import CountJob, PartCounts, count_part
from geo.scale.parts import Part

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

SECONDS_TO_CONNECT: Final = 10
SECONDS_WITHOUT_WORKERS: Final = 60
_SECONDS_BETWEEN_POLLS: Final = 0.02
_SECONDS_BETWEEN_CHECKS: Final = 1
_CONFIG: Final = {
    # Detailed areas are large, but are sent only once.
    "distributed.admin.large-graph-warning-threshold": "4 GiB",
    # After this time Dask stops waiting for a lost worker to be restarted.
    "distributed.deploy.lost-worker-timeout": "5s",
}


def count_on_cluster(
    parts: Sequence[Part], job: CountJob, *, scheduler: str = "", workers: int = 0
) -> Iterator[PartCounts]:
    """Count parts on a cluster.

    Parameters
    ----------
    parts
        What to read; every worker must find the files at the same path.
    job
        How to count.
    scheduler
        Address of a running scheduler; '' starts workers on this machine.
    workers
        How many workers to start; 0 means one a processor.

    Returns
    -------
    counts
        Of each part, in the order in which they are done.

    Raises
    ------
    InputError
        If Dask is not installed.
    StoreError
        If the scheduler cannot be reached, goes away, or its workers lack this software.
    """
    with _connected(scheduler, workers) as (client, cluster):
        # A task and not scattered data: if every worker that holds it is lost, Dask makes it
        # again from the scheduler's copy.
        shared = client.submit(_identity, job, pure=False)
        futures = client.map(count_part, parts, job=shared, pure=False)
        part_of = {future.key: part for future, part in zip(futures, parts, strict=True)}
        done = _as_completed(futures, _Monitor(client, cluster))
        del futures  # the last reference: each is released when its part is done
        for future, outcome in done:
            yield _counts(part_of[future.key], outcome)
            future.release()


def _identity(job: CountJob) -> CountJob:
    return job


def _as_completed(futures: list[Future], monitor: _Monitor) -> Iterator[tuple[Future, object]]:
    from distributed import as_completed  # noqa: PLC0415 - Dask is optional

    done = as_completed(futures, with_results=True, raise_errors=False)
    futures.clear()
    while not done.is_empty():
        if done.has_ready():
            yield next(done)
        else:
            monitor.check()
            sleep(_SECONDS_BETWEEN_POLLS)


class _Monitor:
    """Checks that a cluster has workers; without one, Dask would wait for ever.

    Dask restarts a lost worker by its nanny process; if that fails, this starts another.
    """

    def __init__(self, client: Client, cluster: LocalCluster | None) -> None:
        self._client, self._cluster = client, cluster
        self._last_check = self._last_worker = monotonic()

    def check(self) -> None:
        """Check for workers, at most once a second.

        Raises
        ------
        StoreError
            If there has been none for `SECONDS_WITHOUT_WORKERS`.
        """
        now = monotonic()
        if now < self._last_check + _SECONDS_BETWEEN_CHECKS:
            return
        self._last_check = now
        if self._has_workers():
            self._last_worker = now
        elif now > self._last_worker + SECONDS_WITHOUT_WORKERS:
            raise StoreError("the Dask scheduler has no workers; start some and count again")
        elif self._cluster:
            self._cluster.scale(len(self._cluster.worker_spec))

    def _has_workers(self) -> bool:
        """Whether there are workers; true if the scheduler is gone, which cancels the futures."""
        try:
            return self._client.status != "running" or bool(self._client.nthreads())
        except OSError:
            return True


def _counts(part: Part, outcome: object) -> PartCounts:
    """The counts of a part from its task; a failure is an exception or a `sys.exc_info` tuple."""
    from distributed import KilledWorker  # noqa: PLC0415 - Dask is optional

    if isinstance(outcome, PartCounts):
        return outcome
    error = outcome[1] if isinstance(outcome, tuple) else outcome
    if isinstance(error, KilledWorker):
        # Not a fault of the cluster: each worker that tries this part dies, say for lack of memory.
        return PartCounts.of_broken(part, "every worker that tried it was lost")
    if isinstance(error, CancelledError):
        raise StoreError("the Dask scheduler is gone: nothing was counted; start again") from error
    if isinstance(error, ImportError):
        raise StoreError(f"the workers of the cluster lack this version of Patchmap: {error}")
    if isinstance(error, BaseException):
        raise error
    raise TypeError(f"{part.name} came back as {type(outcome)}")


@contextmanager
def _connected(scheduler: str, workers: int) -> Iterator[tuple[Client, LocalCluster | None]]:
    try:
        import dask  # noqa: PLC0415 - installed only by who wants it
        from distributed import Client, LocalCluster  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise InputError(
            "counting on a cluster needs Dask, which is not installed; "
            'install it with: pip install "dask[distributed]"'
        ) from error
    # Quiet, because lost workers need no message: their parts are counted again.
    with _quiet(), dask.config.set(_CONFIG), ExitStack() as stack:
        cluster = None
        try:
            if not scheduler:
                cluster = stack.enter_context(
                    LocalCluster(
                        n_workers=workers or None,
                        threads_per_worker=1,
                        # No dashboard; the server behind it takes a free port of this machine.
                        dashboard_address="127.0.0.1:0",
                        scheduler_kwargs={"dashboard": False},
                        silence_logs=logging.CRITICAL,
                    )
                )
            client = stack.enter_context(Client(cluster or scheduler, timeout=SECONDS_TO_CONNECT))
        except (OSError, ValueError) as error:
            raise StoreError(f"no Dask scheduler answers at {scheduler}; start one") from error
        yield client, cluster


@contextmanager
def _quiet() -> Iterator[None]:
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
