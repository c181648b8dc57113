"""For real: nginx with TLS, a prefix and a unix socket; TLS without it; GIS clients with a key.

Clients come from this machine, and from a network of their own that nothing but nginx joins to it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from owslib.ogcapi.features import Features
from owslib.util import Authentication

from api.identity.keys import Keys
from api.identity.moments import utc_now
from api.identity.roles import Role
from api.identity.users import User, Users
from geo.store.geopackage.records import RecordsFile
from tests.api.ogc.test_qgis import python_of_qgis
from tests.services import free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

pytestmark = [
    pytest.mark.skipif(not Path(NGINX).exists(), reason="install nginx-light to run these"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="install openssl to run these"),
]

# The cookie stands for a single sign-on, which would ask who somebody is.
_CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
{user}
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $cookie_sso $user {{ default ""; "ann" "Ann@Council.example"; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    location /maps/ {{
      proxy_pass http://unix:{folder}/patchmap.sock;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-User $user;
      proxy_set_header X-Forwarded-Groups "Analysts";
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Services:
    """A service behind nginx and one with a certificate of its own, on the same store."""

    behind: str
    direct: str
    certificate: str
    records: RecordsFile

    def key(self) -> tuple[str, str]:
        """The id and the secret of a new key."""
        analyst = User("ann@council.example", (Role.ANALYST,))
        key, secret = Keys(self.records).add("test", analyst)
        return key.key_id, secret

    def expired(self) -> str:
        """The secret of a key that was good for a day, two days ago."""
        analyst = User("ann@council.example", (Role.ANALYST,))
        before = Keys(self.records, lambda: utc_now() - timedelta(days=2))
        return before.add("old", analyst, "1d")[1]


@pytest.fixture(scope="module")
def services(made_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("nginx")
    store = shutil.copy(made_town, folder / "town.gpkg")
    _certify(folder)
    ports = free_port(), free_port()
    behind, direct = f"https://localhost:{ports[0]}/maps", f"https://localhost:{ports[1]}"
    user = "user root;" if os.geteuid() == 0 else ""
    text = _CONFIGURATION.format(folder=folder, port=ports[0], user=user)
    (folder / "nginx.conf").write_text(text)
    serve = [sys.executable, "-m", "api", "--store", str(store), "serve"]
    tls = ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    accounts = {"PATCHMAP_ACCESS": "accounts", "PATCHMAP_PUBLIC_URL": direct}
    proxy = {
        "PATCHMAP_ACCESS": "proxy",
        "PATCHMAP_PUBLIC_URL": behind,
        "PATCHMAP_PROXY_ROLES": "Analysts=analyst",
    }
    certificate = str(folder / "cert.pem")
    with ExitStack() as opened:
        own_socket = ["--socket", str(folder / "patchmap.sock")]
        opened.enter_context(_running([*serve, *own_socket], proxy))
        opened.enter_context(_running([*serve, *tls, "--port", str(ports[1])], accounts))
        nginx = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        opened.enter_context(_running(nginx, {}))
        _wait(f"{behind}/readyz", certificate)
        _wait(f"{direct}/readyz", certificate)
        records = opened.enter_context(closing(RecordsFile(Path(store))))
        yield Services(behind, direct, certificate, records)


@pytest.fixture(scope="module")
def elsewhere(services: Services) -> Iterator[list[str]]:
    """What runs a command in another network, whose nginx reaches the service by its socket."""
    own = subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], check=False)
    if own.returncode:
        pytest.skip("this machine gives no network namespaces")
    folder = Path(services.certificate).parent
    text = (folder / "nginx.conf").read_text().replace("nginx.pid", "elsewhere.pid")
    (folder / "elsewhere.conf").write_text(text)
    inside = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    nginx = [NGINX, "-p", str(folder), "-c", str(folder / "elsewhere.conf"), "-e", "stderr"]
    with _running([*inside, *nginx], {}) as process:
        until = time.monotonic() + 120
        while not (folder / "elsewhere.pid").exists():
            assert time.monotonic() < until, "nginx is not ready"
            time.sleep(0.1)
        yield ["nsenter", f"--net=/proc/{process.pid}/ns/net"]


def _certify(folder: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)


@contextmanager
def _running(
    command: Sequence[str], settings: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        yield process
        assert process.poll() is None, process.stderr.read().decode()[-2000:]
    finally:
        process.terminate()
        process.communicate(timeout=120)


def _wait(address: str, certificate: str) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            if requests.get(address, verify=certificate, timeout=30).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        assert time.monotonic() < until, f"{address} is not ready"
        time.sleep(0.2)


def get(services: Services, address: str, **more: object) -> requests.Response:
    headers = {"accept": "text/html", **more.pop("headers", {})}
    return requests.get(
        address,
        verify=services.certificate,
        timeout=120,
        allow_redirects=False,
        headers=headers,
        **more,
    )


def test_people_come_by_the_single_sign_on_and_below_the_prefix(services: Services) -> None:
    page = get(services, f"{services.behind}/planner", cookies={"sso": "ann"})
    assert page.status_code == 200
    assert 'href="/maps/static/page/base.css"' in page.text
    board = get(services, f"{services.behind}/", cookies={"sso": "ann"})
    assert board.status_code in (200, 303)
    assert get(services, f"{services.behind}/help").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Forwarded-User": "root", "X-Forwarded-Groups": "Analysts"},
        {"X_Forwarded_User": "root", "X-Patchmap-Proxy-Secret": "x"},
        {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    ],
)
def test_nobody_is_believed_who_only_says_so(services: Services, headers: dict[str, str]) -> None:
    assert get(services, f"{services.behind}/planner", headers=headers).status_code == 401
    redirected = get(services, f"{services.direct}/planner", headers=headers)
    assert redirected.status_code == 303
    assert redirected.headers["location"].startswith("/sign-in?next=")


def test_another_host_is_refused_and_no_link_is_made_of_it(services: Services) -> None:
    for base in (services.behind, services.direct):
        foreign = get(services, f"{base}/help", headers={"host": "evil.example"})
        assert foreign.status_code == 403
        forwarded = get(services, f"{base}/help/gis", headers={"x-forwarded-host": "evil.example"})
        assert "evil.example" not in forwarded.text
        assert f"{base}/ogc" in forwarded.text


@pytest.mark.parametrize("door", ["behind", "direct"])
def test_gis_clients_and_spreadsheets_come_with_a_key(
    services: Services, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `requests`, under OWSLib, prefers it to what its callers say.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", services.certificate)
    base = getattr(services, door)
    key_id, secret = services.key()
    _gdal(services, base, secret)
    auth = Authentication(username="any", password=secret, verify=services.certificate)
    client = Features(f"{base}/ogc/", auth=auth)
    assert len(client.collection_items("wards", limit=10)["features"]) == 2
    # As Power BI and Excel do: they ask without, and send the key once they are asked for it.
    table = f"{base}/ogc/collections/area-counts/items?f=csv&layer=wards"
    assert _challenged(services, table, secret).startswith("area_code,")
    assert get(services, table).status_code == 401
    Keys(services.records).revoke(key_id)
    for refused in (secret, services.expired()):
        assert get(services, table, auth=("any", refused)).status_code == 401
        with pytest.raises(AssertionError):
            _gdal(services, base, refused)


_CLIENTS = """
import sys
import requests
from owslib.ogcapi.features import Features
from owslib.util import Authentication

