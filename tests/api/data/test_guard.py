"""Who may import, how much, and for how long a file is kept."""

from __future__ import annotations

import asyncio
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.data import routes
from api.data import uploads as data_uploads
from api.data.tried import Preview
from api.imports.process import ImportHere
from api.settings import Settings
from geo.errors import ConflictError, InputError
from tests.api.conftest import SearchesHere
from tests.api.data.conftest import CASES_CSV, Caller, page_text

CSV = ("cases.csv", CASES_CSV.encode())


def test_a_form_without_the_token_is_refused(caller):
    assert caller.send(CSV, token="wrong").status_code == 403
    address = caller.open(CSV)
    assert caller.client.post(address, data={"action": "import"}).status_code == 403
    undo = {"change": "import-1", "token": "wrong"}
    assert caller.client.post("/data/undo", data=undo).status_code == 403
    assert len(caller.client.app.state.data.uploads) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "null"},
        {"x-forwarded-for": "10.0.0.1"},
    ],
)
def test_pages_of_other_origins_can_neither_send_nor_read(caller, headers):
    address = caller.open(CSV)
    token = caller.token()
    body = {"action": "import", "token": token}
    assert caller.client.post(address, data=body, headers=headers).status_code == 403
    assert caller.client.get(address, headers=headers).status_code == 403
    assert caller.client.get(f"{address}/map.json", headers=headers).status_code == 403


def test_another_machine_sees_the_list_and_nothing_else(store):
    app = make_app(store, Settings(), searches=SearchesHere(), importer=ImportHere(store))
    base = "http://127.0.0.1:8000"
    with TestClient(app, base_url=base, client=("10.0.0.9", 4), follow_redirects=False) as far:
        caller = Caller(far)
        assert far.get("/data").status_code == 200
        assert caller.send(CSV).status_code == 403
        assert far.post("/data/undo", data={"token": caller.token()}).status_code == 403


def test_forms_of_other_types_are_refused(caller):
    assert caller.client.post("/data/undo", json={"token": caller.token()}).status_code == 415
    assert caller.client.post("/data/files", json={}).status_code == 400
    broken = {"content-type": "multipart/form-data; boundary=edge"}
    for body in (
        b"",
        b"--edge\r\n",
        b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--",
    ):
        response = caller.client.post("/data/files", content=body, headers=broken)
        assert response.status_code in (400, 403)
        assert response.headers["content-type"] == "application/problem+json"
    assert len(caller.client.app.state.data.uploads) == 0


def test_programs_get_an_address_or_a_problem(caller):
    response = caller.send(CSV, accept="application/json")
    assert response.status_code == 201
    assert response.json()["address"] == response.headers["location"]
    problem = caller.send(accept="application/json")
    assert problem.status_code == 400
    assert problem.json()["detail"] == "no file was chosen; choose one"


def test_an_upload_has_a_largest_size(caller):
    service = caller.client.app.state.data
    service.uploads.most_bytes = 1_000
    response = caller.send(("big.csv", b"x" * 2_000))
    assert response.status_code == 413
    assert "larger than 0 MB" in page_text(response)
    service.uploads.most_bytes = 500
    # Also where the request does not say how long it is.
    head = "--edge\r\nContent-Disposition: form-data; name={}\r\n\r\n{}\r\n"
    begin = head.format('"token"', caller.token()) + head.format('"file"; filename="a.csv"', "")
    response = caller.client.post(
        "/data/files",
        content=iter([begin.encode(), *[b"x" * 100] * 6, b"\r\n--edge--\r\n"]),
        headers={"content-type": "multipart/form-data; boundary=edge"},
    )
    assert "content-length" not in response.request.headers
    assert response.status_code == 413
    assert len(service.uploads) == 0


def test_files_are_private_and_go_with_their_upload(caller):
    address = caller.open(CSV)
    upload = caller.client.app.state.data.uploads.get(address.rsplit("/", 1)[1])
    file, folder = upload.files / "cases.csv", Path(upload.folder.name)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert caller.choose(address, "discard").status_code == 404
    assert not folder.exists()


def test_an_upload_that_nobody_uses_expires(caller, monkeypatch):
    service = caller.client.app.state.data
    address = caller.open(CSV)
    folder = Path(service.uploads.get(address.rsplit("/", 1)[1]).folder.name)
    now = service.uploads._clock()
    monkeypatch.setattr(service.uploads, "_clock", lambda: now + data_uploads.EXPIRES_S - 1)
    assert caller.client.get(address).status_code == 200
    monkeypatch.setattr(service.uploads, "_clock", lambda: now + 3 * data_uploads.EXPIRES_S)
    service.sweep()
    assert not folder.exists()
    response = caller.client.get(address, headers={"accept": "text/html"})
    assert response.status_code == 404
    assert "a file is kept for an hour after it was last used" in response.text


def test_the_upload_unused_for_longest_gives_way(caller, monkeypatch):
    monkeypatch.setattr(data_uploads, "MOST_UPLOADS", 2)
    first, second, third = (caller.open(CSV) for _ in range(3))
    assert [caller.client.get(one).status_code for one in (first, second, third)] == [404, 200, 200]


def test_uploads_go_when_the_service_ends(store):
    app = make_app(store, Settings(), searches=SearchesHere(), importer=ImportHere(store))
    base = "http://127.0.0.1:8000"
    with TestClient(app, base_url=base, client=("127.0.0.1", 4), follow_redirects=False) as client:
        address = Caller(client).open(CSV)
        folder = Path(app.state.data.uploads.get(address.rsplit("/", 1)[1]).folder.name)
        assert folder.exists()
    assert not folder.exists()


