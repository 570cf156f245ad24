"""The links in mails with which a person confirms, refuses and leaves: their tokens, read back.

A token names a row, and no id is given twice, so what is erased leaves no link to something else.
Addresses are paths that `PROMISES` keeps for ever, since mails are kept for ever too.
"""

import hmac
import re

from campaign import tokens
from campaign.outbox.models import address_hash
from campaign.people.models import Purpose
from campaign.people.policy import CONFIRM_WITHIN
from campaign.templating import absolute

# One letter a purpose, and half a hash: header lines over 78 octets would be folded or encoded,
# and then neither DKIM nor one-click unsubscription would work (RFC 8058 section 4).
_LETTERS = {Purpose.NEWSLETTER: "n"}
_PURPOSES = {letter: purpose for purpose, letter in _LETTERS.items()}
_SIGNATURE = 20


def confirm_token(person_id: int, purpose: Purpose) -> str:
    """Make the token of the link that agrees to a purpose: it works for `CONFIRM_WITHIN`."""
    return tokens.sign_timed("confirm", [person_id, purpose.value])


def confirm_url(token: str) -> str:
    """Give the address of the page with the button that agrees to a purpose."""
    return absolute(f"/confirm/{token}")


def read_confirm(token: str) -> tuple[int, Purpose]:
    """Give the person's id and the purpose. Raises `ForgedToken` or `ExpiredToken`."""
    person_id, purpose = tokens.read_timed(token, "confirm", within=CONFIRM_WITHIN)
    return int(person_id), Purpose(purpose)


def not_me_token(person_id: int, email: str) -> str:
    """Make the token of the link "never write to me"; works for ever.

    It carries the hash of the address: the wish counts even after the person was erased.
    """
    return tokens.sign("not-me", [person_id, address_hash(email)])


def not_me_url(token: str) -> str:
    """Give the address of the page with the button "never write to me"."""
    return absolute(f"/not-me/{token}")


def read_not_me(token: str) -> tuple[int, str]:
    """Give the person's id and the hash of the address. Raises `ForgedToken`."""
    person_id, hashed = tokens.read(token, "not-me")
    return int(person_id), str(hashed)


def unsubscribe_token(person_id: int, purpose: Purpose) -> str:
    """Make the short token of an unsubscribe link: works for ever, for this person and purpose."""
    return _short("unsubscribe", person_id, purpose)


def unsubscribe_url(token: str) -> str:
    """Give the address of the page with the button that leaves; also of the one click (RFC 8058).

    `token` may be a field of a text, such as `{{unsubscribe}}`, as with every address here.
    """
    return absolute(f"/unsubscribe/{token}")


def read_unsubscribe(token: str) -> tuple[int, Purpose]:
    """Give the person's id and the purpose of `unsubscribe_token`. Raises `ForgedToken`."""
    return _read_short(token, "unsubscribe")


def preferences_token(person_id: int, purpose: Purpose) -> str:
    """Make the short token of the link to what a person chose: works for ever."""
    return _short("preferences", person_id, purpose)


def preferences_url(token: str) -> str:
    """Give the address of the page on which a person chooses."""
    return absolute(f"/preferences/{token}")


def read_preferences(token: str) -> tuple[int, Purpose]:
    """Give the person's id and the purpose of `preferences_token`. Raises `ForgedToken`."""
    return _read_short(token, "preferences")


def _short(door: str, person_id: int, purpose: Purpose) -> str:
    """Sign a person and a purpose for one door.

    It is all lower case, so it survives in the local part of `unsubscribe+<token>@`, which some
    mail servers write small. 80 bits of the hash are beyond guessing over the network.
    """
    claim = f"{person_id}{_LETTERS[purpose]}"
    return claim + tokens.keyed_hash(door, claim)[:_SIGNATURE]


def _read_short(token: str, door: str) -> tuple[int, Purpose]:
    found = re.fullmatch(rf"(\d{{1,18}})([a-z])([0-9a-f]{{{_SIGNATURE}}})", token, re.ASCII)
    if not found or found[2] not in _PURPOSES:
        raise tokens.ForgedToken
    person_id, purpose = int(found[1]), _PURPOSES[found[2]]
    if not hmac.compare_digest(_short(door, person_id, purpose), token):
        raise tokens.ForgedToken
    return person_id, purpose
