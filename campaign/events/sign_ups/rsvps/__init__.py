"""RSVPs: what people's calendars reply to an invitation (iTIP REPLY, RFC 5546 section 3.2.3)."""
