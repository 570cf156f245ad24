"""What a campaign may want otherwise of the newsletter: when automations go."""

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
