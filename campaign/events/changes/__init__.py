"""Changes of plans: an event revised or called off, and those who signed up notified of it."""
