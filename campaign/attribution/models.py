"""The plain code of a link, the same for all who follow it, and a tally of what they did."""

from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model

LONGEST_CODE = 90


class Conversion(StrEnum):
    """What somebody may do who came by a link of ours, or got the mail in which it stood."""

    SIGN_UP = "sign-up"
    LETTER = "letter"
    REPLY = "reply"


class ConversionCount(Model):
    """How often a conversion was done by people who came with a code; it names none of them."""

    __tablename__ = "attribution_count"
    __public__ = False

    code: Mapped[str] = mapped_column(String(LONGEST_CODE), primary_key=True)
    conversion: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
