"""What a campaign may want otherwise of people: when they are asked, reminded and let go."""

from datetime import timedelta

# Confirmation mails are a weapon against the owner of an address: so many, over all forms.
CONFIRMATIONS_A_DAY = 3
CONFIRMATIONS_IN_30_DAYS = 5
# Who has not confirmed is reminded once, and then forgotten.
REMIND_AFTER = timedelta(days=3)
CONFIRM_WITHIN = timedelta(days=30)

# Of tags typed before: more help nobody.
TAGS_SUGGESTED = 500
# After so many people a plain line tells how far a long piece of work is.
TOLD_EVERY = 100_000
