"""What a campaign may want otherwise of the front: what the search finds, the home page shows."""

LONGEST_SEARCH = 100
MOST_SEARCH_WORDS = 6
# So many of each kind are looked at; who finds more is helped by another word, not by page ten.
MOST_LOOKED_AT = 200
FOUND_ON_A_PAGE = 20

NEWS_ON_THE_HOME_PAGE = 3
# The home page names so many cities of the next day of action; more only by their number.
MOST_CITIES_NAMED = 60
