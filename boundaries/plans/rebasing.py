"""Steps of several planners at once: which are taken in turn, and which are asked about.

Whoever takes a step has seen a plan that others may have changed since. A step that changes other
blocks, areas and bridges than theirs is taken after them, as if it had been begun then; one that
changes the same would overwrite what its author has not seen, so they are asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from boundaries.plans.export import describe_steps
from boundaries.plans.history import of_the_plan
from boundaries.plans.plan import Plan
from boundaries.plans.state import Step
from geo.areal.best_fit import UNASSIGNED
from geo.errors import ConflictError, InputError

_NAMED_STEPS = 3


@dataclass(frozen=True)
class Basis:
    """How much of a record somebody had seen when they decided on a step.

    Attributes
    ----------
    steps
        How many steps it had: all of these were seen.
    own
        Numbers (from 1) of their own steps since, which were still being saved then.
    """

    steps: int
    own: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Reach:
    """What a step changes, and what it depends on for two planners to work beside each other.

    Attributes
    ----------
    blocks
        Codes of the blocks that it moves or keeps, and of the ends of bridges.
    areas
        Codes of the areas that it changes, and that blocks leave and enter.
    bridges
        Names of bridges.
    of_the_plan
        What of the whole plan it sets: `council`, `forecast`.
    """

    blocks: frozenset[str]
    areas: frozenset[str]
    bridges: frozenset[str]
    of_the_plan: frozenset[str]

    @classmethod
    def of(cls, step: Step) -> Reach:
        """The reach of a step."""
        ends = {code for pair in step.bridges.values() for bridge in pair for code in bridge or ()}
        left_and_entered = {area for pair in step.blocks.values() for area in pair}
        return cls(
            frozenset(step.blocks) | ends,
            frozenset(step.areas) | left_and_entered - {UNASSIGNED},
            frozenset(step.bridges),
            of_the_plan(step),
        )

    def meets(self, other: Reach) -> bool:
        """Whether two steps change the same, or work on the same areas."""
        return bool(
            self.blocks & other.blocks
            or self.areas & other.areas
            or self.bridges & other.bridges
            or self.of_the_plan & other.of_the_plan
        )


class OverlapError(ConflictError):
    """Somebody else has changed the same part of the plan, which the author of a step had not seen.

    Attributes
    ----------
    plan
        The plan with the others' steps.
    mine
        The step, as it would be taken now.
    sentence
        What it would do.
    theirs
        Numbers (from 1) of the others' steps that it meets.
    """

    def __init__(self, plan: Plan, after: Plan, theirs: tuple[int, ...]) -> None:
        self.plan, self.mine, self.theirs = plan, after.steps[-1], theirs
        (self.sentence,) = describe_steps(after, [len(after.steps) - 1])
        super().__init__(
            f"{described(plan, theirs)}. That is the same part of the plan as your step, which "
            f"would be: {self.sentence}"
        )


def rebase(plan: Plan, take: Callable[[Plan], Plan], basis: Basis) -> Plan:
    """Take a step after those that its author had not seen.

    Parameters
    ----------
    plan
        The plan as it is now.
    take
        Takes the step, of whatever plan it is given.
    basis
        What its author had seen.

    Returns
    -------
    What `take` makes of the plan: the same as if the steps had been taken one after the other.

    Raises
    ------
    InputError
        If the plan has fewer steps than were seen.
    OverlapError
        If the step would change what others have changed unseen.
    PatchmapError
        If the plan refuses the step.
    """
    unseen = unseen_steps(plan, basis)
    after = take(plan)
    mine = Reach.of(after.steps[-1])
    met = tuple(number for number in unseen if mine.meets(Reach.of(plan.steps[number - 1])))
    if met:
        raise OverlapError(plan, after, met)
    return after


def unseen_steps(plan: Plan, basis: Basis) -> tuple[int, ...]:
    """The numbers of others' steps that somebody had not seen.

    Parameters
    ----------
    plan, basis
        As `rebase` takes them.

    Returns
    -------
    Numbers from 1, in order.

    Raises
    ------
    InputError
        If the plan has fewer steps than were seen.
    """
    if not 0 <= basis.steps <= len(plan.steps):
        raise InputError(
            f"plan {plan.metadata.plan_id} has {len(plan.steps)} steps, not {basis.steps}"
        )
    return tuple(
        number for number in range(basis.steps + 1, len(plan.steps) + 1) if number not in basis.own
    )


def described(plan: Plan, numbers: tuple[int, ...]) -> str:
    """Who took some steps and what they did, as a sentence without its full stop.

    Parameters
    ----------
    plan
        The plan.
    numbers
        Of its steps, from 1 and in order; the last three are described.

    Returns
    -------
    The sentence.
    """
    shown = numbers[-_NAMED_STEPS:]
    sentences = describe_steps(plan, [number - 1 for number in shown])
    done = [
        f"{plan.steps[number - 1].signed.by or 'somebody'} {sentence} (step {number})"
        for number, sentence in zip(shown, sentences, strict=True)
    ]
    more = len(numbers) - len(shown)
    return "; ".join([*([f"{more} earlier steps"] if more else []), *done])
