"""Who asks: one visitor is one network, and a proxy that nobody told us of is noticed and said."""

import pytest
from flask import Flask

from campaign.clients import client_address, is_behind_an_unknown_proxy, network_of
from tests.visitor import Visitor


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        (' "192.0.2.1" ', "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::", "2001:db8::/64"),
        ("[2001:db8::9]:443", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", ""),
        ("127.8.9.10", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("a stranger", "unknown"),
        ("999.1.1.1", "unknown"),
    ],
)
def test_one_visitor_is_one_network(client: str, network: str) -> None:
    assert network_of(client) == network


@pytest.mark.parametrize(
    ("peer", "said", "counted", "is_unknown_proxy"),
    [
        ("127.0.0.1", {}, "127.0.0.1", False),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, "192.0.2.1", True),
        ("::1", {"X-Forwarded-For": "192.0.2.9, 192.0.2.1"}, "192.0.2.1", True),
        ("::ffff:127.0.0.1", {"X-Real-IP": "192.0.2.1"}, "192.0.2.1", True),
        ("10.0.0.2", {"X-Forwarded-For": "2001:db8::1"}, "2001:db8::1", True),
        ("fd00::2", {"X-Forwarded-For": "192.0.2.1"}, "192.0.2.1", True),
        # What a stranger says of being this machine is not taken.
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, "unknown", True),
        ("127.0.0.1", {"X-Forwarded-For": ""}, "", True),
        ("127.0.0.1", {"X-Forwarded-For": "nonsense"}, "nonsense", True),
        # Neither is what anybody says who stands before no proxy of ours.
        ("93.184.215.14", {"X-Forwarded-For": "192.0.2.1"}, "93.184.215.14", False),
        ("2606:2800::1", {"X-Real-IP": "192.0.2.1"}, "2606:2800::1", False),
    ],
)
def test_behind_a_proxy_nobody_told_us_of_visitors_are_told_apart(
    app: Flask, peer: str, said: dict[str, str], counted: str, is_unknown_proxy: bool
) -> None:
    with app.test_request_context("/", headers=said, environ_base={"REMOTE_ADDR": peer}):
        assert is_behind_an_unknown_proxy() == is_unknown_proxy
        assert client_address() == counted


def test_a_proxy_that_the_settings_know_is_none_of_these(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "TRUSTED_PROXIES", 1)
    said = {"X-Forwarded-For": "192.0.2.1"}

    with app.test_request_context("/", headers=said, environ_base={"REMOTE_ADDR": "10.0.0.1"}):
        assert not is_behind_an_unknown_proxy()
        assert client_address() == "10.0.0.1"


def test_a_forgotten_proxy_is_told_on_the_desk_and_once_in_the_log(
    app: Flask, organiser: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    app.extensions.pop("clients.proxy_seen", None)
    said = {"X-Forwarded-For": "192.0.2.1"}

    without = organiser.client.get("/office/")
    desks = [organiser.client.get("/office/", headers=said) for _ in range(2)]

    assert "TRUSTED_PROXIES" not in without.text
    assert all("set TRUSTED_PROXIES" in desk.text for desk in desks)
    log = capsys.readouterr().err
    assert log.count("proxy.unknown") == 1
    assert "192.0.2.1" not in log


def test_behind_a_forgotten_proxy_each_visitor_is_capped_and_no_other_with_them(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "CLIENT_CAP", 2)

    def subscribe(number: int, client: str) -> int:
        form = visitor.open("/newsletter").text.partition('name="csrf_token"')[2]
        token = form.partition('value="')[2].partition('"')[0]
        typed = {"email": f"a{number}@example.org", "name": "", "csrf_token": token}
        said = {"X-Forwarded-For": client}
        return visitor.client.post("/newsletter/subscribe", data=typed, headers=said).status_code

    statuses = [subscribe(n, "192.0.2.1") for n in range(3)] + [subscribe(9, "192.0.2.2")]

    assert statuses == [303, 303, 429, 303]
