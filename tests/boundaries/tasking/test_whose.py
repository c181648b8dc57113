"""Who does a task, in words; and whom nobody knows."""

import pytest

from boundaries.tasking.whose import NOBODY, is_of, owners_of, unknown_owner, who_words
from tests.boundaries.tasking.tasking_made import task

TASKS = [task(owner="warden", service="Parks"), task(service="Lighting"), task(owner="Warden")]


@pytest.mark.parametrize(
    ("owner", "service", "words"),
    [
        ("warden", "", "warden"),
        ("warden", "Parks", "warden, Parks (service)"),
        ("", "Parks", "Parks (service)"),
        ("", "", NOBODY),
    ],
)
def test_role_and_service_stand_together(owner: str, service: str, words: str) -> None:
    assert who_words(owner, service) == words


def test_a_task_is_of_its_role_and_of_its_service_however_they_are_spelled() -> None:
    for who, own in (("WARDEN", [0, 2]), ("parks", [0]), ("", [0, 1, 2]), ("war", [])):
        assert [n for n, one in enumerate(TASKS) if is_of(one, who)] == own, who
    assert owners_of(TASKS) == ["Lighting", "Parks", "Warden", "warden"]


def test_an_unknown_owner_is_told_with_those_that_there_are() -> None:
    assert unknown_owner("parks", TASKS) == ""
    assert unknown_owner("", TASKS) == ""
    said = "no task has the owner or service 'zzz'; those that have tasks: "
    assert unknown_owner("zzz", TASKS) == f"{said}Lighting, Parks, Warden, warden"
    assert unknown_owner("zzz", []) == f"{said}none yet"
