"""When incidents happen: by hour of the week."""

from __future__ import annotations

from geo.analyses.analysis import AnalysisResult, refuse_weight
from geo.errors import InputError, QuestionError
from geo.hotspots import dayparts as hours
from geo.question.answer import Answer

PEAK_HOURS = 4
PEAKS = 3


def dayparts(answer: Answer) -> AnalysisResult:
    """Incidents by hour of the week, those of an uncertain time shared out."""
    refuse_weight(answer, "an hour of the week")
    try:
        found = hours.dayparts(answer.counted)
    except InputError as error:
        raise QuestionError("source", str(error)) from error
    peaks = hours.peak_windows(found.weights, hours=PEAK_HOURS, most=PEAKS)
    said = [
        f"{peak.weekday} {peak.hour:02}:00 to {peak.to_hour:02}:00: {peak.share:.1%}, "
        f"{peak.lift:.1f} times an even spread"
        for peak in peaks.itertuples()
    ]
    caveats = []
    if found.without_hour:
        caveats.append(f"{found.without_hour:,} incidents have no time of day and are left out.")
    if found.backwards:
        caveats.append(f"{found.backwards:,} end before they begin and are left out.")
    return AnalysisResult(
        found.frame,
        "Aoristic weights: an incident of an uncertain time is shared among its hours (Ratcliffe "
        "2000); hours of Europe/London",
        {"counted": found.counted, "peak_windows": said},
        caveats,
    )
