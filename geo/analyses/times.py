"""When incidents happen: by hour of the week."""

from __future__ import annotations

from geo.analyses.analysis import AnalysisResult, refuse_weight
from geo.errors import InputError, QuestionError
from geo.hotspots import dayparts as hours
from geo.hotspots.peaks import FEWEST_TIMED, peaks
from geo.question.answer import Answer

PEAK_HOURS = 4
"""Length of a peak window."""

PEAKS = 3
"""How many peak windows are named."""


def dayparts(answer: Answer) -> AnalysisResult:
    """Count incidents by hour of the week, those of an uncertain time shared among hours."""
    refuse_weight(answer, "an hour of the week")
    try:
        result = hours.dayparts(answer.counted_in_areas)
    except InputError as error:
        raise QuestionError("source", str(error)) from error
    busiest = peaks(result, hours=PEAK_HOURS, most=PEAKS)
    windows = [
        f"{peak.weekday} {peak.hour:02}:00 to {peak.to_hour:02}:00: {peak.share:.1%}, "
        f"{peak.lift:.1f} times an even spread, by chance {peak.lift_by_chance:.1f}"
        + ("" if peak.clear else " (no clear peak)")
        for peak in busiest.itertuples()
    ]
    caveats = []
    if result.counted < FEWEST_TIMED:
        caveats.append(
            f"Too few incidents to name a peak: {result.counted} with a time of day, and "
            f"{FEWEST_TIMED} are needed."
        )
    if result.without_hour:
        caveats.append(f"{result.without_hour:,} incidents have no time of day and are left out.")
    if result.backwards:
        caveats.append(f"{result.backwards:,} end before they start and are left out.")
    return AnalysisResult(
        result.frame,
        "Aoristic weights: an incident of an uncertain time is shared among its hours (Ratcliffe "
        "2000); hours of Europe/London; peaks beside those of flat weeks with as many incidents "
        "(a scan statistic, Naus 1965)",
        {"counted": result.counted, "peak_windows": windows},
        caveats,
    )
