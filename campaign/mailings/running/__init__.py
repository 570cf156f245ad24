"""A mailing on its way: begun, paused, resumed, stopped, and how far it has come."""
