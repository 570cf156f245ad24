"""What forms ask for in somebody's name, until a duty asks the owner of the address."""
