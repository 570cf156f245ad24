"""The link checker: whether pages are there, our own within, others' with care for our network.

Whoever writes a text may name any address, so it must not make us knock at doors that only we
can reach: a name is looked up once, every number it stands for must be public, and the connection
goes to that very number (server-side request forgery; DNS rebinding).
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from flask import Flask

from campaign.languages import lazy_gettext as _l

# So long one site may take, and all of them together; and so many are asked.
TIMEOUT, TOTAL_TIMEOUT, MOST = 4.0, 15.0, 40
# All of our own together.
OWN_TIMEOUT = 3.0
_AT_ONCE = 8
_HOPS = 4
# They keep programs out or ask them to wait: nothing is said about the page.
_KEEPS_PROGRAMS_OUT = {401, 402, 403, 406, 429, 451, 999}


class Status(StrEnum):
    """What an address turned out to be."""

    FINE = "fine"
    MOVED = "moved"
    GONE = "gone"
    OFFICE = "office"
    TROUBLE = "trouble"
    SILENT = "silent"
    UNKNOWN = "unknown"
    NOT_OURS = "not ours to ask"


@dataclass(frozen=True)
class CheckedLink:
    """A link and what was found where it leads, in a sentence."""

    address: str
    status: Status
    sentence: Any

    @property
    def is_grave(self) -> bool:
        """Tell whether readers would come to nothing."""
        return self.status in {Status.GONE, Status.OFFICE, Status.TROUBLE, Status.SILENT}


_FINE = _l("answers")
_GONE = _l("there is no such page")
_TROUBLE = _l("answers with an error")
_OFFICE = _l("is for organisers only")


def check_ours(app: Flask, paths: Iterable[str]) -> list[CheckedLink]:
    """Open pages of our own as a stranger would, without going through the network.

    As many as there is time for (`OWN_TIMEOUT`); of the others it says that they were not asked.
    """
    until = time.monotonic() + OWN_TIMEOUT
    with ThreadPoolExecutor(1) as pool:
        # In another thread: there no session, no user and no transaction of ours is at hand.
        return list(pool.map(lambda path: _own(app, path, until=until), paths))


def _own(app: Flask, path: str, *, until: float) -> CheckedLink:
    if time.monotonic() > until:
        return CheckedLink(
            path, Status.UNKNOWN, _l("was not opened: there are too many to try all")
        )
    at = path
    for _hop in range(_HOPS):
        try:
            with app.test_request_context(at, method="HEAD", base_url=app.config["BASE_URL"]):
                response = app.full_dispatch_request()
                status, location = response.status_code, response.headers.get("Location", "")
                response.close()
        except Exception:
            # Whatever it is, a reader would meet it too.
            return CheckedLink(path, Status.TROUBLE, _TROUBLE)
        if status not in {301, 302, 303, 307, 308}:
            break
        at = urljoin(at, location)
        if at.startswith("/office"):
            return CheckedLink(path, Status.OFFICE, _OFFICE)
        if not at.startswith("/"):
            break
    if status in {404, 410}:
        return CheckedLink(path, Status.GONE, _GONE)
    if status >= 400:
        return CheckedLink(path, Status.TROUBLE, _TROUBLE)
    return CheckedLink(path, Status.FINE, _FINE)


IpAddress = IPv4Address | IPv6Address


def is_public(number: IpAddress, port: int) -> bool:
    """Tell whether a number and port are a web server's of the public internet."""
    if port not in {80, 443}:
        return False
    if isinstance(number, IPv4Address):
        return number.is_global and not any(number in network for network in _RESERVED_4)
    # Only what is given to networks, and of that nothing that carries an IPv4 address or is kept
    # for protocols and examples: Python's own table differs from one version to the next.
    return number in _GIVEN_6 and not any(number in network for network in _RESERVED_6)


# IANA's special-purpose registries (RFC 6890): of `is_global` what is yet nobody's web server.
_RESERVED_4 = [
    ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4")
]
_GIVEN_6 = ip_network("2000::/3")
_RESERVED_6 = [
    ip_network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]

MayAsk = Callable[[IpAddress, int], bool]


def check_others(addresses: Iterable[str], *, may_ask: MayAsk = is_public) -> list[CheckedLink]:
    """Ask other sites, several at once, whether pages are there; who is too slow is left."""
    asked = list(dict.fromkeys(addresses))
    pool = ThreadPoolExecutor(_AT_ONCE)
    waiting = {address: pool.submit(check, address, may_ask=may_ask) for address in asked[:MOST]}
    wait(waiting.values(), timeout=TOTAL_TIMEOUT)
    # Those still looking for a name end by themselves.
    pool.shutdown(wait=False, cancel_futures=True)
    return [
        waiting[address].result()
        if address in waiting and waiting[address].done() and not waiting[address].cancelled()
        else CheckedLink(address, Status.SILENT, _l("did not answer in time"))
        for address in asked
    ]


