"""A day of action as a whole: how much of the world takes part, told in few rows."""
