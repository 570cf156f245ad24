"""What a campaign may want otherwise of delivery: when it pauses, waits, tries again, gives up."""

from datetime import timedelta

# So many refusals in a row are about the issue, not about its readers, and so many "gone" are
# rather about us; so many "later" in a row are about the relay.
REFUSALS_THAT_PAUSE = 10
# What other senders were refused so shortly before a pause was refused for the same cause.
REFUSED_WITH_IT = timedelta(seconds=60)

# A silent mail server is waited for so long (seconds): longer than a busy one needs (RFC 5321
# section 4.5.3.2 allows minutes), shorter than a lease.
TIMEOUT = 60
# An open connection that has been silent for so long (seconds) is opened anew.
IDLE = 60
# So many messages are worth a further connection.
WORTH_A_CONNECTION = 10

# A claim is about what leaves within a second: what comes meanwhile and cannot wait goes next.
FEWEST_CLAIMED, MOST_CLAIMED = 20, 500
# The table is written so often (seconds): what a machine that crashes would repeat of an issue.
FLUSH_EVERY = 0.2
# What a sender has claimed and not sent by then is taken back: its process has died.
LEASE = timedelta(minutes=3)
# No sender is at work for so long.
JOURNALS_KEPT = timedelta(days=7)
# What bounds the speed is asked about the last minutes.
TIMINGS_KEPT = timedelta(days=1)
# So often (seconds) a sender tells what its time goes into.
TELL_EVERY = 0.5
# So often (seconds) a sender looks for what is new, where looking at everything is dear.
LOOK_EVERY = 0.1

# Of the local mailbox, the newest.
MAILS_SHOWN = 200

# When what did not leave is tried again, and when it is given up.
# RFC 5321 section 4.5.4.1 asks for at least half an hour between late tries and days of trying.
BACK_OFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]
GIVE_UP = timedelta(hours=72)
# What is limited by the hour is tried again after it, and given up much later than what fails:
# limits of a provider may let an issue through in portions only.
LIMIT = timedelta(hours=1)
LIMITED_GIVE_UP = timedelta(days=7)
