"""Automation mails: the welcome and what follows it, the month's events, the reminder."""
