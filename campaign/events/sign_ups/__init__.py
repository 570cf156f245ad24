"""Sign-ups: the places people take at events, and what they hear of them until they are erased."""
