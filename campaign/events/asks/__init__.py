"""What forms ask for in somebody's name: a place at an event, until its owner says yes."""
