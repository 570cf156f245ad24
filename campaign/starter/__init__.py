"""The starter campaign: the pages, events, summits, posts, letters and first issue to begin with."""
