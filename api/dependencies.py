"""FastAPI dependencies: what a route can ask of the running application."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.answers import Answers
from api.identity.identity import identity_of
from api.identity.view import DataView
from api.settings import Settings

HTML = "text/html; charset=utf-8"


def answers_of(request: Request) -> Answers:
    """Return the answers about the store, made of what the caller may see of it."""
    answers: Answers = request.app.state.answers
    return answers.of(DataView.of(identity_of(request)))


def settings_of(request: Request) -> Settings:
    """Return the settings that the service was started with."""
    settings: Settings = request.app.state.settings
    return settings


# Coroutines: for a plain function FastAPI takes a thread, and then the route waits for another.
async def _answers(request: Request) -> Answers:
    return answers_of(request)


async def _settings(request: Request) -> Settings:
    return settings_of(request)


AnswersDep = Annotated[Answers, Depends(_answers)]
SettingsDep = Annotated[Settings, Depends(_settings)]
