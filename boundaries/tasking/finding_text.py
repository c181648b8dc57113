"""The sentence of a finding: what became of the place, against what, and how sure that is."""

from __future__ import annotations

from typing import Final

from boundaries.tasking.assessment import MATCHED, REST, Outcome
from geo.hotspots.place_effect import Pair, PlaceEffect
from geo.hotspots.treatment import CLEAR_FALL, NO_CLEAR_EFFECT, RateRatio

_LARGE: Final = 0.5
"""Where a fall by half lies within the interval, it cannot be ruled out."""


def cannot_tell(reason: str) -> str:
    """The sentence where nobody can tell.

    Parameters
    ----------
    reason
        Why, without a full stop.
    """
    return f"Cannot tell: {reason}."


def sentence(
    outcome: Outcome,
    effect: PlaceEffect,
    *,
    months: tuple[int, int],
    control: str,
    buffer_m: float,
) -> str:
    """What was found, as one sentence.

    Parameters
    ----------
    outcome
        The verdict.
    effect
        Its numbers.
    months
        How many months were counted before and after.
    control
        The control by its name: "at 4 untreated places like it".
    buffer_m
        Width of the ring in which displacement was looked for, in metres.

    Returns
    -------
    Incidents a month, since the months before and after need not be as many.
    """
    ratio = effect.ratio
    moved = f"incidents {_moved(effect.place, months)}"
    others = f"{control} they {_moved(effect.control, months)}"
    parts = [
        f"{outcome[:1].upper()}{outcome[1:]}: {moved}, and {others}",
        f"the ratio of the two changes is {_interval(ratio)}, where 1 means no effect",
    ]
    if effect.verdict == NO_CLEAR_EFFECT and ratio.high < 1:
        parts.append(
            f"a place chosen at its worst would fall to about {effect.expected:.2f} by itself, and "
            "the interval does not lie below that"
        )
    elif effect.verdict == NO_CLEAR_EFFECT and ratio.low < _LARGE:
        parts.append("there are too few incidents to rule out a fall by half")
    if effect.beside is not None:
        parts.append(_beside(effect, effect.beside, buffer_m))
    return "; ".join(parts) + "."


def control_words(control: str, *, matched: int, layer: str) -> str:
    """The control, as a sentence has it.

    Parameters
    ----------
    control
        As the assessment fixed it.
    matched
        How many untreated places were matched.
    layer
        The layer whose areas it names.

    Returns
    -------
    Such as "at the 4 untreated places most like it".
    """
    if control == MATCHED:
        places = "untreated place" if matched == 1 else f"{matched} untreated places"
        return f"at the {places} most like it"
    if control == REST:
        return "in the rest of the study area"
    return f"in {control.replace(',', ', ')} of {layer}"


def _interval(ratio: RateRatio) -> str:
    level = f"{ratio.level:.0%}".replace("%", " %")
    return f"{ratio.ratio:.2f} ({level} confidence interval {ratio.low:.2f} to {ratio.high:.2f})"


def _moved(pair: Pair, months: tuple[int, int]) -> str:
    before, after = (f"{n / k:.1f}" for n, k in zip(pair, months, strict=True))
    if before == after:
        return f"stayed at {before} a month"
    fell = pair[1] / months[1] < pair[0] / months[0]
    return f"{'fell' if fell else 'rose'} from {before} to {after} a month"


def _beside(effect: PlaceEffect, beside: RateRatio, buffer_m: float) -> str:
    """What happened around a place that changed clearly."""
    where = f"within {buffer_m:,.0f} m around it"
    if beside.low <= 1 <= beside.high:
        moved = "moved there" if effect.verdict == CLEAR_FALL else "came from there"
        return f"no clear change {where}, so nothing shows that incidents {moved}"
    rose, fell = beside.low > 1, effect.verdict == CLEAR_FALL
    change = f"incidents {'rose' if rose else 'fell'} against the control {where}"
    if fell:
        change += ", so some may have moved there" if rose else ", so the benefit may have spread"
    return f"{change} (ratio {beside.ratio:.2f}, {beside.low:.2f} to {beside.high:.2f})"
