"""Why no plan of patches keeps the limits, and which change would help."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from geo.allocation.adjacency import positions
from geo.allocation.patches.partitioning import MOST_COLUMNS, cover_matrix
from geo.allocation.patches.problem import PatchProblem
from geo.allocation.solver import Model, Status, solve
from geo.errors import InputError

Floats = NDArray[np.float64]

_NAMED_PATCHES = 4  # in a message


class InfeasiblePatchesError(InputError):
    """No plan keeps the limits.

    Attributes
    ----------
    reasons
        What sums alone show, a sentence each.
    causes
        Codes of the areas that cannot be served.
    fewest, most
        The numbers of patches below and above which there is no plan; None where that is not
        known, or no number works.
    relaxed
        The patches that break a limit in the plan that breaks them least, as tuples of codes.
    """

    def __init__(self, message: str, explained: Explanation) -> None:
        super().__init__(message)
        self.reasons, self.causes = explained.reasons, explained.causes
        self.fewest, self.most = explained.fewest, explained.most
        self.relaxed = explained.relaxed
        self._explained = explained

    def __reduce__(self) -> tuple[type[InfeasiblePatchesError], tuple[str, Explanation]]:
        """Make it picklable: it travels from the solver's process."""
        return type(self), (str(self), self._explained)


@dataclass(frozen=True)
class Explanation:
    """Why there is no plan; see `InfeasiblePatchesError`."""

    reasons: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    fewest: int | None = None
    most: int | None = None
    relaxed: tuple[tuple[str, ...], ...] = ()


def plain_faults(problem: PatchProblem) -> Explanation:
    """What sums alone show: areas and islands that no patch can serve, and clashing numbers."""
    codes, pieces = problem.contiguity.codes, problem.contiguity.pieces
    reasons, causes = [], []
    for at in np.flatnonzero(problem.members > problem.most_members).tolist():
        causes.append(codes[at])
        reasons.append(
            f"{problem.named([at])} alone has {problem.members[at]} members, "
            f"more than the {problem.most_members} of a patch"
        )
    if len(problem) < problem.smallest:
        reasons.append(f"there are fewer areas than the {problem.smallest} of a patch")
    for piece in pieces:
        if len(piece) < problem.smallest <= len(problem):
            causes += [codes[at] for at in piece]
            reasons.append(
                f"{problem.named(piece)} {'has' if len(piece) == 1 else 'have'} no other "
                f"neighbour: name a bridge to one, or allow patches of {len(piece)}"
            )
    if problem.rules.groups is not None:
        reasons += _clashing_numbers(problem, problem.rules.groups)
    elif not problem.group_counts():
        reasons.append("no number of patches fits the number of areas")
    return Explanation(tuple(reasons), tuple(causes))


def refusal(problem: PatchProblem, *, seconds: float) -> InfeasiblePatchesError:
    """Explain why a problem has no plan.

    Parameters
    ----------
    problem
        With a fixed number of patches in its rules, or none where no number works.
    seconds
        How long each of the models may take.

    Returns
    -------
    The error to raise.
    """
    explanation = plain_faults(problem)
    if problem.candidates is not None and len(problem.candidates) <= MOST_COLUMNS:
        fewest, most = _workable_counts(problem, seconds=seconds)
        explanation = replace(
            explanation,
            fewest=fewest,
            most=most,
            # Where sums explain it, searching for areas left over is not worth the wait.
            causes=explanation.causes
            if explanation.reasons
            else _left_over(problem, seconds=seconds),
            relaxed=_least_relaxed(problem, seconds=seconds),
        )
    return InfeasiblePatchesError(_sentence(problem, explanation), explanation)


def _clashing_numbers(problem: PatchProblem, groups: int) -> list[str]:
    n, rules, pieces = len(problem), problem.rules, problem.contiguity.pieces
    if groups > n:
        return [f"there are only {n} areas for {groups} patches"]
    reasons, members = [], int(problem.members.sum())
    if groups < len(pieces):
        reasons.append(f"the areas lie in {len(pieces)} separate pieces, and each needs a patch")
    if rules.size is not None and not groups * rules.size[0] <= n <= groups * rules.size[1]:
        reasons.append(
            f"{groups} patches hold {groups * rules.size[0]} to {groups * rules.size[1]} areas, "
            f"and there are {n}"
        )
    if rules.members is not None and groups * rules.members < members:
        reasons.append(
            f"{groups} patches hold {groups * rules.members} members, and there are {members}"
        )
    return reasons