def test_a_caller_sends_one_file_at_a_time():
    uploads = data_uploads.Uploads(1_000)

    def send_two() -> None:
        with uploads.receiving("ann") as receiver:
            receiver.begin("a.csv")
            with uploads.receiving("ben") as other:
                other.begin("b.csv")
            with uploads.receiving("ann"):
                pass

    with pytest.raises(ConflictError, match="another file is still being uploaded"):
        send_two()
    assert len(uploads) == 1
    uploads.close()


def test_a_caller_can_send_again_after_the_disk_was_full(monkeypatch):
    def full() -> None:
        raise OSError(28, "No space left on device")

    uploads = data_uploads.Uploads(1_000)
    with monkeypatch.context() as disk:
        disk.setattr(data_uploads, "TemporaryFolder", full)
        with pytest.raises(OSError, match="No space left"), uploads.receiving("ann"):
            pass
    with uploads.receiving("ann") as receiver:
        receiver.begin("a.csv")
    assert len(uploads) == 1
    uploads.close()


def test_no_other_caller_waits_for_the_disk_and_the_page_of_an_upload(caller, monkeypatch):
    in_the_loop = []

    def noted(what):
        def call(*arguments, **options):
            with suppress(RuntimeError):  # there is no loop in this thread, and so nobody waits
                in_the_loop.append((what, asyncio.get_running_loop()))
            return what(*arguments, **options)

        return call

    folder, page = data_uploads.TemporaryFolder, routes.list_page
    monkeypatch.setattr(data_uploads, "TemporaryFolder", noted(folder))
    monkeypatch.setattr(folder, "cleanup", noted(folder.cleanup))
    monkeypatch.setattr(routes, "list_page", noted(page))
    assert caller.send(CSV).status_code == 303
    assert caller.send(CSV, token="wrong").status_code == 403
    assert in_the_loop == []


def test_choices_that_change_during_a_preview_are_previewed_anew(caller, monkeypatch):
    service = caller.client.app.state.data
    upload = service.uploads.get(caller.open(CSV).rsplit("/", 1)[1])
    others = {**service.values(upload), "source": "fire"}
    choosing = threading.Thread(target=service.choose, args=(upload, others))

    def slow_preview(_store, _facts, _path, values, **_files) -> Preview:
        if not choosing.ident:
            choosing.start()
            choosing.join(0.2)
        return Preview(lines=(values["source"],))

    monkeypatch.setattr("api.data.service.preview", slow_preview)
    assert service.preview(upload).lines == ("council",)
    choosing.join()
    assert service.preview(upload).lines == ("fire",)


def test_an_import_is_of_its_own_forms_choices_whatever_another_window_chooses(caller, monkeypatch):
    service = caller.client.app.state.data
    upload = service.uploads.get(caller.open(CSV).rsplit("/", 1)[1])
    here, there = ({**service.values(upload), "source": name} for name in ("council", "fire"))
    refused, choose = [], service.choose

    def choose_there() -> None:
        with pytest.raises(ConflictError) as refusal:
            choose(upload, there)
        refused.append(str(refusal.value))

    other = threading.Thread(target=choose_there)

    def choose_here(*choices: object) -> None:
        choose(*choices)
        other.start()
        other.join(0.2)

    monkeypatch.setattr(service, "choose", choose_here)
    with service.queue._one:
        assert service.begin(upload, here)
        other.join()
        assert upload.values["source"] == "council"
    assert refused == ["this file is being imported; wait until it is done"]
    assert upload.job.over.wait(120)


def test_a_store_that_can_only_be_read_says_so_and_takes_nothing(caller, monkeypatch):
    monkeypatch.setattr(type(caller.client.app.state.data.store), "is_read_only", True)
    text = page_text(caller.client.get("/data"))
    assert "This store can only be read, so nothing can be imported" in text
    assert "Choose a file" not in text
    assert "Undo" not in text.replace("Undone", "")
    token = caller.client.app.state.data.token
    response = caller.send(CSV, token=token)
    assert response.status_code == 503
    assert "This store can only be read" in page_text(response)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\ann\cases.csv", "cases.csv"),
        ("..", None),
        ("a\0b\r\n.csv", "ab.csv"),
        (".hidden.csv", "hidden.csv"),
        ("x" * 400 + ".csv", "x" * 117 + ".csv"),
        ("Llanrhaeadr-ym-Mochnant ŵ.csv", "Llanrhaeadr-ym-Mochnant ŵ.csv"),
    ],
)
def test_a_file_is_stored_under_the_last_part_of_its_name(name, stored):
    if stored is None:
        with pytest.raises(InputError, match="no file was chosen"):
            data_uploads.file_name(name)
    else:
        assert data_uploads.file_name(name) == stored


def test_only_parts_of_one_thing_are_sent_together(caller):
    response = caller.send(CSV, ("other.csv", b"a,b\n1,2\n"))
    assert response.status_code == 400
    assert "Choose one file at a time" in page_text(response)
    assert "Two files are named cases.csv" in page_text(caller.send(CSV, CSV))


def test_imports_wait_for_each_other(caller):
    service = caller.client.app.state.data
    addresses = [caller.open((f"{n}.csv", CASES_CSV.encode())) for n in "ab"]
    with service.queue._one:
        for address in addresses:
            text = page_text(caller.choose(address, "import"))
            assert "Waiting for another import" in text
            progress = caller.client.get(f"{address}/progress").json()
            assert progress == {"state": "waiting", "rows": 0, "percent": None}
            assert caller.client.get("/healthz").status_code == 200
            assert (
                caller.client.post(
                    address, data={"token": caller.token(), "action": "check"}
                ).status_code
                == 409
            )
    for address in addresses:
        caller.finished(address)
        assert caller.client.get(f"{address}/progress").json()["state"] in ("done", "failed")
