"""The craft of an A/B test: who is in it, in which half, and which half did better."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, literal

from campaign.mailings.audience import text_for
from campaign.mailings.content import Content
from campaign.mailings.policy import AB_TEST_SHARES
from campaign.people.models import Person

HALVES = ("a", "b")
# A multiplicative generator (Lehmer, modulo a prime): spreads ids, the same on both databases.
_FACTOR, _PRIME = 1_103_515_245, 2_147_483_647


def key_of(content: Content, half: str) -> str:
    """Give the key of the variant that a half gets."""
    return f"{content.languages[0]}/{half}"


def is_in(content: Content) -> ColumnElement[bool]:
    """Tell whether a reader is in the A/B test: a tenth of those of the content's own language."""
    own, *_others = content.languages
    return and_(text_for(content.languages) == own, _share(content) < len(HALVES))


def variant_for(content: Content) -> ColumnElement[str]:
    """Give the key of the variant for a reader in the A/B test: one half or the other."""
    first, second = (literal(key_of(content, half)) for half in HALVES)
    return case((_share(content) == 0, first), else_=second)


def _share(content: Content) -> ColumnElement[int]:
    # In 64 bits: a person's id times the factor fits no less. By the content too, so that it is
    # not always the same people who hear first.
    spread = (cast(Person.id, BigInteger) + content.id * 7919) * _FACTOR
    return (spread % _PRIME) % AB_TEST_SHARES


@dataclass(frozen=True)
class Half:
    """One of two subjects that are compared, and what came of it."""

    key: str
    subject: str
    sent: int
    conversions: int
    left_list: int
    complained: int

    @property
    def by_conversions(self) -> float:
        """Give what its readers did, for each of them."""
        return self.conversions / self.sent if self.sent else 0.0

    @property
    def by_trouble(self) -> float:
        """Give how many of its readers it drove away, for each of them."""
        return (self.left_list + self.complained) / self.sent if self.sent else 0.0


def better(halves: Sequence[Half]) -> str:
    """Name the better half: more conversions a reader; else fewer driven away; else the first."""
    best = max(
        halves, key=lambda half: (half.by_conversions, -half.by_trouble, half.key == HALVES[0])
    )
    return best.key
