"""What a browser may keep: answers under their name, refusals never."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from api.board.findings import Findings
from api.board.sections import SECTIONS
from api.calls import BusyError
from geo.errors import InputError, StoreError, UnavailableError


def test_an_answer_is_named_and_not_sent_twice(town_client: TestClient) -> None:
    first = town_client.get("/?period=latest-2m")
    again = town_client.get("/?period=latest-2m", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_a_refusal_is_not_kept(town_client: TestClient) -> None:
    refused = town_client.get("/?layer=nowhere&period=latest-2m")
    assert refused.status_code == 400
    assert "etag" not in refused.headers
    assert refused.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "passing",
    [
        UnavailableError("the searches cannot run now"),
        BusyError(3),
        StoreError("the store cannot be used: it is away"),
        ZeroDivisionError("of our own"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/brief.html"])
def test_a_page_with_a_section_that_failed_is_not_shown_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, passing: Exception
) -> None:
    address = f"{path}?period=latest-2m&layer=wards"
    monkeypatch.setitem(SECTIONS, "treatment", raising(passing))
    failed = client.get(address, headers={"accept": "text/html"})
    monkeypatch.undo()
    if failed.status_code >= 500:  # the brief is made as a whole, and so refused
        assert "etag" not in failed.headers
        return
    again = client.get(address, headers={"if-none-match": failed.headers["etag"]})
    assert again.status_code == 200
    assert again.content != failed.content
    known = client.get(address, headers={"if-none-match": again.headers["etag"]})
    assert known.status_code == 304


def test_a_page_with_a_section_that_the_data_cannot_fill_is_shown_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECTIONS, "treatment", raising(InputError("no month is known")))
    first = client.get("/?period=latest-2m")
    assert "no month is known" in first.text
    again = client.get("/?period=latest-2m", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def raising(error: Exception) -> Callable[[Findings], dict[str, object]]:
    """A section that cannot be made."""

    def section(_findings: Findings) -> dict[str, object]:
        raise error

    return section
