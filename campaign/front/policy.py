"""What a campaign may want otherwise of the search: how much is asked and found."""

LONGEST_SEARCH = 100
MOST_SEARCH_WORDS = 6
# So many of each kind are looked at; who finds more is helped by another word, not by page ten.
MOST_LOOKED_AT = 200
