"""Feeds: calendars of thousands of events, to which programs subscribe."""
