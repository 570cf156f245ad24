"""What a campaign may want otherwise of the inbox: how mail comes, how long it is kept."""

from datetime import timedelta

# So many messages that did not arrive, over at least this time, and an address is gone.
SOFT_BOUNCES = 5
SOFT_OVER = timedelta(days=14)
# What came back longer ago counts no more.
SOFT_WITHIN = timedelta(days=90)

# More than what a newsletter causes, and what Postfix lets through unless told otherwise.
LARGEST_MAIL = 10 * 1024 * 1024
# What a mail that comes in may be worked on by who stored it, before a duty takes it up.
TAKEN_UP_AFTER = timedelta(minutes=2)

# The port of the LMTP server, unless the settings name another.
USUAL_PORT = 8024
# Each connection may hold a whole mail in memory; Postfix opens 20 at most unless told otherwise.
MOST_CONNECTIONS = 20
STORING_AT_ONCE = 4
# A silent mailbox (IMAP) is waited for so long (seconds), and so many mails are taken out of it.
TIMEOUT = 60
POLLED_AT_ONCE = 500

# What nobody has looked at for so long is erased; the desk says so beforehand.
WAITING_KEPT = timedelta(days=180)
TOLD_BEFORE = timedelta(days=30)
# Once it is settled: its bytes, and then the row that says what was made of it.
RAW_KEPT = timedelta(days=30)
ROW_KEPT = timedelta(days=365)
