"""Guards before every view: bodies too large, POSTs of other sites, paths that no text holds."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from flask import abort, current_app, request

_CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def too_much_for(larger_bodies: Mapping[str, int]) -> Callable[[], None]:
    """Make what refuses a body larger than its view reads."""

    def refuse_too_much() -> None:
        """Refuse a body too large before any of it is read, also where nobody would read it."""
        larger = larger_bodies.get(request.endpoint or "")
        if larger is not None:
            request.max_content_length = larger
        most = request.max_content_length
        if most is None:
            return
        length = request.content_length
        if length is None and request.method in _CHANGING:
            # Sent in pieces, with no length said: Werkzeug would cut it off and go on with half.
            length = len(request.get_data()) + 1
        if (length or 0) > most:
            abort(413)

    return refuse_too_much


def other_sites_but(open_to_all: frozenset[str]) -> Callable[[], None]:
    """Make what refuses a POST of another site's page, but to the views open to all."""

    def refuse_other_sites() -> None:
        """Refuse a POST that another site caused (Fetch Metadata; RFC 6454 section 7).

        Most programs send neither header and pass.
        """
        if request.method not in _CHANGING or request.endpoint in open_to_all:
            return
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            if site not in {"same-origin", "none"}:
                abort(403)
            return
        origin = request.headers.get("Origin")
        if origin is None:
            return
        ours = {urlsplit(current_app.config["BASE_URL"]).netloc, request.host}
        try:
            theirs = urlsplit(origin).netloc
        except ValueError:
            theirs = ""
        if theirs not in ours:
            abort(403)

    return refuse_other_sites


def what_no_text_holds() -> None:
    """Refuse a NUL in an address: no page has one, and PostgreSQL would stumble over it."""
    if "\0" in request.path:
        abort(404)
    if b"%00" in request.query_string or b"\0" in request.query_string:
        abort(400)
