"""To whom a mail was sent: our own addresses carry what it is about (`bounces+<token>@`)."""

import re
from email.message import Message
from enum import StrEnum
from typing import NamedTuple

from campaign.inbound.opening import clean, header


class Role(StrEnum):
    """What an address of ours is for."""

    BOUNCES = "bounces"
    UNSUBSCRIBE = "unsubscribe"
    RSVP = "rsvp"
    OTHER = ""


class Target(NamedTuple):
    """An address of ours: what it is for, and the token in it."""

    role: Role
    token: str


_OURS = re.compile(r"(bounces|unsubscribe|rsvp)\+([^@\s]{1,100})@[^@\s]+")
# Where mail servers note the envelope, the surest first. "To" is what a stranger wrote.
_NOTED = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To")


def target(recipient: str) -> Target:
    """Tell what an address is for. Some mail servers write local parts small: so are tokens."""
    found = _OURS.fullmatch(recipient.strip().lower())
    return Target(Role(found[1]), found[2]) if found else Target(Role.OTHER, "")


def recipient_in(message: Message) -> str:
    """Find the envelope's recipient in the headers, for who does not get it told.

    An address of ours with a token is taken before any other: the token proves itself.
    """
    written = [header(message, name, most=1000) for name in _NOTED]
    found = [
        one for value in written for one in re.findall(r"[^\s<>,;:\"]{1,254}@[^\s<>,;\"]+", value)
    ]
    ours = [one for one in found if target(one).token]
    return clean((ours or found or [""])[0], 254)


def sender_in(message: Message) -> str | None:
    """Find the envelope's sender in the headers; "" is the null sender, None is not known."""
    noted = message.get("Return-Path")
    return None if noted is None else plain_sender(str(noted))


def plain_sender(said: str) -> str:
    """Give an envelope's sender without its brackets; "" for the null sender, however written."""
    sender = clean(said, 254).strip("<>").strip()
    # What Postfix writes for the null sender when it hands a mail to a program.
    return "" if sender.upper() == "MAILER-DAEMON" else sender
