"""A visitor without JavaScript: opens pages, fills in the form that is there, presses a button."""

from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._open: dict[str, Any] | None = None
        self._textarea: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {"action": given.get("action", ""), "method": given.get("method", "get")}
            self._open["fields"] = {}
            self.forms.append(self._open)
        if self._open is None:
            return
        fields = self._open["fields"]
        name = given.get("name", "")
        kind = given.get("type", "text")
        if tag == "input" and name:
            if kind in {"checkbox", "radio"}:
                if "checked" in given:
                    fields[name] = given.get("value", "y")
            elif kind not in {"submit", "button", "image"}:
                fields[name] = given.get("value", "")
        if tag == "textarea" and name:
            self._textarea = name
            fields[name] = ""
        if tag == "select" and name:
            self._select = name
            fields.setdefault(name, "")
        if tag == "option" and self._select and "selected" in given:
            fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "textarea":
            self._textarea = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._textarea:
            typed = self._open["fields"][self._textarea]
            # HTML drops one line end right after the tag.
            data = data if typed else data.removeprefix("\r").removeprefix("\n")
            self._open["fields"][self._textarea] = typed + data


def forms_in(html: str) -> list[dict[str, Any]]:
    """List the forms of a page: action, method, fields with the values a browser would send."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


class Visitor:
    """One browser: keeps cookies, follows nothing by itself."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def open(self, address: str) -> TestResponse:
        """Open a page by its path, or by the full address that a mail gave."""
        return self.client.get(_path(address))

    def post(self, address: str, fields: dict[str, Any] | None = None, **options: Any) -> Any:
        """Send fields as they are, with nothing a page would have added."""
        return self.client.post(_path(address), data=fields or {}, **options)

    def send(
        self, address: str, *, action: str | None = None, drop: tuple[str, ...] = (), **fields: Any
    ) -> TestResponse:
        """Open a page, fill in its form and press the button.

        With several POST forms on the page, `action` picks the one whose action ends with it.
        `drop` names fields that are left out, as somebody who forges a form would.
        """
        page = self.open(address)
        assert page.status_code == 200, (page.status_code, address)
        return self.fill(page, _path(address), action=action, drop=drop, **fields)

    def fill(
        self,
        page: TestResponse,
        address: str,
        *,
        action: str | None = None,
        drop: tuple[str, ...] = (),
        **fields: Any,
    ) -> TestResponse:
        """Fill in the form of a page that is open already."""
        found = [form for form in forms_in(page.text) if form["method"].lower() == "post"]
        if action is not None:
            found = [form for form in found if form["action"].endswith(action)]
        assert found, f"no form on {address}"
        sent = {**found[0]["fields"], **fields}
        sent = {name: value for name, value in sent.items() if name not in drop}
        return self.client.post(_path(found[0]["action"] or address), data=sent)


def _path(address: str) -> str:
    if "://" in address:
        address = "/" + address.split("://", 1)[1].partition("/")[2]
    return address