def _workable_counts(problem: PatchProblem, *, seconds: float) -> tuple[int | None, int | None]:
    """The fewest and the most patches in plans that keep the other limits."""
    rules = problem.rules
    if rules.size is None and rules.members is None:
        return len(problem.contiguity.pieces), len(problem)
    free = replace(problem, rules=replace(rules, groups=None))
    if not free.candidates:
        return None, None
    cover = cover_matrix(free.candidates, len(free))
    one, ends = np.ones(len(free)), []
    for sign in (1, -1):
        model = Model(np.full(cover.shape[1], sign), cover, one, one)
        answer = solve(model, effort=seconds)
        ends.append(round(abs(answer.cost)) if answer.status == Status.OPTIMAL else None)
    return ends[0], ends[1]


def _left_over(problem: PatchProblem, *, seconds: float) -> tuple[str, ...]:
    """The fewest areas that remain when no more than so many patches keep the limits."""
    n, cover = len(problem), cover_matrix(problem.candidates or [], len(problem))
    matrix = scipy.sparse.hstack([cover, scipy.sparse.eye_array(n)], format="csc")
    cost = np.append(np.zeros(cover.shape[1]), np.ones(n))
    model = _counted(problem, matrix, cost, columns=cover.shape[1], fewer=True)
    answer = solve(model, effort=seconds)
    if not answer.has_answer:
        return ()
    return tuple(problem.contiguity.codes[at] for at in np.flatnonzero(answer.x[-n:] > 0.5))


def _least_relaxed(problem: PatchProblem, *, seconds: float) -> tuple[tuple[str, ...], ...]:
    """The patches beyond the limits in the plan that exceeds them least, by one step each."""
    rules = problem.rules
    size = rules.size and (max(rules.size[0] - 1, 1), rules.size[1] + 1)
    members = None if rules.members is None else rules.members + 1
    looser = replace(problem, rules=replace(rules, size=size, members=members))
    if not looser.candidates or len(looser.candidates) > MOST_COLUMNS:
        return ()
    within = set(problem.candidates or [])
    beyond = np.array([mask not in within for mask in looser.candidates], float)
    cover = cover_matrix(looser.candidates, len(problem))
    answer = solve(_counted(problem, cover, beyond, columns=cover.shape[1]), effort=seconds)
    if not answer.has_answer:
        return ()
    codes, chosen = problem.contiguity.codes, np.flatnonzero((answer.x > 0.5) & (beyond > 0))
    return tuple(tuple(codes[at] for at in positions(looser.candidates[one])) for one in chosen)


def _counted(
    problem: PatchProblem,
    matrix: scipy.sparse.csc_array,
    cost: Floats,
    *,
    columns: int,
    fewer: bool = False,
) -> Model:
    """A model that covers every area once, with the number of patches required, or fewer."""
    groups, one = problem.rules.groups, np.ones(len(problem))
    if groups is None:
        return Model(cost, matrix, one, one)
    count = np.zeros((1, matrix.shape[1]))
    count[0, :columns] = 1
    rows = scipy.sparse.vstack([matrix, scipy.sparse.csc_array(count)], format="csc")
    return Model(cost, rows, np.append(one, 0 if fewer else groups), np.append(one, groups))


def _sentence(problem: PatchProblem, explanation: Explanation) -> str:
    groups, parts = problem.rules.groups, list(explanation.reasons)
    at = {code: position for position, code in enumerate(problem.contiguity.codes)}
    if groups is not None and explanation.fewest is not None and groups < explanation.fewest:
        parts.append(f"the fewest that work are {explanation.fewest}")
    if groups is not None and explanation.most is not None and groups > explanation.most:
        parts.append(f"the most that work are {explanation.most}")
    if explanation.relaxed:
        shown = [
            problem.named([at[code] for code in patch], between=" + ")
            for patch in explanation.relaxed[:_NAMED_PATCHES]
        ]
        count = (
            "1 patch" if len(explanation.relaxed) == 1 else f"{len(explanation.relaxed)} patches"
        )
        parts.append(f"it works if {count} may break a limit by one: {'; '.join(shown)}")
    if explanation.causes and not explanation.reasons:
        parts.append(
            f"these would be left over: {problem.named([at[code] for code in explanation.causes])}"
        )
    number = "Patches" if groups is None else f"{groups} patches"
    why = "; ".join(parts) or "no contiguous plan keeps the limits"
    return f"{number} of {problem.rules} cannot be made of these {len(problem)} areas: {why}"
