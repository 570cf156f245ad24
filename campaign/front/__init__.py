"""The front desk: what visitors meet before they enter a room, and the manners of every answer."""
