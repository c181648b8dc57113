"""The samples of the guide on running a service, given to the programs that they are for."""

from __future__ import annotations

import os
import re
import shutil
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from api.access_settings import AccessSettings
from api.help.guide import FOLDER
from api.load.metrics import Metrics, as_text
from tests.command_lines import check_command_line
from tests.services import free_port

PAGE = (FOLDER / "running.md").read_text(encoding="utf-8")
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def sample(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return text


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = str(self.headers).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self) -> str:
        return "a socket"

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def echoing(path: Path) -> Iterator[None]:
    """Answer with the headers that arrive, in the place of the service."""
    with socketserver.ThreadingUnixStreamServer(str(path), _Echo) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate, and the paths and ports of samples put there."""
    made = tmp_path_factory.mktemp("web")
    if not shutil.which("openssl"):
        pytest.skip("install openssl to run this")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(made / "key.pem"), "-out", str(made / "chain.pem")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return made


def localised(text: str, folder: Path) -> str:
    moved = text.replace("/etc/ssl/patchmap", str(folder)).replace("/run/patchmap", str(folder))
    return moved.replace("patchmap.council.example", "localhost")


def through(command: Sequence[str], port: int, folder: Path) -> str:
    """What arrives of a request with a forged address, through a web server."""
    context = ssl.create_default_context(cafile=str(folder / "chain.pem"))
    request = urllib.request.Request(
        f"https://localhost:{port}/x", headers={"X-Forwarded-For": "6.6.6.6"}
    )
    environment = {**os.environ, "HOME": str(folder)}
    with (
        echoing(folder / "patchmap.sock"),
        subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server,
    ):
        try:
            end = time.monotonic() + 120
            while True:
                try:
                    with urllib.request.urlopen(request, context=context, timeout=5) as answer:
                        return answer.read().decode().lower()
                except OSError:
                    assert time.monotonic() < end
                    time.sleep(0.05)
        finally:
            server.terminate()
            (folder / "patchmap.sock").unlink(missing_ok=True)


def test_nginx_passes_on_the_callers_own_address(folder: Path) -> None:
    if not Path(NGINX).exists():
        pytest.skip("install nginx-light to run this")
    port = free_port()
    site = localised(sample("nginx"), folder).replace("listen 443", f"listen 127.0.0.1:{port}")
    user = "user root;" if os.geteuid() == 0 else ""
    paths = " ".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; {user}\nevents {{}}\n"
        f"http {{ access_log off; {paths}\n{site} }}"
    )
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    arrived = through(command, port, folder)
    assert "x-forwarded-for: 127.0.0.1\n" in arrived
    assert "6.6.6.6" not in arrived
    assert "host: localhost" in arrived


def test_caddy_passes_on_the_callers_own_address(folder: Path) -> None:
    if not (caddy := shutil.which("caddy")):
        pytest.skip("install caddy to run this")
    port = free_port()
    text = localised(sample("caddy"), folder).replace("localhost {", f"localhost:{port} {{")
    options = "{\n admin off\n auto_https disable_redirects\n skip_install_trust\n}\n"
    (folder / "Caddyfile").write_text(options + text)
    command = [caddy, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    arrived = through(command, port, folder)
    assert "x-forwarded-for: 127.0.0.1\n" in arrived
    assert "6.6.6.6" not in arrived


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = sample("ini")
    for line in re.findall(r"^ExecStart(?:Pre)?=(.+)$", unit, re.MULTILINE):
        check_command_line(line.removeprefix("/opt/patchmap/bin/"))
    if not shutil.which("systemd-analyze"):
        pytest.skip("install systemd to run this")
    own = str(Path(sys.executable).parent / "patchmap")
    known = unit.replace("/opt/patchmap/bin/patchmap", own)
    known = known.replace("User=patchmap", "User=root").replace("Group=patchmap", "Group=root")
    file = tmp_path / "patchmap-sample.service"
    file.write_text(known)
    command = ["systemd-analyze", "verify", "--man=no", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "patchmap" in line]
    assert (done.returncode, said) == (0, [])


def test_the_settings_are_such_as_serve_takes() -> None:
    (block,) = re.findall(r"^```\n(PATCHMAP_ACCESS=.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    settings = AccessSettings.read(dict(line.split("=", 1) for line in block.splitlines()))
    assert (settings.way, settings.is_secure) == ("accounts", True)
    (job,) = yaml.safe_load(sample("yaml"))["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["patchmap.council.example"]}]
    for name in re.findall(r"`(patchmap_\w+)`", PAGE):
        assert name in METRICS


METRICS = (Path(__file__).parents[3] / "api/operations/page.py").read_text() + as_text(
    Metrics().families()
)
