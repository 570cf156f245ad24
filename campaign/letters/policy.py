"""What a campaign may want otherwise of letters: how long each is, waits and is kept."""

from datetime import timedelta

# Shorter is no sentence in any language that we have a template for.
SHORTEST_OWN_WORDS = 10
LONGEST_OWN_WORDS = 2000
# With one's own words.
LONGEST_BODY = 10_000
# Mail programs and systems cut longer addresses off, some at 2,000 characters.
LONGEST_MAILTO = 1800

# The same form once more so soon is an impatient finger, not a lost mail.
SENT_TWICE = timedelta(minutes=5)
# Who has not pressed the button is reminded once; what is never confirmed is dropped.
REMIND_AFTER = timedelta(hours=24)
CONFIRM_WITHIN = timedelta(days=7)
# How long a letter is kept after its summit, or after it was dropped.
ERASE_AFTER = timedelta(days=28)

# "I have sent it" is taken on trust: so many an hour from one network to one office.
SELF_SENT_AN_HOUR = 20
