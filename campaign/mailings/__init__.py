"""One text to many: to whom it goes, when, how fast, and what became of it, whosever text it is."""
