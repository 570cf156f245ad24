"""The events: sign-ups, invitations, calendars, and the office's side of them."""
