"""What a campaign may want otherwise of what is found by words: how many words are tried."""

# So many words are tried in the place of one that nothing has.
MOST_MEANT = 4
