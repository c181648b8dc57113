"""The record of a plan: every step stays in it, and undo and redo are signed steps of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from boundaries.plans.state import Area, ForecastMethod, Signed, Step
from geo.errors import InputError

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
        Positions of the steps in force, the first one first; `undo`, `redo` and `redact` are not
        among them.
    undone
        Positions of the undone steps that can be redone, the next one last. A step that follows an
        undo leaves none: what it replaced stays in the record, but cannot be redone.
    """

    in_force: tuple[int, ...] = ()
    undone: tuple[int, ...] = ()

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Standing:
        """Work out which steps of a record stand.

        Raises
        ------
        InputError
            If an undo or redo is not of the step whose turn it was.
        """
        in_force: list[int] = []
        undone: list[int] = []
        for position, step in enumerate(steps):
            if step.kind == UNDO:
                undone.append(_turn(in_force, position, step))
            elif step.kind == REDO:
                in_force.append(_turn(undone, position, step))
            elif step.kind != REDACT:  # which changes no boundary, and cannot be undone
                in_force.append(position)
                undone.clear()
        return cls(tuple(in_force), tuple(undone))


def undoing(steps: Sequence[Step], position: int, signed: Signed) -> Step:
    """The step that undoes another: its pairs of before and after, swapped.

    Parameters
    ----------
    steps
        The record.
    position
        Where in it the step is that is undone, the last one in force.
    signed
        Who undoes it, when and why.

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
        of=position + 1,
        council_size=step.council_size and step.council_size[::-1],
        forecast=step.forecast and step.forecast[::-1],
    )


def redoing(steps: Sequence[Step], position: int, signed: Signed) -> Step:
    """The step that takes an undone step again.

    Parameters
    ----------
    steps
        The record.
    position
        Where in it the step is, the last one undone.
    signed
        Who redoes it, when and why.

    Returns
    -------
    The step, of kind `redo`, forced if the first one was.
    """
    return replace(steps[position], kind=REDO, signed=signed, of=position + 1)


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


def _turn(stack: list[int], position: int, step: Step) -> int:
    if not stack or stack[-1] != step.of - 1:
        raise InputError(f"step {position + 1} is to {step.kind} step {step.of}, out of turn")
    return stack.pop()
