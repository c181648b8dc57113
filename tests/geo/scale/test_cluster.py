"""A cluster counts what one process counts, whatever becomes of its workers and files."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest

from geo.errors import InputError, StoreError
from geo.scale import Part, Totals, count_on_cluster
from geo.scale.cluster import _CONFIG
from tests.geo.scale.counting import assert_same, counted_here, counted_there, scheduler_of


@contextmanager
def scheduler() -> Iterator[tuple[str, subprocess.Popen]]:
    """A scheduler with one worker, in processes of their own."""
    python = [sys.executable, "-m", "distributed.cli"]
    start = [*python[:2], "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen([*start, "--no-dashboard"], stderr=subprocess.PIPE, text=True) as head:
        lines = iter(head.stderr.readline, "")
        line = next(line for line in lines if "Scheduler at:" in line)
        address = line.split()[-1]
        work = [*python[:2], "distributed.cli.dask_worker", address, "--nthreads", "1"]
        with subprocess.Popen(
            [*work, "--no-dashboard", "--no-nanny"], stderr=subprocess.DEVNULL
        ) as worker:
            try:
                yield address, head
            finally:
                worker.kill()
                head.kill()


def workers_of_this_process() -> list[psutil.Process]:
    # Not those below: a service that other tests have started has such processes too.
    children = psutil.Process().children()
    return [each for each in children if "spawn_main" in " ".join(_command_of(each))]


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has just ended
        return []


@pytest.fixture(scope="module")
def one_worker() -> Iterator[str]:
    with scheduler_of(1) as address:
        yield address


def test_two_processes_count_what_one_counts(parts, job, counted):
    assert_same(counted_there(parts, job, workers=2), counted)


@pytest.mark.parametrize("workers", [1, 4])
def test_any_number_of_workers_counts_what_one_process_counts(parts, job, counted, workers):
    with scheduler_of(workers) as address:
        assert_same(counted_there(parts, job, scheduler=address), counted)


def test_a_worker_that_is_killed_half_way_changes_nothing(parts, job, counted):
    totals, killed = Totals(), 0
    for number, result in enumerate(count_on_cluster(parts, job, workers=2)):
        totals.add(result)
        if number in (4, 12):
            workers_of_this_process()[-1].kill()
            killed += 1
    assert killed == 2
    assert_same(totals.result(job.units.codes), counted)


def test_a_part_that_no_worker_survives_is_named_and_the_rest_goes_on(parts, job, monkeypatch):
    monkeypatch.setitem(_CONFIG, "distributed.scheduler.allowed-failures", 1)

    def deadly(_projection):
        os.kill(os.getpid(), signal.SIGKILL)

    some = [*parts[:3], Part("deadly.csv", deadly)]
    result = counted_there(some, job, workers=1)
    assert [(part.name, part.reason) for part in result.broken] == [
        ("deadly.csv", "every worker that tried it was lost")
    ]
    assert result.frame().equals(counted_here(some[:3], job).frame())


def test_a_broken_part_is_named_and_the_rest_goes_on(parts, job, tmp_path, one_worker):
    gone = replace(parts[0], read=lambda _: (tmp_path / "gone.csv").open())
    result = counted_there([gone, *parts[1:3]], job, scheduler=one_worker)
    assert [(part.name, part.reason) for part in result.broken] == [
        (parts[0].name, "No such file or directory")
    ]
    assert result.frame().equals(counted_here(parts[1:3], job).frame())


def test_a_running_scheduler_counts_the_same_and_its_end_is_reported_in_one_line(
    parts, job, counted, capfd
):
    with scheduler() as (address, head):
        assert_same(counted_there(parts, job, scheduler=address), counted)
        result = count_on_cluster(parts, job, scheduler=address)
        next(result)
        head.kill()
        with pytest.raises(StoreError, match="the Dask scheduler is gone: nothing was counted"):
            list(result)
    assert capfd.readouterr().err == ""


def test_a_scheduler_that_does_not_answer_is_refused(parts, job, monkeypatch):
    monkeypatch.setattr("geo.scale.cluster.SECONDS_TO_CONNECT", 1)
    with pytest.raises(StoreError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(count_on_cluster(parts, job, scheduler="tcp://127.0.0.1:9"))


def test_a_scheduler_that_has_no_workers_is_not_waited_for_for_ever(parts, job, monkeypatch):
    monkeypatch.setattr("geo.scale.cluster.SECONDS_WITHOUT_WORKERS", 0)
    with (
        scheduler_of(0) as empty,
        pytest.raises(StoreError, match="the Dask scheduler has no workers; start some"),
    ):
        list(count_on_cluster(parts, job, scheduler=empty))


def test_a_worker_that_is_given_up_is_replaced(parts, job, counted, monkeypatch):
    # As when it dies while it starts: its guard does nothing then.
    monkeypatch.setattr("distributed.Nanny._on_worker_exit_sync", lambda *_: None)
    monkeypatch.setitem(_CONFIG, "distributed.deploy.lost-worker-timeout", "100ms")
    totals = Totals()
    for number, result in enumerate(count_on_cluster(parts, job, workers=1)):
        totals.add(result)
        if number == 4:
            workers_of_this_process()[-1].kill()
    assert_same(totals.result(job.units.codes), counted)


def test_without_dask_one_line_says_how_to_install_it(parts, job, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r'install it with: pip install "dask\[distributed\]"'):
        list(count_on_cluster(parts, job))


def test_a_fault_of_the_program_is_not_taken_for_a_broken_file(parts, job, one_worker):
    def wrong(_projection):
        raise ZeroDivisionError("of the program")

    with pytest.raises(ZeroDivisionError, match="of the program"):
        list(count_on_cluster([replace(parts[0], read=wrong)], job, scheduler=one_worker))
