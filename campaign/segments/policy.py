"""What a campaign may want otherwise of segments: how much a rule may ask, what is shown."""

MOST_CONDITIONS = 50
# Of the same condition, such as countries: more than there are in the world.
MOST_CHOSEN = 300
# Groups in groups.
DEEPEST = 5
# Kilometres around a city, and days back.
FARTHEST = 2000
MOST_DAYS = 3650

# Of those a rule finds, the latest.
PEOPLE_SHOWN = 10
