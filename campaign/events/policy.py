"""What a campaign may want otherwise of events: how long is kept, how many come and are shown."""

from datetime import timedelta

# Seats are reserved for what a form asked for, until the button in the invitation is pressed.
RESERVATION = timedelta(hours=6)
# What nobody has confirmed reserves few seats, so that forms alone cannot fill an event.
SEATS_OF_ONE, SEATS_OF_A_CONNECTION = 2, 10
# A sign-up may be for friends too; more than these should sign up themselves.
MOST_GUESTS = 9

# Anybody can type anybody's address: more than this is not sent to one mailbox.
INVITATIONS_A_DAY = 3
# Nor more than this to somebody who has never pressed a button of ours.
INVITATIONS_IN_30_DAYS = 5
# Who was asked whether a mail that declined for them was theirs is not asked again so soon.
DECLINE_ASKED_AGAIN_AFTER = timedelta(days=1)

# An event is put off by days or weeks. What moves further is more often a year typed wrong.
FURTHEST_MOVE = timedelta(days=60)

# How long after the end of an event, or after it was called off, it is known who signed up.
SIGN_UP_RETENTION = timedelta(days=30)
# How long feeds keep what is past or called off, so that calendars hear of it.
FEED_RETENTION = timedelta(days=30)
# Google and Outlook ask every 3 to 24 hours whatever we say; others keep to this.
REFRESH = timedelta(hours=6)

EVENTS_ON_A_PAGE = 24
# Of those that are over, below those that are ahead; the others have pages of their own.
PAST_BELOW = 14
# Up to so many events of a day of action are shown as they are. Of more, the way to each is there,
# country by country; and of so many more that this would be heavy too, the way to each country.
MOST_IN_FULL, MOST_NAMED = 60, 1000
# Letters of what somebody types to find a place.
LONGEST_PLACE_ASKED = 80
