"""What a campaign may want otherwise of delivery: when it pauses, how long a claim lasts.

When a message is tried again, and when it is given up, stands in `retries`.
"""

from datetime import timedelta

# So many refusals in a row are about the issue, not about its readers, and so many "gone" are
# rather about us; so many "later" in a row are about the relay.
REFUSALS_THAT_PAUSE = 10
# What other senders were refused so shortly before a pause was refused for the same cause.
REFUSED_WITH_IT = timedelta(seconds=60)

# What a sender has claimed and not sent by then is taken back: its process has died.
LEASE = timedelta(minutes=3)
# No sender is at work for so long.
JOURNALS_KEPT = timedelta(days=7)
