"""Mixed-integer models, solved by HiGHS.

HiGHS can only be limited by the clock on the wall, which on a busy machine ends a search early,
and elsewhere each time. So a solve is ended from its own callbacks: they come at the same places of
every run, and after so many of them it ends with the same answer, however busy the machine is.
Processor time is a second limit, for models whose steps are long. Between two callbacks nothing
ends a solve: a service must run it where it can be stopped.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.errors import SolverError

Floats = NDArray[np.float64]

_STEP_SECONDS: Final = 0.0012
_ENTRY_SECONDS: Final = 0.9e-6
"""What a step takes of a processor: so much, and so much for each entry of the matrix. Fitted to
models of 1,200 to 57,000 entries, which it meets within a tenth."""

_SLOWER: Final = 4.0
"""How many times as much of the processor a solve may take as its steps stand for."""


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"  # out of steps, with an answer that is not proven to be best
    INFEASIBLE = "infeasible"  # proven: no answer exists
    UNKNOWN = "unknown"  # out of steps before any answer


@dataclass(frozen=True)
class Model:
    """Minimise cost · x over rows_low ≤ matrix · x ≤ rows_high and 0 ≤ x ≤ high.

    Attributes
    ----------
    cost
        One number for each of n columns.
    matrix
        m × n.
    rows_low, rows_high
        One number for each row; ±infinity where there is no limit.
    high
        Upper limits of the columns; one number stands for all.
    whole
        Which columns must be whole numbers; one truth value stands for all.
    """

    cost: ArrayLike
    matrix: scipy.sparse.csc_array
    rows_low: ArrayLike
    rows_high: ArrayLike
    high: ArrayLike = 1.0
    whole: ArrayLike = True


@dataclass
class Effort:
    """How long one or more solves may work together.

    Attributes
    ----------
    seconds
        Of a processor, as the steps stand for them.
    work
        What the steps that have been taken stand for; the same in every run.
    spent
        What they really took of this processor.
    """

    seconds: float
    work: float = 0.0
    spent: float = field(default=0.0, compare=False)

    @property
    def is_over(self) -> bool:
        """Whether no solve may go on."""
        return self.work >= self.seconds or self.spent >= self.seconds * _SLOWER


class _Meter:
    """Counts the steps of one solve, and ends it where its effort is over."""

    def __init__(self, effort: Effort, entries: int) -> None:
        self._effort = effort
        self._step = _STEP_SECONDS + _ENTRY_SECONDS * entries
        self._last = time.thread_time()

    def branch(self, event: Any) -> None:
        """Count one step of a search among whole numbers."""
        self._effort.work += self._step
        self.pivot(event)

    def pivot(self, event: Any) -> None:
        """Measure a step of a linear model: thousands a second, and the same in every run."""
        now = time.thread_time()
        self._effort.spent += now - self._last
        self._last = now
        if self._effort.is_over:
            event.interrupt()


@dataclass(frozen=True)
class Solution:
    """How a solve ended; `x` is empty without an answer, and no answer costs less than `bound`."""

    status: Status
    x: Floats
    cost: float
    bound: float

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)


def solve(model: Model, *, effort: Effort | float = 60.0, gap: float = 0.0) -> Solution:
    """Solve a model.

    Parameters
    ----------
    model
        What to minimise.
    effort
        When to give up, in seconds of a processor; an `Effort` is shared with other solves.
    gap
        Stop as soon as the answer is proven to be within this share of the best.

    Returns
    -------
    The answer, or why there is none.

    Raises
    ------
    SolverError
        If HiGHS takes the model for faulty or unbounded, or its answer breaks the rows.
    """
    import highspy  # noqa: PLC0415 - only allocation pays for the solver, not every command

    effort = effort if isinstance(effort, Effort) else Effort(effort)
    if effort.is_over:
        return Solution(Status.UNKNOWN, np.empty(0), np.inf, -np.inf)
    highs = highspy.Highs()  # type: ignore[no-untyped-call] # it has no types
    options = {"output_flag": False, "threads": 1, "random_seed": 0}
    for name, value in {**options, "mip_rel_gap": gap}.items():
        highs.setOptionValue(name, value)
    meter = _Meter(effort, scipy.sparse.csc_array(model.matrix).nnz)
    highs.cbMipInterrupt.subscribe(meter.branch)
    highs.cbSimplexInterrupt.subscribe(meter.pivot)
    highs.passModel(_lp(model))
    highs.run()
    ended, kinds = highs.getModelStatus(), highspy.HighsModelStatus
    info = highs.getInfo()
    if ended == kinds.kInfeasible:
        return Solution(Status.INFEASIBLE, np.empty(0), np.inf, np.inf)
    has_answer = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    is_whole = bool(np.any(model.whole))
    bound = info.mip_dual_bound if is_whole else info.objective_function_value
    if ended == kinds.kOptimal and has_answer:
        status = Status.OPTIMAL
    elif ended == kinds.kInterrupt:
        status = Status.FEASIBLE if has_answer and is_whole else Status.UNKNOWN
    else:
        raise SolverError(f"HiGHS ended with {highs.modelStatusToString(ended)!r}")
    if status == Status.UNKNOWN:
        return Solution(status, np.empty(0), np.inf, bound if is_whole else -np.inf)
    x = np.asarray(highs.getSolution().col_value, float)
    x = np.where(np.broadcast_to(model.whole, x.shape), np.round(x), x)
    _check(model, x)
    return Solution(status, x, float(np.asarray(model.cost, float) @ x), float(bound))


def require_sound(faults: Iterable[str]) -> None:
    """Refuse an answer that breaks the rules it was made under.

    Parameters
    ----------
    faults
        The result of a `verify_…` function.

    Raises
    ------
    SolverError
        If there is a fault.
    """
    listed = list(faults)
    if listed:
        raise SolverError(f"the answer breaks its own rules: {'; '.join(listed)}")


def _lp(model: Model):  # type: ignore[no-untyped-def] # nor has what this returns
    import highspy  # noqa: PLC0415 - as in `solve`

    matrix = scipy.sparse.csc_array(model.matrix)
    rows, columns = matrix.shape
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_ = np.asarray(model.cost, float)
    lp.col_lower_ = np.zeros(columns)
    lp.col_upper_ = np.broadcast_to(np.asarray(model.high, float), (columns,)).copy()
    lp.row_lower_ = np.asarray(model.rows_low, float)
    lp.row_upper_ = np.asarray(model.rows_high, float)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    # 32 bits are HiGHS's own index type; SciPy may hand over 64.
    lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data.astype(float)
    kinds = highspy.HighsVarType
    whole = np.broadcast_to(model.whole, (columns,))
    lp.integrality_ = [kinds.kInteger if is_whole else kinds.kContinuous for is_whole in whole]
    return lp


def _check(model: Model, x: Floats) -> None:
    """Check that the answer still fulfils every row and limit after whole numbers were rounded."""
    rows = model.matrix @ x
    slack = 1e-6 * np.maximum(1.0, np.abs(rows))
    low, high = np.asarray(model.rows_low, float), np.asarray(model.rows_high, float)
    sound = bool(((rows >= low - slack) & (rows <= high + slack)).all())
    if not sound or (x < -1e-6).any() or (x > np.asarray(model.high, float) + 1e-6).any():
        raise SolverError("HiGHS gave an answer that breaks its rows")
