"""The Dockerfile and compose.yaml, as far as they can be checked without Docker.

`python -m tests.container` carries the Dockerfile out.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.access_settings import AccessSettings
from api.commands.place import Place
from api.settings import Settings
from geo.store.postgis.server import database_name
from tests.command_lines import check_command_line
from tests.container.dockerfile import Instruction, read_dockerfile

ROOT = Path(__file__).parents[2]
BUILD, IMAGE = read_dockerfile(ROOT / "Dockerfile")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of compose.yaml, with values for what it asks for."""
    text = (ROOT / "compose.yaml").read_text()
    values = {"PATCHMAP_HOST": "patchmap.example", "PATCHMAP_DATABASE_PASSWORD": "hunter2"}
    values["PATCHMAP_TLS"] = "internal"
    text = re.sub(r"(?<!\$)\$\{(\w+)(?::[^}]*)?\}", lambda m: values.get(m[1], "2"), text)
    parts: dict[str, Any] = yaml.safe_load(text.replace("$$", "$"))
    return parts


def test_an_image_is_built_on_the_python_that_is_tested() -> None:
    assert BUILD.image == IMAGE.image == "python:3.11-slim-bookworm"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["requires-python"] == ">=3.11"
    assert "python-version 3.11" in (ROOT / "Makefile").read_text()


def test_what_an_image_is_made_of_is_there_and_nothing_is_installed_unchecked() -> None:
    copied = [one for one in BUILD.instructions if one.word == "COPY"]
    names = [name for one in copied for name in one.arguments[:-1]]
    assert [name for name in names if not (ROOT / name).exists()] == []
    code = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
            "root_packages"
        ]
    )
    assert code <= set(names)
    installs = re.findall(r"pip install ([^&]+)", " ".join(BUILD.texts("RUN")))
    assert len(installs) == 4
    assert all(re.search("--require-hashes|--no-index --no-deps", text) for text in installs)


def test_a_container_runs_as_nobody_in_particular_with_one_volume() -> None:
    assert IMAGE.texts("USER") == ["patchmap"]
    (volume,) = IMAGE.texts("VOLUME")
    assert IMAGE.environment["PATCHMAP_STORE"].startswith(f"{volume}/")
    assert Settings.read(IMAGE.environment).data_folder.is_relative_to(volume)
    assert "0700 /data" in IMAGE.texts("RUN")[0]
    (port,) = IMAGE.texts("EXPOSE")
    (check,) = IMAGE.texts("HEALTHCHECK")
    assert f"http://127.0.0.1:{port}/healthz" in check
    assert port == str(Place().port)
    (command,) = [one for one in IMAGE.instructions if one.word == "CMD"]
    check_command_line(shlex.join(["patchmap", *command.arguments]))


def test_the_service_of_compose_starts_with_its_settings_and_command(
    services: dict[str, Any],
) -> None:
    service = services["services"]["patchmap"]
    check_command_line(shlex.join(["patchmap", *service["command"]]))
    access = AccessSettings.read(service["environment"])
    options = dict(zip(service["command"][1::2], service["command"][2::2], strict=True))
    checked = Place(path=Path(options["--socket"])).checked(access)
    assert (checked.way, checked.is_secure, checked.on_socket) == ("accounts", True, True)
    assert database_name(service["environment"]["PATCHMAP_STORE"]) == "patchmap"
    assert options["--socket"] in str(service["healthcheck"]["test"])
    assert service["network_mode"] == "none"


def test_volumes_of_compose_meet_where_they_should(services: dict[str, Any]) -> None:
    mounted = {
        name: dict(part.split(":")[:2] for part in service["volumes"])
        for name, service in services["services"].items()
    }
    named = {source for volumes in mounted.values() for source in volumes if source[0] != "."}
    assert named == set(services["volumes"])
    assert mounted["patchmap"]["web"] == mounted["caddy"]["web"] == "/run/patchmap"
    assert mounted["patchmap"]["data"] == IMAGE.texts("VOLUME")[0]
    assert [name for name, one in services["services"].items() if "ports" in one] == ["caddy"]


def test_caddy_takes_the_file_of_compose(services: dict[str, Any], tmp_path: Path) -> None:
    if not (caddy := shutil.which("caddy")):
        pytest.skip("caddy is not installed")
    file = tmp_path / "Caddyfile"
    file.write_text(services["configs"]["caddyfile"]["content"])
    environment = {**os.environ, **services["services"]["caddy"]["environment"]}
    command = [caddy, "adapt", "--config", str(file), "--adapter", "caddyfile"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    adapted = json.dumps(json.loads(done.stdout))
    assert '"dial": "unix//run/patchmap/patchmap.sock"' in adapted
    assert '"host": ["patchmap.example"]' in adapted


def test_instructions_are_read_as_docker_reads_them(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "# first\nFROM a AS b\nENV X=1 \\\n    Y=2\n\n"
        'FROM c\nCOPY --from=b /d /e\nCMD ["f", "g h"]\n'
    )
    first, last = read_dockerfile(tmp_path / "Dockerfile")
    assert (first.image, first.name, first.environment) == ("a", "b", {"X": "1", "Y": "2"})
    copy, command = last.instructions
    assert (copy.option("from"), copy.arguments) == ("b", ["/d", "/e"])
    assert command == Instruction("CMD", '["f", "g h"]')
    assert command.arguments == ["f", "g h"]
