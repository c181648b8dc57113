"""A caller of the page for importing, as a browser without scripts is one."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

CASES_CSV = """Ref,When,Easting,Northing,Type
1,16/03/2024 22:00,436101,337500,Noise
2,17/03/2042 22:00,436102,337500,Noise
3,18/03/2024 01:30,436103,337500,Noise
"""
"""Three incidents in ward A of the town, one of them in the future."""


def page_text(response: Response) -> str:
    """What a page says, without its marks."""
    main = response.text.partition("<main")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main)))


@dataclass
class Caller:
    """Sends forms as the page does."""

    client: TestClient

    def token(self) -> str:
        """The token of the page's own forms."""
        found = re.search(r'name="token" value="([^"]+)"', self.client.get("/data").text)
        assert found
        return found[1]

    def send(
        self, *files: tuple[str, bytes], token: str | None = None, accept: str = "text/html"
    ) -> Response:
        """Send files; the answer leads to the page of the upload."""
        parts = [("token", None, (token or self.token()).encode())]
        parts += [("file", name, content) for name, content in files]
        body = b""
        for name, file, content in parts:
            named = "" if file is None else f'; filename="{file}"'
            head = f'--edge\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
            body += head.encode() + content + b"\r\n"
        return self.client.post(
            "/data/files",
            content=body + b"--edge--\r\n",
            headers={"content-type": "multipart/form-data; boundary=edge", "accept": accept},
        )

    def open(self, *files: tuple[str, bytes]) -> str:
        """Send files; the address of their page."""
        response = self.send(*files)
        assert response.status_code == 303, page_text(response)
        return str(response.headers["location"])

    def fields(self, address: str) -> dict[str, str]:
        """The form of a page as it is filled in."""
        text = self.client.get(address).text
        values = dict(re.findall(r'<input name="(\w+)" id="\w+" value="([^"]*)"', text))
        for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', text, re.DOTALL):
            chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
            values[name] = (chosen[1] or chosen[2]) if chosen else ""
        use = re.search(r'name="use" value="(\w+)" id="[\w-]+" checked', text)
        values |= {"token": self.token(), "use": use[1] if use else ""}
        return {name: html.unescape(value) for name, value in values.items()}

    def choose(self, address: str, action: str = "check", **changes: str) -> Response:
        """Send the form, with changes."""
        values = self.fields(address) | changes | {"action": action}
        response = self.client.post(address, data=values)
        return self.client.get(address) if response.status_code == 303 else response

    def finished(self, address: str) -> Response:
        """The page once the import is over."""
        job = self.client.app.state.data.uploads.get(address.rsplit("/", 1)[1]).job
        assert job is None or job.over.wait(120)
        return self.client.get(address)

    def undo(self, *changes: str) -> Response:
        """Undo what the list names so; the page after it."""
        values = {"token": self.token(), "change": list(changes)}
        response = self.client.post("/data/undo", data=values)
        if response.status_code != 303:
            return response
        return self.client.get(response.headers["location"])


@pytest.fixture
def caller(client: TestClient) -> Caller:
    return Caller(client)
