"""Searches in a process of their own: what comes home, and what is stopped."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from multiprocessing.connection import Connection

import pytest

from api.calls import BusyError, Call, CallerLeftError, serving_call
from api.errors import status_of
from api.searches import Searches
from geo.allocation.patches.infeasible import Explanation, InfeasiblePatchesError
from geo.errors import InputError, QuestionError, SolverError, UnavailableError


@pytest.fixture(scope="module")
def searches() -> Iterator[Searches]:
    made = Searches()
    yield made
    made.close()


def spin() -> None:
    while True:
        pass


def refuse() -> None:
    raise QuestionError("size", "is none")


def serve_nothing(_pipe: Connection) -> None:
    os._exit(1)


def refuse_patches() -> None:
    raise InfeasiblePatchesError("no plan", Explanation(fewest=7))


def test_a_search_runs_elsewhere_and_its_answer_comes_home(searches: Searches) -> None:
    assert searches(os.getpid) != os.getpid()
    assert searches(sorted, [3, 1], reverse=True) == [3, 1]


def test_a_refusal_comes_home_as_it_is(searches: Searches) -> None:
    with pytest.raises(QuestionError, match=r"^size: is none$") as refused:
        searches(refuse)
    assert refused.value.option == "size"
    with pytest.raises(InfeasiblePatchesError, match=r"^no plan$") as infeasible:
        searches(refuse_patches)
    assert infeasible.value.fewest == 7


def test_a_search_that_takes_too_much_work_is_stopped_and_the_next_one_runs() -> None:
    searches = Searches(seconds=0.5, patience=600.0)
    with pytest.raises(InputError, match=r"no plan was found within 0\.5 seconds of computing"):
        searches(spin)
    assert searches(abs, -1) == 1
    searches.close()


def test_a_search_that_waits_for_a_processor_loses_none_of_its_time() -> None:
    searches = Searches(seconds=0.3, patience=600.0)
    assert searches(time.sleep, 1.0) is None
    searches.close()


def test_a_caller_does_not_wait_for_ever_on_a_busy_machine() -> None:
    searches = Searches(patience=0.5)
    with pytest.raises(UnavailableError, match=r"too busy to find a plan within 0\.5 s") as busy:
        searches(time.sleep, 600)
    assert status_of(busy.value) == 503
    assert searches(abs, -1) == 1
    searches.close()


def test_a_child_that_dies_is_told_and_replaced(searches: Searches) -> None:
    with pytest.raises(SolverError, match="was interrupted; try again"):
        searches(os._exit, 1)
    assert searches(abs, -2) == 2


def test_a_child_that_does_not_start_is_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Searches()
    with monkeypatch.context() as patched:
        patched.setattr("api.searches.serve_searches", serve_nothing)
        with pytest.raises(UnavailableError, match="does not start; try again") as refused:
            made(abs, -1)
    assert status_of(refused.value) == 503
    assert made(abs, -1) == 1
    made.close()


def test_a_search_that_nobody_waits_for_ends_and_the_next_one_runs(searches: Searches) -> None:
    call = Call()
    with ThreadPoolExecutor(1) as pool, serving_call(call):
        waiting = pool.submit(copy_context().run, searches, time.sleep, 60)
        call.end(CallerLeftError("the caller left"))
        with pytest.raises(CallerLeftError):
            waiting.result(120)
    assert searches(abs, -3) == 3


def test_one_search_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.searches.MOST_WAITING", 0)
    made = Searches()
    taken, may_end = threading.Event(), threading.Event()

    def search(_work: bytes) -> tuple[int, None]:
        taken.set()
        assert may_end.wait(120)
        return 1, None

    monkeypatch.setattr(made, "_search", search)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(made, abs, -1)
        assert taken.wait(120)
        with serving_call(Call()), pytest.raises(BusyError):
            made(abs, -2)
        may_end.set()
        assert first.result(120) == 1
    made.close()


def test_a_fault_of_a_search_is_told(searches: Searches) -> None:
    with pytest.raises(SolverError, match="failed: ZeroDivisionError"):
        searches(divmod, 1, 0)
