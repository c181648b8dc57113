"""Counting on Dask: on this machine's processors, or wherever a scheduler has workers.

Each part is a task of its own. When a worker is lost, Dask has the others do its parts again.
Dask is optional, and loaded when a cluster is asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from geo.errors import InputError, StoreError
from geo.scale.counting import Job, PartCounts, count_part
from geo.scale.parts import Part

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

SECONDS_TO_CONNECT: Final = 10
SECONDS_WITHOUT_WORKERS: Final = 60
_SECONDS_A_LOOK: Final = 0.02
_CONFIG: Final = {
    # Detailed areas are many bytes, and travel once.
    "distributed.admin.large-graph-warning-threshold": "4 GiB",
    # A worker that its guard could not start again by then is given up.
    "distributed.deploy.lost-worker-timeout": "5s",
}


def count_on_cluster(
    parts: Sequence[Part],
    job: Job,
    *,
    scheduler: str = "",
    workers: int = 0,
) -> Iterator[PartCounts]:
    """Count parts on a cluster; they come as they are done.

    Parameters
    ----------
    scheduler
        Address of a running scheduler; without one, workers are started on this machine.
    workers
        How many are started; as many as there are processors if not given.

    Raises
    ------
    InputError
        If Dask is not installed.
    StoreError
        If the scheduler cannot be reached, goes away, or its workers lack this software.
    """
    with _connected(scheduler, workers) as (client, cluster):
        # A task, and not data sent ahead: should every worker that holds it be lost, it is
        # made again from what the scheduler keeps.
        shared = client.submit(_as_it_is, job, pure=False)
        futures = client.map(count_part, parts, job=shared, pure=False)
        part_of = {future.key: part for future, part in zip(futures, parts, strict=True)}
        done = _as_completed(futures, _Watch(client, cluster))
        del futures
        for future, found in done:
            yield _settled(part_of[future.key], found)
            future.release()


def _as_it_is(job: Job) -> Job:
    return job


def _as_completed(futures: list[Future], watch: _Watch) -> Iterator[tuple[Future, object]]:
    from distributed import as_completed  # noqa: PLC0415 - Dask is optional

    done = as_completed(futures, with_results=True, raise_errors=False)
    futures.clear()
    while not done.is_empty():
        if done.has_ready():
            yield next(done)
        else:
            watch.look()
            sleep(_SECONDS_A_LOOK)


class _Watch:
    """Looks after a cluster that is waited for: without a worker it would be waited for for ever.

    A lost worker is started again by its guard; where that fails as well, this starts another.
    """

    def __init__(self, client: Client, cluster: LocalCluster | None) -> None:
        self._client, self._cluster = client, cluster
        self._looked = self._seen = monotonic()

    def look(self) -> None:
        """Look whether there is a worker, once a second.

        Raises
        ------
        StoreError
            If there has been none for long.
        """
        now = monotonic()
        if now < self._looked + 1:
            return
        self._looked = now
        if self._has_workers():
            self._seen = now
        elif now > self._seen + SECONDS_WITHOUT_WORKERS:
            raise StoreError("the Dask scheduler has no workers: start some and count again")
        elif self._cluster:
            self._cluster.scale(len(self._cluster.worker_spec))

    def _has_workers(self) -> bool:
        """Whether there are any; a scheduler that is gone is told by what it leaves undone."""
        try:
            return self._client.status != "running" or bool(self._client.nthreads())
        except OSError:
            return True


def _settled(part: Part, found: object) -> PartCounts:
    """What became of a part; failures come as `sys.exc_info` tells them, or bare."""
    from distributed import KilledWorker  # noqa: PLC0415 - an optional extra

    if isinstance(found, PartCounts):
        return found
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, KilledWorker):
        # Not the cluster's fault: no worker survives this part, as when memory is too small.
        return PartCounts.of_broken(part, "every worker that tried it was lost")
    if isinstance(error, CancelledError):
        raise StoreError("the Dask scheduler is gone: nothing was counted; start again") from error
    if isinstance(error, ImportError):
        raise StoreError(f"the workers of the cluster lack this version of Patchmap: {error}")
    if isinstance(error, BaseException):
        raise error
    raise TypeError(f"{part.name} came back as {type(found)}")


@contextmanager
def _connected(scheduler: str, workers: int) -> Iterator[tuple[Client, LocalCluster | None]]:
    try:
        import dask  # noqa: PLC0415
        from distributed import Client, LocalCluster  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            "counting on a cluster needs Dask, which is not installed; "
            'install it with: pip install "dask[distributed]"'
        ) from error
    # Lost workers are no news here: their parts are done again, and what fails is told once.
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
            raise StoreError(f"no Dask scheduler answers at {scheduler}") from error
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
