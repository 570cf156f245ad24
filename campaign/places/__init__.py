"""Places: the world's cities, by the names people say, and how far apart they are."""
