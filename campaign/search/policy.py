"""What a campaign may want otherwise of the search: words tried, and slips forgiven."""

# So many words are tried in the place of one that nothing has.
MOST_MEANT = 4
# A shorter word has too many neighbours for somebody's slip to be guessed.
SHORTEST_MISSPELT = 4
# From so many letters on, two slips are forgiven, else one.
LONG = 8
