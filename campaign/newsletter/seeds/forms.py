"""What organisers may say of a test of an issue: to which addresses it goes."""

import re

from wtforms import ValidationError
from wtforms.fields import Field

from campaign.forms import OfficeForm, text_field
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.policy import MOST_SEEDS
from campaign.validators import normal_address


class SeedsForm(OfficeForm):
    """The addresses a test of an issue goes to."""

    more = text_field(
        _l("Organisers’ addresses, one a line"),
        most=4000,
        description=_l("Nobody else can be written to from here."),
        render_kw={"rows": 4},
    )

    @property
    def addresses(self) -> list[str]:
        """List the addresses that were typed, each in its one form."""
        return list(dict.fromkeys(normal_address(each) for each in self._typed()))

    def _typed(self) -> list[str]:
        return [each for each in re.split(r"[\s,;]+", self.more.data or "") if each]

    def validate_more(self, field: Field) -> None:
        """Refuse what is no address, and too many."""
        typed = self._typed()
        if len(typed) > MOST_SEEDS:
            raise ValidationError(_l("Enter %(most)s addresses at most.", most=MOST_SEEDS))
        for each in typed:
            try:
                normal_address(each)
            except ValueError:
                raise ValidationError(
                    _l("“%(typed)s” is not an e-mail address.", typed=each[:80])
                ) from None
