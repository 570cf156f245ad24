"""What forms ask us to send in somebody's name: kept as a letter until its owner confirms it."""
