"""Sign-ups: who means to come to an event, from the form to the day they are erased."""
