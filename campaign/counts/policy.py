"""How counts are kept: how much is folded in at a time, how long what is counted by time stays."""

from datetime import timedelta

# So many changes at a time, so that nothing else waits for the folding.
CHANGES_AT_ONCE = 5000
# What is counted by time is kept for so long: a little longer than anybody looks back.
KEPT = timedelta(days=30)
# Of that, what is kept for sure whenever in a day the rest is let go.
CHECKED = KEPT - timedelta(days=2)
