"""What makes a burst of "gone": so many, and so large a part, that it is rather about us.

A relay that is set up wrongly says of everybody that they are unknown; an old list holds some who
truly are. Numbers alone cannot tell the two apart, so a share is asked too; and what is withheld
by mistake costs a person one look, where what is believed by mistake costs the readers.
"""

import re
from math import log

from campaign.outbox.policy import BURST, BURST_PATIENCE

_ADDRESS = re.compile(r"<[^<>\s]{0,320}@[^<>\s]{0,320}>|[^\s<>]{1,320}@[^\s<>]{1,320}")


def least(times_found_gone: int) -> int:
    """Tell how many make a burst where a person has found earlier ones to be right."""
    return BURST * int(BURST_PATIENCE ** min(times_found_gone, 10))


def is_step(number: int, added: int, *, least: int, by: float) -> bool:
    """Tell whether the last ones made a number worth a look: `least`, `by` times as many, and on.

    To count all that were tried is dear, so it is not done for each of them.
    """
    if number < least:
        return False
    before = number - added
    return before < least or int(log(number / least, by)) > int(log(before / least, by))


def without_addresses(words: str) -> str:
    """Give what a mail server said without the addresses it named."""
    return _ADDRESS.sub("<…>", words[:1000])[:500]
