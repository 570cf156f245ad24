"""The starter campaign: pages, events, summits, posts, letters and a first issue, as data."""
