"""What an automation says in one language, where organisers have written it anew."""
