"""What a campaign may want otherwise of mailings: the A/B test, what the report watches, shows."""

from datetime import timedelta

# With fewer readers, each half would be a handful, and chance would choose.
LEAST_FOR_AN_AB_TEST = 400
# A tenth hears first: a twentieth each.
AB_TEST_SHARES = 20
# How long the halves are compared, unless somebody says otherwise, and at most.
AB_TEST_HOURS = 4
MOST_AB_TEST_HOURS = 72

# How long a mailing still takes is judged by how fast it went of late.
PACE_JUDGED_BY = timedelta(minutes=10)

# Who leaves later than this does so for another reason than the mail.
WATCHED = timedelta(days=7)

# What mail servers said most often, in the report.
REPLIES_SHOWN = 10
# What is found before a mail goes: a page of more would be read by nobody.
FINDINGS_SHOWN = 50
