"""What a campaign may want otherwise of the office: when the desk speaks up, what it shows."""

from datetime import timedelta

# An urgent mail that has waited so long means that no worker runs.
SHOULD_HAVE_LEFT = timedelta(minutes=15)
# Of somebody who has not signed in.
LARGEST_FROM_STRANGERS = 1_000_000

# On the desk.
NEXT_EVENTS = 8
NEWEST_ISSUES = 5
