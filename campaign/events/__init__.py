"""Events: days of action, their events in many cities, and who comes."""
