"""The local mailbox: who may read it, and what is no mail."""

import pytest
from flask import Flask

from tests.visitor import Visitor

HERE = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def _tried_out(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "BASE_URL", HERE)


def test_the_mailbox_of_a_site_that_is_reached_from_elsewhere_is_not_shown(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "BASE_URL", "https://campaign.example")

    answer = visitor.client.get("/mailbox", base_url=HERE)

    assert answer.status_code == 404


@pytest.mark.parametrize("key", ["..", "a b", "é", "a" * 101, "a" * 3000])
def test_what_is_no_mail_of_the_mailbox_is_not_found(visitor: Visitor, key: str) -> None:
    for form in ("", "/html", "/raw"):
        answer = visitor.client.get(f"/mailbox/{key}{form}", base_url=HERE)

        assert answer.status_code == 404


def test_the_mailbox_is_read_on_this_machine(visitor: Visitor) -> None:
    answer = visitor.client.get("/mailbox", base_url=HERE)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "header", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"]
)
def test_the_mailbox_is_not_shown_through_a_proxy(visitor: Visitor, header: str) -> None:
    answer = visitor.client.get("/mailbox", base_url=HERE, headers={header: "192.0.2.1"})

    assert answer.status_code == 404


def test_the_mailbox_is_not_shown_once_a_mail_server_is_set(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_SERVER", "relay.example")

    answer = visitor.client.get("/mailbox", base_url=HERE)

    assert answer.status_code == 404
