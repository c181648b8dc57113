"""What routes need of the application that they are part of."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.answers import Answers
from api.settings import Settings

HTML = "text/html; charset=utf-8"


def answers_of(request: Request) -> Answers:
    """The answers about the service's store."""
    answers: Answers = request.app.state.answers
    return answers


def settings_of(request: Request) -> Settings:
    """The settings that the app was started with."""
    settings: Settings = request.app.state.settings
    return settings


Held = Annotated[Answers, Depends(answers_of)]
Set = Annotated[Settings, Depends(settings_of)]
