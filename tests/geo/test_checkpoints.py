"""Long work stops where it looks whether anyone still waits for it, and only there."""

from __future__ import annotations

import geopandas as gpd
import pytest

from geo.checkpoints import StoppedError, checkpoint, current_demand, demanded_by
from geo.question.ask import Question, answer
from tests.conftest import IncidentMaker


class Waiting:
    """Somebody who waits until work has looked so many times."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def ended(self) -> StoppedError | None:
        self.looks -= 1
        return StoppedError("gone") if self.looks < 0 else None


def test_work_that_nobody_asked_for_goes_on() -> None:
    assert current_demand() is None
    checkpoint()


def test_it_stops_for_those_it_is_done_for_alone() -> None:
    with demanded_by(Waiting(0)):
        with demanded_by(Waiting(1)):
            checkpoint()
        with pytest.raises(StoppedError, match="gone"):
            checkpoint()
    checkpoint()


def test_threads_that_stop_for_one_reason_raise_errors_of_their_own() -> None:
    reason = StoppedError("gone")

    class Gone:
        ended = reason

    raised = []
    for _ in range(2):
        with demanded_by(Gone()), pytest.raises(StoppedError, match="gone") as stopped:
            checkpoint()
        raised.append(stopped.value)
    assert raised[0] is not raised[1]
    assert [error.__cause__ for error in raised] == [reason, reason]
    assert reason.__traceback__ is None


@pytest.mark.parametrize("looks", [0, 1, 2, 3])
def test_an_answer_can_be_stopped_between_its_stages(
    four_squares: gpd.GeoDataFrame, incident_frame: IncidentMaker, looks: int
) -> None:
    rows = [(435_010.0 + 7 * i, 336_050.0, "burglary", "2024-01") for i in range(20)]
    question = Question.read({"from": "2024-01", "to": "2024-01", "cell": "25"})
    with demanded_by(Waiting(looks)), pytest.raises(StoppedError):
        answer(question, incident_frame(rows), four_squares).hotspots  # noqa: B018
    assert len(answer(question, incident_frame(rows), four_squares).hotspots)
