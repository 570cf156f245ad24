"""What a campaign may want otherwise of segments: how much a rule may ask."""

MOST_CONDITIONS = 50
# Groups in groups.
DEEPEST = 5
# Kilometres around a city, and days back.
FARTHEST = 2000
MOST_DAYS = 3650
