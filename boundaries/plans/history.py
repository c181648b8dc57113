"""The record of a plan: every step stays in it, and undo and redo are signed steps of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from boundaries.plans.state import Area, ForecastMethod, Signed, State, Step
from geo.errors import ConflictError, InputError, NotFoundError

UNDO, REDO, REDACT = "undo", "redo", "redact"

REDACTED = "[taken out]"
"""Stands where a text was taken out of a record."""

_UNRECORDED = "undone before undo was recorded; who undid it, and when, is not known"


@dataclass(frozen=True)
class Standing:
    """Which steps of a record stand.

    Attributes
    ----------
    in_force
        Positions of the steps in force, in the order in which they took effect; `undo`, `redo` and
        `redact` are not among them.
    undone
        Position of each undone step that can be redone → who undid it, the last one undone last.
        A new step leaves none of those that its author undid: what it replaced stays in the
        record, but cannot be redone.
    """

    in_force: tuple[int, ...] = ()
    undone: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Standing:
        """Work out which steps of a record stand.

        Raises
        ------
        InputError
            If an undo or redo is of a step that could not be undone or redone then.
        """
        in_force: list[int] = []
        undone: dict[int, str] = {}
        for position, step in enumerate(steps):
            target = step.of - 1
            if step.kind == UNDO:
                if target not in in_force or _touched_later(steps, in_force, target) is not None:
                    raise _out_of_turn(position, step)
                in_force.remove(target)
                undone[target] = step.signed.by
            elif step.kind == REDO:
                if undone.pop(target, None) is None:
                    raise _out_of_turn(position, step)
                in_force.append(target)
            elif step.kind != REDACT:  # which changes no boundary, and cannot be undone
                in_force.append(position)
                undone = {at: by for at, by in undone.items() if by not in _own(step.signed.by)}
        return cls(tuple(in_force), undone)

    def last_of(self, steps: Sequence[Step], by: str) -> int | None:
        """The last step in force that somebody took.

        Parameters
        ----------
        steps
            All steps of the record.
        by
            Who took it.

        Returns
        -------
        Its position; None if there is none.
        """
        own = (at for at in reversed(self.in_force) if steps[at].signed.by == by)
        return next(own, None)

    def last_undone_by(self, by: str) -> int | None:
        """The position of the step that somebody undid last and can redo; None for none."""
        own = (at for at in reversed([*self.undone]) if self.undone[at] in _own(by))
        return next(own, None)


def touched(step: Step) -> frozenset[tuple[str, str]]:
    """What a step changes, by kind and code: blocks, areas, bridges, and what is of the whole plan.

    A block that a step keeps in its area counts, because that is a decision on it.
    """
    kinds = {"block": step.blocks, "area": step.areas, "bridge": step.bridges}
    changed = {(kind, code) for kind, pairs in kinds.items() for code in pairs}
    return frozenset(changed | {(kind, "") for kind in of_the_plan(step)})


def of_the_plan(step: Step) -> frozenset[str]:
    """Which of what a plan has once a step changes: the council size, the text on the forecast."""
    pairs = {"council": step.council_size, "forecast": step.forecast}
    return frozenset(kind for kind, pair in pairs.items() if pair)


def to_undo(steps: Sequence[Step], standing: Standing, *, by: str, of: int = 0) -> int:
    """Which step somebody undoes.

    Parameters
    ----------
    steps, standing
        The record.
    by
        Who undoes it.
    of
        Number of the step, whoever took it; 0 for their own last one in force.

    Returns
    -------
    Its position.

    Raises
    ------
    NotFoundError
        If there is no such step.
    ConflictError
        If there is none to undo, or a later step in force changed the same.
    """
    if not standing.in_force:
        raise ConflictError("there is nothing to undo")
    position = _in_force(steps, standing, of) if of else standing.last_of(steps, by)
    if position is None:
        last = standing.in_force[-1]
        raise ConflictError(
            f"no step in force is by {by}; the last one, step {last + 1}, is by "
            f"{_author(steps[last])}: give its number to undo it"
        )
    later = _touched_later(steps, standing.in_force, position)
    if later is not None:
        raise ConflictError(
            f"step {position + 1} cannot be undone: {_author(steps[later])} has changed the same "
            f"since, in step {later + 1}; undo that first, or take a new step"
        )
    return position


def to_redo(steps: Sequence[Step], standing: Standing, now: State, *, by: str) -> int:
    """Which step somebody redoes: the last one that they undid.

    Parameters
    ----------
    steps, standing, now
        The record, and the state that it leads to.
    by
        Who redoes it.

    Returns
    -------
    Its position.

    Raises
    ------
    ConflictError
        If there is none, or what it changes is no longer as it was before it.
    """
    position = standing.last_undone_by(by)
    if position is None:
        raise ConflictError("there is nothing to redo")
    if not _is_before(now, steps[position]):
        own = touched(steps[position])
        later = next(at for at in reversed(range(len(steps))) if touched(steps[at]) & own)
        raise ConflictError(
            f"step {position + 1} cannot be redone: {_author(steps[later])} has changed the same "
            f"since, in step {later + 1}; take a new step"
        )
    return position


def undoing(steps: Sequence[Step], position: int, signed: Signed, *, forced: bool = False) -> Step:
    """The step that undoes another: its pairs of before and after, swapped.

    Parameters
    ----------
    steps
        The record.
    position
        Where in it the step is that is undone.
    signed
        Who undoes it, when and why.
    forced
        Whether areas may break into more pieces.

    Returns
    -------
    The step, of kind `undo`.
    """
    step = steps[position]
    return Step(
        UNDO,
        signed,
        {code: (new, old) for code, (old, new) in step.blocks.items()},
        {code: (new, old) for code, (old, new) in step.areas.items()},
        {name: (new, old) for name, (old, new) in step.bridges.items()},
        forced=forced,
        of=position + 1,
        council_size=step.council_size and step.council_size[::-1],
        forecast=step.forecast and step.forecast[::-1],
    )


def redoing(steps: Sequence[Step], position: int, signed: Signed, *, forced: bool = False) -> Step:
    """The step that takes an undone step again.

    Parameters
    ----------
    steps
        The record.
    position
        Where in it the undone step is.
    signed
        Who redoes it, when and why.
    forced
        Whether areas may break into more pieces; they may where the first step was forced.

    Returns
    -------
    The step, of kind `redo`.
    """
    step = steps[position]
    return replace(step, kind=REDO, signed=signed, of=position + 1, forced=forced or step.forced)


def recorded(steps: tuple[Step, ...], done: int) -> tuple[Step, ...]:
    """The steps of a record of an earlier release, which counted undone steps without recording it.

    Parameters
    ----------
    steps
        The steps, undone ones last.
    done
        How many of them are in force.

    Returns
    -------
    The steps, then an undo of each one beyond `done`, the last one first. They are signed by
    nobody, at the time of the last step: no earlier time is possible, and none is known.
    """
    if done == len(steps):
        return steps
    signed = Signed("", steps[-1].signed.at, _UNRECORDED)
    undone = [undoing(steps, position, signed) for position in reversed(range(done, len(steps)))]
    return (*steps, *undone)


def texts_of(step: Step) -> frozenset[str]:
    """What somebody wrote with a step: its reason, and on its areas or the forecast."""
    written = {step.signed.reason, *(new.why for _, new in step.areas.values() if new)}
    if step.forecast:
        written |= {step.forecast[1].method, step.forecast[1].made_by}
    return frozenset(written) - {"", REDACTED}


def holds_text(record: Mapping[str, Any], texts: frozenset[str]) -> bool:
    """Look for texts in the record of a plan.

    Parameters
    ----------
    record
        As it is stored.
    texts
        As `texts_of` returns them.

    Returns
    -------
    Whether one of them stands anywhere in it as a whole.
    """
    written = json.dumps(record, ensure_ascii=False, default=str)
    return any(json.dumps(text, ensure_ascii=False) in written for text in texts)


def without_texts(step: Step, texts: frozenset[str]) -> Step:
    """A step with some texts taken out, wherever they stand in it.

    Parameters
    ----------
    step
        The step.
    texts
        The texts.

    Returns
    -------
    The step; its blocks, bridges and numbers are the same.
    """
    reason = REDACTED if step.signed.reason in texts else step.signed.reason
    areas = {
        code: (_without(old, texts), _without(new, texts))
        for code, (old, new) in step.areas.items()
    }
    forecast = step.forecast
    if forecast:
        old, new = forecast
        forecast = (forecast_without(old, texts), forecast_without(new, texts))
    signed = replace(step.signed, reason=reason)
    return replace(step, signed=signed, areas=areas, forecast=forecast)


def forecast_without(forecast: ForecastMethod, texts: frozenset[str]) -> ForecastMethod:
    """What is written on a forecast, with some texts taken out.

    Parameters
    ----------
    forecast
        What is written.
    texts
        The texts.

    Returns
    -------
    The same, with `REDACTED` in their place; the date stays.
    """
    written = {
        name: REDACTED if text in texts else text
        for name, text in (("method", forecast.method), ("made_by", forecast.made_by))
    }
    return replace(forecast, **written)


def _without(area: Area | None, texts: frozenset[str]) -> Area | None:
    return replace(area, why=REDACTED) if area and area.why in texts else area


def _own(by: str) -> tuple[str, str]:
    """Whose undone steps somebody redoes: their own, and those that nobody signed."""
    return (by, "")


def _author(step: Step) -> str:
    return step.signed.by or "somebody"


def _in_force(steps: Sequence[Step], standing: Standing, number: int) -> int:
    if not 1 <= number <= len(steps):
        raise NotFoundError(f"there is no step {number}; this plan has {len(steps)}")
    if number - 1 not in standing.in_force:
        raise ConflictError(f"step {number} is not in force, so it cannot be undone")
    return number - 1


def _touched_later(steps: Sequence[Step], in_force: Sequence[int], position: int) -> int | None:
    """The last step in force that took effect after another and changed the same."""
    since = in_force[in_force.index(position) + 1 :]
    if not since:
        return None
    own = touched(steps[position])
    return next((at for at in reversed(since) if touched(steps[at]) & own), None)


def _is_before(state: State, step: Step) -> bool:
    """Whether all that a step changes is as it was before it."""
    at = state.graph.positions
    return (
        all(state.assigned[at[code]] == old for code, (old, _) in step.blocks.items())
        and all(state.areas.get(code) == old for code, (old, _) in step.areas.items())
        and all(state.bridges.get(name) == old for name, (old, _) in step.bridges.items())
        and (step.council_size is None or state.council_size == step.council_size[0])
        and (step.forecast is None or state.forecast == step.forecast[0])
    )


def _out_of_turn(position: int, step: Step) -> InputError:
    return InputError(f"step {position + 1} is to {step.kind} step {step.of}, out of turn")
