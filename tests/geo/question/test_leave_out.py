"""Places are left out by point, by name, or by the id of a ranked place."""

import pandas as pd
import pytest

from geo.errors import QuestionError
from geo.question.exclusions import at_places, check_places, place_title, point_name

INCIDENTS = pd.DataFrame(
    {
        "x": [100.0, 100.4, 102.0, 160.0, 900.0],
        "y": [50.0, 50.4, 50.0, 50.0, 50.0],
        "location": pd.Categorical(
            ["On or near Hospital", "On or near Hospital", "On or near  hospital", "Mill Lane", ""]
        ),
    }
)


@pytest.mark.parametrize(
    ("places", "result"),
    [
        (["100:50"], [True, True, False, False, False]),
        (["Hospital@100:50"], [True, True, False, False, False]),
        (["Hospital"], [True, True, True, False, False]),
        (["on or near hospital"], [True, True, True, False, False]),
        (["Hospital", "Mill Lane"], [True, True, True, True, False]),
        (["p100:10:5"], [True, True, True, True, False]),
        (["No such place"], [False] * 5),
        ([], [False] * 5),
    ],
)
def test_a_place_is_found_as_it_is_written(places, result):
    assert at_places(INCIDENTS, places).tolist() == result


def test_incidents_without_a_text_lie_at_no_named_place():
    nameless = INCIDENTS.assign(location=pd.Categorical([None] * 5, categories=["Hospital"]))
    assert not at_places(nameless, ["Hospital"]).any()


def test_a_broken_id_of_a_ranked_place_is_refused():
    with pytest.raises(QuestionError, match="without: 'p1:x' is not the id of a ranked hotspot"):
        at_places(INCIDENTS, ["p1:x"])


def test_a_point_is_written_so_that_it_can_be_left_out():
    written = point_name("Police Station, High Street", 435123.4, 336455.6)
    assert written == "Police Station High Street@435123:336456"
    assert place_title(written) == "Police Station High Street"
    assert place_title("435123:336456") == "435123:336456"
    assert place_title("Hospital") == "Hospital"


def test_a_place_without_any_incident_is_refused_with_those_most_like_it():
    check_places(["Hospital", "100:50", "p100:10:5", "Mill Lane"], INCIDENTS)
    with pytest.raises(QuestionError) as refusal:
        check_places(["Hospitall"], INCIDENTS)
    assert str(refusal.value) == (
        "without: no incident is at 'Hospitall'; there are, for example, Hospital"
    )
    for unknown in ("Nowhere", "Hospital@700:50", "p100:90:90"):
        with pytest.raises(QuestionError, match="without: no incident is at"):
            check_places([unknown], INCIDENTS)
