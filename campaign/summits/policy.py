"""What a campaign may want otherwise of posts: how long a contact is trusted."""

from datetime import timedelta

# A contact seen longer ago is warned about in the office; much longer ago, and nobody writes to it.
STALE_AFTER = timedelta(days=180)
UNUSED_AFTER = timedelta(days=365)
