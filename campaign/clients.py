"""Who asks: the network from which a request comes, and proxies that nobody has told us of."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import structlog
from flask import Flask, current_app, request

log = structlog.get_logger()

# By these a proxy says for whom it asks, the nearest last (RFC 7239, section 4 for the first).
_FORWARDED = ("X-Forwarded-For", "X-Real-IP")
_SEEN = "clients.proxy_seen"
UNKNOWN = "unknown"


def init_app(app: Flask) -> None:
    """Notice a proxy for which `TRUSTED_PROXIES` was forgotten, and say so once."""

    @app.before_request
    def _look_for_a_proxy() -> None:
        if _SEEN not in app.extensions and is_behind_an_unknown_proxy():
            app.extensions[_SEEN] = True
            log.warning("proxy.unknown", advice="set TRUSTED_PROXIES, or all visitors look alike")


def is_behind_an_unknown_proxy() -> bool:
    """Tell whether this request came through a proxy of which the settings say nothing.

    Only from a neighbour: anybody can write such a header.
    """
    if current_app.config["TRUSTED_PROXIES"]:
        return False
    has_said = any(name in request.headers for name in _FORWARDED)
    return has_said and _is_near(request.remote_addr or "")


def client_address() -> str:
    """Give the address of who asks.

    Behind a proxy nobody has told us of, it is what the proxy says: not worth trust, but to take
    everybody for one, or for nobody, would be worse.
    """
    if is_behind_an_unknown_proxy():
        told = next(request.headers[name] for name in _FORWARDED if name in request.headers)
        nearest = told.rpartition(",")[2].strip()
        # From this machine itself nobody is counted, so that word is not taken.
        return nearest if network_of(nearest) else UNKNOWN
    return request.remote_addr or ""


def network_of(client: str) -> str:
    """Give the network that counts as one visitor: an IPv4 address, or a /64 of IPv6 (RFC 6177).

    Empty for this machine itself; one and the same for all that is no address.
    """
    number = number_of(client)
    if number is None:
        return UNKNOWN
    if number.is_loopback:
        return ""
    if isinstance(number, IPv4Address):
        return str(number)
    return f"{IPv6Address(int(number) >> 64 << 64)}/64"


def number_of(written: str) -> IPv4Address | IPv6Address | None:
    """Read an address as proxies write it: with a port, in brackets, with a zone, IPv4 in IPv6."""
    text = written.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        number = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(number, IPv6Address):
        # What comes over IPv4 to a server that listens on both (RFC 4291 section 2.5.5.2).
        return number.ipv4_mapped or number
    return number


def _is_near(client: str) -> bool:
    number = number_of(client)
    return number is not None and (number.is_loopback or number.is_private)
