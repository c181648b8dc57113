"""What reads tasks while others save theirs is made anew, and never changed twice."""

from __future__ import annotations

import pytest

from api.retries import made_of_one_state
from api.snapshot import TasksChangedError


def test_it_is_made_anew_until_nobody_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    tries = iter([TasksChangedError("changed"), TasksChangedError("changed"), None])

    def make() -> str:
        if error := next(tries):
            raise error
        return "made"

    assert made_of_one_state(make) == "made"


def test_it_gives_up_after_seven_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)

    def make() -> str:
        raise TasksChangedError("the tasks have just changed; try again")

    with pytest.raises(TasksChangedError, match="just changed"):
        made_of_one_state(make)
    assert len(pauses) == 6
    assert sum(pauses) < 0.5