base, direct, secret, certificate = sys.argv[1:]
auth = Authentication(username="any", password=secret, verify=certificate)
print(len(Features(f"{base}/ogc/", auth=auth).collection_items("wards")["features"]), "wards")
table = f"{base}/ogc/collections/area-counts/items?f=csv&layer=wards"
print(requests.get(table, auth=("any", secret)).text.partition(",")[0].lstrip(chr(0xFEFF)))
print(requests.get(table).status_code)
try:
    print(requests.get(direct))
except requests.ConnectionError:
    print("out of reach")
"""


def test_gis_clients_come_from_another_network(services: Services, elsewhere: list[str]) -> None:
    key_id, secret = services.key()
    _gdal(services, services.behind, secret, before=elsewhere)
    command = [*elsewhere, sys.executable, "-c", _CLIENTS]
    done = subprocess.run(
        [*command, services.behind, services.direct, secret, services.certificate],
        env={**os.environ, "REQUESTS_CA_BUNDLE": services.certificate},
        capture_output=True,
        text=True,
        check=False,
    )
    # Nothing else of this machine is to be had there: it is another network.
    assert done.stdout.split("\n")[:-1] == ["2 wards", "area_code", "401", "out of reach"], done
    Keys(services.records).revoke(key_id)
    for refused in (secret, services.expired()):
        with pytest.raises(AssertionError):
            _gdal(services, services.behind, refused, before=elsewhere)


def test_qgis_comes_from_another_network_with_a_key(
    services: Services, elsewhere: list[str], tmp_path: Path
) -> None:
    if not python_of_qgis():
        pytest.skip("QGIS is not installed (Debian: python3-qgis)")
    (key_id, revoked), (_, secret) = services.key(), services.key()
    Keys(services.records).revoke(key_id)
    secrets = [secret, services.expired(), revoked]
    script = str(Path(__file__).parent / "scripts/qgis_with_key.py")
    address = f"{services.behind}/ogc"
    done = subprocess.run(
        [*elsewhere, python_of_qgis(), script, address, services.certificate, *secrets],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "QT_QPA_PLATFORM": "offscreen",
            "XDG_RUNTIME_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    unopened = {"wards": -1, "incidents": -1}
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts == [{"wards": 2, "incidents": 320}, unopened, unopened, unopened]


def _gdal(services: Services, base: str, secret: str, *, before: Sequence[str] = ()) -> None:
    done = subprocess.run(
        [*before, "ogrinfo", "-ro", "-so", f"OAPIF:{base}/ogc", "wards"],
        env={
            "PATH": os.environ["PATH"],
            "GDAL_HTTP_USERPWD": f"any:{secret}",
            "CURL_CA_BUNDLE": services.certificate,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Feature Count: 2" in done.stdout, done.stderr


def _challenged(services: Services, address: str, secret: str) -> str:
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, address, "any", secret)
    context = ssl.create_default_context(cafile=services.certificate)
    opener = urllib.request.build_opener(
        urllib.request.HTTPBasicAuthHandler(passwords),
        urllib.request.HTTPSHandler(context=context),
    )
    with opener.open(address, timeout=120) as response:
        return response.read().decode("utf-8-sig")


def test_a_user_signs_in_by_tls_and_plain_http_gets_nothing(services: Services) -> None:
    Users(services.records).add(
        User("sarah", (Role.ANALYST,)), password="purple kettle ladder", by="test"
    )
    browser = requests.Session()
    # Or `requests` would take the certificates that the environment names.
    browser.trust_env, browser.verify = False, services.certificate
    form = {"name": "sarah", "password": "purple kettle ladder", "next": "/keys"}
    done = browser.post(f"{services.direct}/sign-in", data=form, timeout=120)
    assert done.url == f"{services.direct}/keys"
    assert "My keys" in done.text
    [cookie] = browser.cookies
    assert (cookie.name, cookie.secure, cookie.path) == ("__Host-patchmap", True, "/")
    host, _, port = services.direct.removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port)), timeout=120) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"200" not in plain.recv(100)
