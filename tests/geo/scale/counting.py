"""Parts counted by this process, and by a cluster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from distributed import LocalCluster

from geo.scale import CountJob, CountResult, Part, Totals, count_on_cluster, count_part


@contextmanager
def scheduler_of(workers: int) -> Iterator[str]:
    """The address of a scheduler whose workers are threads here: no process has to start."""
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, protocol="tcp",
        dashboard_address="127.0.0.1:0",
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


def counted_here(parts: Sequence[Part], job: CountJob) -> CountResult:
    totals = Totals()
    for part in parts:
        totals.add(count_part(part, job))
    return totals.result(job.units.codes)


def counted_there(parts: Sequence[Part], job: CountJob, **where: object) -> CountResult:
    totals = Totals()
    for result in count_on_cluster(parts, job, **where):
        totals.add(result)
    return totals.result(job.units.codes)


def summary(counted: CountResult) -> tuple:
    """Everything that a count reports."""
    return counted.frame(), counted.accounts(), counted.rejected, counted.months, counted.published


def assert_same(one: CountResult, other: CountResult) -> None:
    frames = [summary(each)[0] for each in (one, other)]
    assert frames[0].equals(frames[1])
    assert summary(one)[1:] == summary(other)[1:]
    assert one.broken == other.broken
