"""The outbox: what is queued leaves once, in order, and every recipient can be explained."""
