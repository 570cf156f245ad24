"""What a campaign may want otherwise of organisers: how long links and sessions last."""

from datetime import timedelta

# A link that an operator or an admin hands over.
LINK_LASTS = timedelta(hours=24)
# A link that somebody asked for by mail, and how many one address is sent.
MAILED_LINK_LASTS = timedelta(hours=1)
MAILED_LINKS_AN_HOUR = 3
# Long enough that a link found in an old mail is still known as used or expired, not as forged.
LINKS_KEPT = timedelta(days=90)

# From its beginning, and without a visit.
SESSION_LASTS = timedelta(days=30)
IDLE_FOR = timedelta(days=7)
# When somebody was last here is noted so often.
SEEN_EVERY = timedelta(hours=1)
