"""The solver says how a solve ended, and checks every answer."""

import time

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csc_array

from geo.allocation import solver
from geo.allocation.solver import Effort, Model, Status, solve
from geo.errors import SolverError

PAIR = csc_array(np.array([[1.0, 1.0]]))


def test_a_best_answer_is_proven():
    result = solve(Model([1, 2], PAIR, [1], [1]))
    assert (result.status, result.x.tolist(), result.cost, result.bound) == (
        "optimal",
        [1, 0],
        1,
        1,
    )


def test_without_an_answer_it_is_infeasible_and_not_unknown():
    result = solve(Model([1, 1], PAIR, [3], [3]))
    assert (result.status, result.has_answer, result.bound) == (Status.INFEASIBLE, False, np.inf)


def test_without_time_it_is_unknown_and_not_infeasible():
    result = solve(Model([1, 1], PAIR, [1], [1]), effort=0)
    assert (result.status, result.has_answer, result.bound) == (Status.UNKNOWN, False, -np.inf)


def hard_model() -> Model:
    """A knapsack of ten limits: answers are easy, and proving the best takes minutes."""
    rng = np.random.default_rng(3)
    weights = rng.integers(1, 1_000, (10, 120)).astype(float)
    worth = weights.mean(axis=0) + rng.integers(0, 300, 120)
    return Model(-worth, csc_array(weights), np.zeros(10), weights.sum(axis=1) // 2)


@pytest.mark.parametrize("slower", [1.0, 2.0])
def test_a_search_that_ends_early_ends_at_the_same_answer_on_a_slower_machine(
    slower: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Effort(1.0)
    expected = solve(hard_model(), effort=alone)
    assert expected.status == Status.FEASIBLE
    real = time.thread_time
    monkeypatch.setattr(solver.time, "thread_time", lambda: slower * real())
    busy = Effort(1.0)
    result = solve(hard_model(), effort=busy)
    assert result.x.tobytes() == expected.x.tobytes()
    assert (result.bound, busy) == (expected.bound, alone)


def test_steps_that_take_far_too_long_end_a_search_by_processor_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = time.thread_time
    monkeypatch.setattr(solver.time, "thread_time", lambda: 100 * real())
    effort = Effort(1.0)
    solve(hard_model(), effort=effort)
    assert effort.work < 0.5
    assert effort.is_over


def test_solves_that_share_an_effort_end_together() -> None:
    effort = Effort(0.2)
    solve(hard_model(), effort=effort)
    assert effort.is_over
    assert solve(hard_model(), effort=effort).status == Status.UNKNOWN


def test_a_model_without_a_bottom_is_an_error():
    free = Model([-1, -1], PAIR, [0], [np.inf], high=np.inf)
    with pytest.raises(SolverError, match="HiGHS ended with"):
        solve(free)


def test_parts_are_allowed_where_asked_for():
    result = solve(
        Model([-1, -1], csc_array(np.array([[2.0, 2.0]])), [0], [3], whole=[True, False])
    )
    assert result.cost == pytest.approx(-1.5)
    linear = solve(Model([-1, -1], csc_array(np.array([[2.0, 2.0]])), [0], [3], whole=False))
    assert linear.cost == pytest.approx(-1.5)


def test_an_answer_that_breaks_its_rows_is_not_believed():
    with pytest.raises(SolverError, match="HiGHS gave an answer that breaks its rows"):
        solver._check(Model([1, 1], PAIR, [1], [1]), np.array([1.0, 1.0]))


@pytest.mark.parametrize("seed", range(5))
def test_relaxed_models_have_the_cost_that_scipy_finds(seed):
    rng = np.random.default_rng(seed)
    matrix, right, cost = rng.random((6, 9)), rng.random(6) + 1, -rng.random(9)
    ours = solve(Model(cost, csc_array(matrix), np.full(6, -np.inf), right, whole=False))
    theirs = linprog(cost, A_ub=matrix, b_ub=right, bounds=(0, 1))
    assert ours.cost == pytest.approx(theirs.fun, abs=1e-7)
