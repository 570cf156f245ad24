"""What tests of letters may ask for: the starter's world, and a supporter's way through it."""

import re
from collections.abc import Callable
from importlib.resources import files

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.letters import verbs
from campaign.outbox.models import Message
from campaign.summits import verbs as summits
from tests.visitor import Visitor

OWN_WORDS = "I teach physics in Leeds, and my pupils ask me what will become of them."
WRITER = {"name": "Ada Example", "email": "ada@example.org", "own_words": OWN_WORDS}


@pytest.fixture
def world(app: Flask) -> Flask:
    """Give the application with the starter's summits, posts and templates."""
    with app.app_context():
        summits.load_starter(files("campaign.starter"), now=clock.now())
        verbs.load_starter(files("campaign.starter"), now=clock.now())
        db.session.commit()
    return app


@pytest.fixture
def asked(world: Flask, visitor: Visitor, queued: Callable[..., list[Message]]) -> dict[str, str]:
    """Give the links of the mail that asks a supporter to confirm a letter to GB."""
    visitor.send("/write/gb", **WRITER)
    return links(queued("letter-confirmation")[-1])


def links(message: Message) -> dict[str, str]:
    """Find the links of a mail by what they are for."""
    found = re.findall(r"https://campaign\.example/write/(confirm|not-me)/\S+", message.text)
    whole = re.findall(r"https://campaign\.example/write/\S+", message.text)
    return dict(zip(found, whole, strict=True))