def check(address: str, *, may_ask: MayAsk = is_public) -> CheckedLink:
    """Ask one address whether a page is there, following it where it has moved."""
    at = address
    try:
        for _hop in range(_HOPS):
            url = urlsplit(at)
            number = _resolve(url, may_ask)
            if number is None:
                return CheckedLink(address, Status.NOT_OURS, _l("is not on the public internet"))
            status, location = _head_or_get(url, number)
            if status not in {301, 302, 303, 307, 308} or not location:
                return _judged(address, at, status)
            at = urljoin(at, location)
    except (ValueError, UnicodeError, http.client.HTTPException):
        return CheckedLink(address, Status.TROUBLE, _l("is not an address one can open"))
    except socket.gaierror:
        return CheckedLink(address, Status.GONE, _l("there is no such site"))
    except ssl.SSLError:
        return CheckedLink(address, Status.TROUBLE, _l("its certificate is not right"))
    except TimeoutError:
        return CheckedLink(address, Status.SILENT, _l("did not answer in time"))
    except OSError:
        return CheckedLink(address, Status.SILENT, _l("cannot be reached"))
    return CheckedLink(
        address, Status.TROUBLE, _l("leads from one address to the next without end")
    )


def _judged(address: str, at: str, status: int) -> CheckedLink:
    if status in {404, 410}:
        return CheckedLink(address, Status.GONE, _GONE)
    if status in _KEEPS_PROGRAMS_OUT:
        return CheckedLink(address, Status.UNKNOWN, _l("lets no program look: open it yourself"))
    if status >= 400:
        return CheckedLink(address, Status.TROUBLE, _TROUBLE)
    if urlsplit(at).hostname != urlsplit(address).hostname:
        return CheckedLink(address, Status.MOVED, _l("answers, and leads on to %(at)s", at=at))
    return CheckedLink(address, Status.FINE, _FINE)


def _resolve(url: SplitResult, may_ask: MayAsk) -> str | None:
    """Look a name up; None where any of its numbers may not be asked."""
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError(url.scheme)
    port = _port_of(url)
    host = url.hostname.encode("idna").decode() if not url.hostname.isascii() else url.hostname
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not numbers or not all(may_ask(ip_address(number), port) for number in numbers):
        return None
    return numbers[0]


def _port_of(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _head_or_get(url: SplitResult, number: str) -> tuple[int, str]:
    """Ask for the head of a page, and where a site does not give heads for the page itself."""
    status, location = _request(url, number, "HEAD")
    if status >= 400 and status not in {401, 429}:
        status, location = _request(url, number, "GET")
    return status, location


def _request(url: SplitResult, number: str, method: str) -> tuple[int, str]:
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        connection = _PinnedTlsConnection(url.hostname or "", _port_of(url), number)
    else:
        connection = _PinnedConnection(url.hostname or "", _port_of(url), number)
    path = quote(url.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(url.query, safe='/%:@!$&()*+,;=~-._?')}" if url.query else ""
    # The connection's own patience begins anew with each byte.
    until = time.monotonic() + TIMEOUT
    end = threading.Timer(TIMEOUT, _hang_up, [connection])
    end.start()
    try:
        connection.request(method, path + query, headers=_SAID)
        answer = connection.getresponse()
        found = answer.status, answer.headers.get("Location", "")
    except (OSError, ValueError, http.client.HTTPException):
        if time.monotonic() < until:
            raise
        found = 0, ""
    finally:
        end.cancel()
        connection.close()
    if time.monotonic() >= until:
        # Cut off in the middle of its head, it seems to have come to an end.
        raise TimeoutError
    return found


def _hang_up(connection: http.client.HTTPConnection) -> None:
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


# Of the page itself nothing is wanted.
_SAID = {
    "User-Agent": "Mozilla/5.0 (compatible; newsletter link check)",
    "Accept": "*/*",
}


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to a number, whatever the name has come to stand for meanwhile."""

    def __init__(self, host: str, port: int, number: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._ip = number

    def connect(self) -> None:
        self.sock = socket.create_connection((self._ip, self.port), timeout=self.timeout)


class _PinnedTlsConnection(http.client.HTTPSConnection):
    """The same with TLS, whose certificate is held against the name."""

    def __init__(self, host: str, port: int, number: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT, context=self._tls)
        self._ip = number

    def connect(self) -> None:
        raw = socket.create_connection((self._ip, self.port), timeout=self.timeout)
        self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)
