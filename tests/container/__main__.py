"""Carries out the Dockerfile where no Docker is to be had: each stage in a Debian of its own.

`python -m tests.container [--host-file PATH]…`, as root and with debootstrap: host files
(certificates, settings of package clients) are seen inside too. At the end the container's command
serves, and its health check is run beside it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.container.dockerfile import Instruction, Stage, read_dockerfile

ROOT = Path(__file__).parents[2]
PACKAGES = "ca-certificates,python3,python3-venv"
"""What an image of Python holds besides a bare Debian, by Debian's names."""

STARTS_IN_S = 120.0


class Stopped(SystemExit):
    """A step failed."""


class Container:
    """A copy of a Debian in which a stage is carried out."""

    def __init__(self, folder: Path, base: Path, host_files: list[Path]) -> None:
        self.folder, self._host_files = folder, host_files
        subprocess.run(["cp", "-ax", "--reflink=auto", base, folder], check=True)
        self.workdir, self.user, self.environment = "/", "root", {"PATH": os.environ["PATH"]}

    def command(self, words: list[str]) -> list[str]:
        """The words as a command of this machine that runs inside, as the stage's user."""
        # Mounts that end with the command, so that nothing stays behind whatever happens.
        mounts = [f"mount --bind /dev {self.folder}/dev", f"mount -t proc proc {self.folder}/proc"]
        for path in self._host_files:
            inside = Path(f"{self.folder}{path}")
            inside.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                inside.mkdir(exist_ok=True)
            else:
                inside.touch()
            mounts.append(f"mount --bind {path} {inside}")
        switch = [] if self.user == "root" else ["setpriv", *self._ids()]
        inner = ["chroot", str(self.folder), "/usr/bin/env", "-C", self.workdir, *switch, *words]
        script = " && ".join([*mounts, f"exec {shlex.join(inner)}"])
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]

    def run(self, words: list[str], *, seconds: float = 1_800) -> None:
        """Run a command inside."""
        environment = {**self._passed(), **self.environment}
        done = subprocess.run(self.command(words), env=environment, timeout=seconds, check=False)
        if done.returncode:
            raise Stopped(f"failed with {done.returncode}: {shlex.join(words)}")

    def _ids(self) -> list[str]:
        line = next(
            line
            for line in (self.folder / "etc/passwd").read_text().splitlines()
            if line.startswith(f"{self.user}:")
        )
        _, _, user, group, *_ = line.split(":")
        return [f"--reuid={user}", f"--regid={group}", "--clear-groups", "--no-new-privs"]

    def _passed(self) -> dict[str, str]:
        """The settings that package clients of this machine need."""
        names = [name for name in os.environ if name.startswith("PIP_") or "CERT" in name]
        return {name: os.environ[name] for name in names if name != "PIP_FIND_LINKS"}


def carry_out(stage: Stage, container: Container, built: dict[str, Container]) -> None:
    """Carry out the instructions of a stage."""
    for step in stage.instructions:
        print(f"{step.word} {step.text[:110]}", flush=True)  # noqa: T201 - a report
        began = time.monotonic()
        _carry_out(step, stage, container, built)
        if time.monotonic() - began > 1:
            print(f"  {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201 - a report


def _carry_out(
    step: Instruction, stage: Stage, container: Container, built: dict[str, Container]
) -> None:
    if step.word == "RUN":
        container.run(["sh", "-c", step.text])
    elif step.word == "COPY":
        source = step.option("from")
        _copy(step, built[source].folder if source else ROOT, container)
    elif step.word == "WORKDIR":
        container.workdir = step.text
        (container.folder / step.text[1:]).mkdir(parents=True, exist_ok=True)
    elif step.word == "ENV":
        before = container.environment["PATH"]
        container.environment |= {
            name: value.replace("$PATH", before) for name, value in stage.environment.items()
        }
    elif step.word == "USER":
        container.user = step.text
    elif step.word not in {"VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD", "STOPSIGNAL"}:
        raise Stopped(f"unknown instruction {step.word}")


def _copy(step: Instruction, source: Path, container: Container) -> None:
    *names, target = step.arguments
    place = Path(container.workdir, target)
    for name in names:
        path = source / name.lstrip("/")
        inside = container.folder / str(place)[1:]
        if path.is_dir():
            ignored = shutil.ignore_patterns("node_modules", "__pycache__")
            shutil.copytree(
                path,
                inside,
                dirs_exist_ok=True,
                symlinks=True,
                ignore=(None if step.option("from") else ignored),
            )
        else:
            into = inside if target.endswith("/") else inside.parent
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, into / path.name if target.endswith("/") else inside)


def serve_and_check(stage: Stage, container: Container) -> None:
    """Start what the container starts, and wait until its health check passes."""
    words = [
        word
        for name in ("ENTRYPOINT", "CMD")
        for one in stage.instructions
        if one.word == name
        for word in one.arguments
    ]
    (check,) = stage.texts("HEALTHCHECK")
    checking = Instruction("CMD", check.partition("CMD ")[2]).arguments
    print(f"$ {shlex.join(words)}", flush=True)  # noqa: T201 - a report
    with subprocess.Popen(
        container.command(words), env=container.environment, stdout=sys.stdout
    ) as service:
        try:
            _wait(container, checking, service)
        finally:
            service.terminate()
            service.wait(timeout=60)


def _wait(container: Container, words: list[str], service: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTS_IN_S
    while time.monotonic() < end and service.poll() is None:
        with suppress(Stopped):
            container.run(words, seconds=20)
            print("healthy", flush=True)  # noqa: T201 - a report
            return
        time.sleep(2)
    raise Stopped("never healthy")


def make_base(folder: Path) -> None:
    """Make what stands for the image of Python."""
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host-file", type=Path, action="append", default=[])
    options = parser.parse_args()
    built: dict[str, Container] = {}
    with tempfile.TemporaryDirectory(prefix="container-") as name:
        base = Path(name) / "base"
        make_base(base)
        for number, stage in enumerate(read_dockerfile(ROOT / "Dockerfile")):
            print(f"FROM {stage.image} (here Debian's own Python)", flush=True)  # noqa: T201
            folder = Path(name) / (stage.name or str(number))
            container = Container(folder, base, options.host_file)
            carry_out(stage, container, built)
            built[stage.name or str(number)] = container
        serve_and_check(stage, container)


if __name__ == "__main__":
    main()
