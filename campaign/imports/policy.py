"""What a campaign may want otherwise of imports: how large a file is, how long it is kept."""

from datetime import timedelta

LARGEST_FILE = 250_000_000
# A file that was imported, and twice as long one of which nobody made anything.
FILES_KEPT = timedelta(days=30)

# A worker that reads sends fewer mails meanwhile, so it reads in turns (seconds).
TURN = 10.0
# How many rows show what stands in a column.
SAMPLES = 3
