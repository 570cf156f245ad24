"""The outbox: what is posted leaves once, in order, and every recipient can be explained."""
