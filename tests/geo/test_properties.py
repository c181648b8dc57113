"""Properties that are computed once for each instance, whichever threads read them."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from geo.properties import cached_property


class Slow:
    """Computes a value when it is let."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.began = threading.Event()
        self.computed = 0

    @cached_property
    def value(self) -> int:
        """How often it was computed."""
        self.began.set()
        assert self.may_end.wait(120)
        self.computed += 1
        return self.computed


def test_an_instance_does_not_wait_for_another() -> None:
    slow, quick = Slow(), Slow()
    quick.may_end.set()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(lambda: slow.value)
        assert slow.began.wait(120)
        try:
            assert pool.submit(lambda: quick.value).result(120) == 1
            assert not first.done()
        finally:
            slow.may_end.set()
        assert first.result(120) == 1


def test_threads_share_one_computation_of_an_instance() -> None:
    slow = Slow()
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(lambda: slow.value) for _ in range(8)]
        assert slow.began.wait(120)
        slow.may_end.set()
        assert [read.result(120) for read in reads] == [1] * 8


class Failing:
    """Fails to compute a value the first time."""

    def __init__(self) -> None:
        self.tries = 0

    @cached_property
    def value(self) -> int:
        """How often it was tried."""
        self.tries += 1
        if self.tries == 1:
            raise ValueError("not yet")
        return self.tries


def test_a_failed_computation_is_tried_again_and_leaves_nothing() -> None:
    failing = Failing()
    with pytest.raises(ValueError, match="not yet"):
        _ = failing.value
    assert vars(failing) == {"tries": 1}
    assert failing.value == 2
    assert vars(pickle.loads(pickle.dumps(failing))) == {"tries": 2, "value": 2}
