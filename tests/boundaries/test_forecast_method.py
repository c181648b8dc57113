"""How the forecast was made: a text of the plan in its signed history, report and proforma."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from boundaries.plans.export import history_frame
from boundaries.plans.history import REDACTED
from boundaries.plans.plan import MOST_WHY, Plan, PlanMetadata
from boundaries.plans.serialization import read_plan, write_plan
from boundaries.plans.state import NOT_WRITTEN, ForecastMethod
from geo.errors import InputError
from tests.boundaries.drawn import SIGNED, drawn

COHORTS = ForecastMethod("Cohorts of the census.\n\nSites.", "Research service", "2026-05-31")


def again(plan):
    """The plan as a store gives it back."""
    return read_plan(json.loads(json.dumps(write_plan(plan))), plan.start.graph)


def test_a_text_on_the_forecast_is_kept_changed_and_undone():
    plan = again(drawn("AB").describe_forecast(COHORTS, signed=SIGNED))
    assert plan.now.forecast == COHORTS
    changed = plan.describe_forecast(replace(COHORTS, made_on=""), signed=SIGNED)
    assert again(changed.undo(signed=SIGNED)).now.forecast == COHORTS
    removed = again(changed.describe_forecast(NOT_WRITTEN, signed=SIGNED))
    assert not removed.now.forecast
    assert history_frame(removed)["what"].tolist() == [
        "wrote how the forecast was made",
        "wrote how the forecast was made",
        "removed the text on how the forecast was made",
    ]
    # A move leaves it as it is.
    assert plan.move(["b1"], "A", signed=SIGNED, force=True).now.forecast == COHORTS


def test_a_plan_without_such_a_text_is_written_as_earlier_releases_read_it():
    assert "forecast" not in json.dumps(write_plan(drawn("AB").lock("A", signed=SIGNED)))


def test_texts_on_the_forecast_are_taken_out_for_good():
    plan = drawn("AB").describe_forecast(COHORTS, signed=SIGNED)
    copy = Plan.begin(
        PlanMetadata("copy"), plan.now.graph, assignment=plan.assignment, forecast=COHORTS
    )
    texts = plan.texts_written(1)
    for each in (plan.redact(texts, of=1, signed=SIGNED), copy.redact(texts, signed=SIGNED)):
        redacted = again(each)
        assert redacted.now.forecast == ForecastMethod(REDACTED, REDACTED, "2026-05-31")
        assert "Cohorts" not in json.dumps(write_plan(redacted))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "x" * (MOST_WHY + 1)}, "write at most 4,000"),
        ({"made_by": "x" * 201}, "write at most 200"),
        ({"made_on": "May 2026"}, "is no date; write the day of the forecast as 2026-05-31"),
        ({"made_on": "2026-02-30"}, "is no date"),
        ({}, "nothing to change"),
    ],
)
def test_impossible_texts_on_the_forecast_are_refused(changes, reason):
    plan = drawn("AB").describe_forecast(COHORTS, signed=SIGNED)
    with pytest.raises(InputError, match=reason):
        plan.describe_forecast(replace(COHORTS, **changes), signed=SIGNED)


def test_a_forecast_was_not_made_after_today():
    ahead = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
    with pytest.raises(InputError, match="yet to come"):
        drawn("AB").describe_forecast(replace(COHORTS, made_on=ahead), signed=SIGNED)
