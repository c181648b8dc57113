"""What a browser may keep: answers under their name, refusals never."""

from fastapi.testclient import TestClient


def test_an_answer_is_named_and_not_sent_twice(client: TestClient) -> None:
    first = client.get("/?period=latest-2m")
    again = client.get("/?period=latest-2m", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_a_refusal_is_not_kept(client: TestClient) -> None:
    refused = client.get("/?layer=nowhere&period=latest-2m")
    assert refused.status_code == 400
    assert "etag" not in refused.headers
    assert refused.headers["cache-control"] == "no-store"
