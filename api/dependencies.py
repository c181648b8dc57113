"""FastAPI dependencies: what a route can ask of the running application."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.answers import Answers
from api.settings import Settings

HTML = "text/html; charset=utf-8"


def answers_of(request: Request) -> Answers:
    """Return the answers about the store that the service runs on."""
    answers: Answers = request.app.state.answers
    return answers


def settings_of(request: Request) -> Settings:
    """Return the settings that the service was started with."""
    settings: Settings = request.app.state.settings
    return settings


AnswersDep = Annotated[Answers, Depends(answers_of)]
SettingsDep = Annotated[Settings, Depends(settings_of)]
