"""What forms ask for in somebody's name: a sign-up, until its owner says yes."""
