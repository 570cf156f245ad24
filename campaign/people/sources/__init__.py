"""Sources: how often a link of ours led to a deed, counted by the link's plain code and no more."""
