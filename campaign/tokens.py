"""Tokens: signed ones that carry what they are for, and random ones that are stored hashed."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import current_app
from itsdangerous import (
    BadData,
    SignatureExpired,
    TimestampSigner,
    URLSafeSerializer,
    URLSafeTimedSerializer,
)

from campaign.languages import lazy_gettext as _l
from campaign.refusals import Refusal


class ForgedToken(Refusal):
    status = 403
    sentence = _l(
        "This link is not complete. Open it again from the mail, or copy all of it into the "
        "address bar."
    )


class ExpiredToken(Refusal):
    status = 410
    sentence = _l("This link has expired. Ask for a new one.")


def sign(purpose: str, value: Any) -> str:
    """Make a token for `purpose` that carries `value` (JSON) and never expires."""
    return URLSafeSerializer(_key(), salt=purpose).dumps(value)


def sign_timed(purpose: str, value: Any) -> str:
    """Make a token for `purpose` that carries `value` (JSON) and the moment it was made."""
    return URLSafeTimedSerializer(_key(), salt=purpose).dumps(value)


class _ByTheHour(TimestampSigner):
    def get_timestamp(self) -> int:
        return super().get_timestamp() // 3600 * 3600


def sign_by_the_hour(purpose: str, value: Any) -> str:
    """Make a token as `sign_timed` does, the same for an hour: so is a page, on every host."""
    return URLSafeTimedSerializer(_key(), salt=purpose, signer=_ByTheHour).dumps(value)


def read(token: str, purpose: str) -> Any:
    """Give what a token of `sign` carries. Raises `ForgedToken`."""
    try:
        return URLSafeSerializer(_key(), salt=purpose).loads(token)
    except BadData:
        raise ForgedToken from None


def read_timed(token: str, purpose: str, *, within: timedelta) -> Any:
    """Give what a token of `sign_timed` carries. Raises `ForgedToken` or `ExpiredToken`."""
    try:
        return URLSafeTimedSerializer(_key(), salt=purpose).loads(
            token, max_age=int(within.total_seconds())
        )
    except SignatureExpired:
        raise ExpiredToken from None
    except BadData:
        raise ForgedToken from None


def random_token() -> str:
    """Make a token nobody can guess (128 bits), for what must be revocable."""
    return secrets.token_urlsafe(16)


def hashed(token: str) -> str:
    """Give the form in which a random token is stored: hex of SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_hash(purpose: str, value: str) -> str:
    """Give a hash of `value` that only this installation can make: hex of HMAC-SHA-256."""
    return hasher(purpose)(value)


def hasher(purpose: str) -> Callable[[str], str]:
    """Give `keyed_hash` for one purpose, for whoever hashes many values."""
    key = f"{_key()}:{purpose}".encode()
    return lambda value: hmac.digest(key, value.encode(), "sha256").hex()


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])
