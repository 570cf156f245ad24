"""What a campaign may want otherwise of the outbox: what it puts off, withholds and keeps."""

from datetime import timedelta

# After trouble a throttle waits so long, twice as long each further time, and never longer.
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)

# What makes a burst of "gone": so many of an issue, or of one domain within some days, and this
# part of all that were tried; or so many in a row, with none between that left.
BURST = 10
BURST_SHARE = 0.2
BURST_WITHIN = timedelta(days=2)
# What a run may have suppressed just before it was long enough to be seen.
RUN_WITHIN = timedelta(minutes=10)
# Once a person has found a burst to be right, the next must be so many times as large.
BURST_PATIENCE = 4
# At its end an issue is looked at once more, for one to few has no burst: so many at least, and
# this part.
LAST_LEAST = 3
LAST_SHARE = 0.5

# What may mean that somebody is gone means it after so many messages over at least this time.
MAYBES = 3
MAYBES_OVER = timedelta(days=7)
MAYBES_WITHIN = timedelta(days=90)

# Once the relay is found to have been at fault, what came back is sent again if no older.
SENT_AGAIN_WITHIN = timedelta(days=3)
# To whom a message went, and what it said, once it is settled.
FINISHED_KEPT = timedelta(days=30)
# So long a process trusts that a text it knows is there: far less than one unused is kept.
TEXT_TRUSTED = timedelta(hours=1)
# Of so many texts at most; the oldest go first.
TEXTS_TRUSTED = 10_000
# How exactly it is known when a text was last named.
TEXT_USED_WITHIN = timedelta(days=1)

# Of what was said of those who are gone the most frequent are shown.
WORDS_SHOWN = 10
