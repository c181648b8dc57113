"""Reads a Dockerfile: its stages, and the instructions of each."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction: its word, and what follows it."""

    word: str
    text: str

    @property
    def arguments(self) -> list[str]:
        """What follows, as a list: JSON, or words without options."""
        if self.text.startswith("["):
            words: list[str] = json.loads(self.text)
            return words
        return [word for word in shlex.split(self.text) if not word.startswith("--")]

    def option(self, name: str) -> str | None:
        """The value of `--name=…`."""
        match = re.search(rf"--{name}=(\S+)", self.text)
        return match[1] if match else None


@dataclass
class Stage:
    """What is built on one image."""

    image: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def texts(self, word: str) -> list[str]:
        """What follows each instruction of a word."""
        return [one.text for one in self.instructions if one.word == word]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets, `$PATH` of those before it left in."""
        pairs = [word for text in self.texts("ENV") for word in shlex.split(text)]
        return dict(pair.split("=", 1) for pair in pairs)


def read_dockerfile(path: Path) -> list[Stage]:
    """Read the stages of a Dockerfile."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    stages: list[Stage] = []
    for line in filter(str.strip, joined.splitlines()):
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            stages.append(Stage(image.strip(), name.strip()))
        else:
            stages[-1].instructions.append(Instruction(word, " ".join(rest.split())))
    return stages
