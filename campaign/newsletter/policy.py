"""What a campaign may want otherwise of the newsletter: when automations go, what is shown."""

from datetime import timedelta

# The further mails of the welcome, so many days after somebody has confirmed, until an organiser
# says otherwise, and at most.
SECOND_WELCOME_DAYS = 3
THIRD_WELCOME_DAYS = 10
MOST_STEP_DAYS = 365

# What is on this month goes on the first Tuesday at nine, until an organiser says otherwise;
# Monday is day 0.
DIGEST_WEEK = 1
DIGEST_WEEKDAY = 1
DIGEST_HOUR = 9
# One that could not leave on its day is of use for so long.
DIGEST_LATE = timedelta(days=5)

LARGEST_PICTURE = 20_000_000
# Addresses of the campaign's own that get every issue.
MOST_SEEDS = 50

# On the public page of the newsletter, and in its feed.
ISSUES_LISTED = 50
ISSUES_IN_THE_FEED = 20
# What a phone held upright still shows of each in its list of mails; it cuts the rest.
SUBJECT_SEEN, PREVIEW_SEEN = 40, 90
# So many characters of a mail's beginning any list of mails may show.
BEGINNING_SHOWN = 140
# Somebody may paste a book; a preview of it helps nobody.
LONGEST_PREVIEWED = 100_000
# So much of what a mail program sends to leave with one click is read.
LONGEST_CLICK = 200
