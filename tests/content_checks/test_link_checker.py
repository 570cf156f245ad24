"""The link checker: how our own pages are opened, and how other sites are asked."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest
from flask import Flask

from campaign.content_checks import link_checker
from campaign.content_checks.link_checker import (
    Status,
    check,
    check_others,
    check_ours,
    is_public,
)


def test_our_own_links_are_opened_as_a_stranger_would(app: Flask) -> None:
    paths = ["/newsletter", "/newsletter/nothing-here", "/office/newsletter", "/events/nowhere"]
    with app.app_context():
        heard = {answer.address: answer.status for answer in check_ours(app, paths)}

    assert heard == {
        "/newsletter": Status.FINE,
        "/newsletter/nothing-here": Status.GONE,
        "/office/newsletter": Status.OFFICE,
        "/events/nowhere": Status.GONE,
    }


def test_thousands_of_own_pages_are_not_all_opened(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_checker, "OWN_TIMEOUT", 0.05)

    with app.app_context():
        heard = link_checker.check_ours(app, [f"/nowhere-{n}" for n in range(2000)])

    assert len(heard) == 2000
    assert heard[0].is_grave
    assert "too many" in str(heard[-1].sentence)


class _Site(BaseHTTPRequestHandler):
    """A site on which pages are there, gone, shy, moved, or slow to answer."""

    def do_HEAD(self) -> None:
        status = {"/fine": 200, "/gone": 404, "/shy": 403, "/no-heads": 405}.get(self.path, 302)
        if self.path == "/drips":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            with suppress(OSError):
                while not self.server.slowly.wait(0.1):  # type: ignore[attr-defined]
                    self.wfile.write(b"X: a\r\n")
            return
        if self.path == "/slow":
            self.server.slowly.wait(5)  # type: ignore[attr-defined]
        self.send_response(status)
        if status == 302:
            to = {"/inside": "http://10.0.0.1/", "/round": "/round"}.get(self.path, "/fine")
            self.send_header("Location", to)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response({"/gone": 404, "/shy": 403}.get(self.path, 200))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """Give the address of a site on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.slowly = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.slowly.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def only_this_machine(number: link_checker.IpAddress, port: int) -> bool:
    return number.is_loopback


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fine", Status.FINE),
        ("/moved", Status.FINE),
        ("/no-heads", Status.FINE),
        ("/gone", Status.GONE),
        ("/shy", Status.UNKNOWN),
        ("/round", Status.TROUBLE),
        ("/inside", Status.NOT_OURS),
    ],
)
def test_another_site_is_asked(site: str, path: str, status: Status) -> None:
    assert check(site + path, may_ask=only_this_machine).status == status


def test_a_site_that_is_slow_or_gone_holds_nobody_up(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_checker, "TIMEOUT", 0.3)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"

    asked = [f"{site}/slow", closed, f"{site}/fine", "http://[", "ftp://x.example/"]
    began = time.monotonic()
    assert check(f"{site}/drips", may_ask=only_this_machine).status == Status.SILENT
    assert time.monotonic() - began < 3
    heard = check_others(asked, may_ask=only_this_machine)

    assert [answer.status for answer in heard] == [
        Status.SILENT,
        Status.SILENT,
        Status.FINE,
        Status.TROUBLE,
        Status.TROUBLE,
    ]


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1",
        "2002:7f00:1::", "::",
        # Kept for protocols, examples, translation and what is no more (IANA's two registries).
        "192.0.0.9", "192.0.0.170", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "240.0.0.1", "255.255.255.255",
        "::7f00:1", "::a00:1", "::ffff:0:7f00:1", "::ffff:10.1.2.3", "::ffff:93.184.215.14",
        "64:ff9b::7f00:1", "64:ff9b::5db8:d70e", "64:ff9b:1::a00:1", "64:ff9b:1:ffff::1", "100::1",
        "100:0:0:1::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1",
        "2001:30::1", "2001:1::1", "2001:4:112::1", "2001:db8::1", "2002:a00:1::1",
        "2002:5db8:d70e::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fdff::1",
        "fec0::1", "feff::1", "ff02::1", "ff0e::1", "4000::1", "1fff::1", "e000::1",
    ],
)  # fmt: skip
def test_no_number_within_our_network_is_ever_asked(number: str) -> None:
    host = f"[{number}]" if ":" in number else number

    assert not is_public(ip_address(number), 80)
    assert check(f"http://{host}/").status == Status.NOT_OURS


def test_a_name_that_comes_to_stand_for_another_number_is_asked_at_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    # The name's own server gives a public number first, and one of ours from then on.
    numbers = iter(["93.184.215.14"] + ["127.0.0.1"] * 9)

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (next(numbers), port))]

    def connect(address: tuple[str, int], **_: Any) -> socket.socket:
        asked.append(address)
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)

    first = check("http://rebinding.example/")
    later = check("http://rebinding.example/")

    assert first.status == Status.SILENT
    assert later.status == Status.NOT_OURS
    assert asked == [("93.184.215.14", 80)]


def test_public_numbers_are_asked_at_the_ports_of_the_web_alone() -> None:
    assert is_public(ip_address("93.184.215.14"), 443)
    assert is_public(ip_address("2606:2800:21f::1"), 80)
    assert not is_public(ip_address("93.184.215.14"), 25)
