"""A test of an issue to seed addresses: the way readers get it, before anybody else does."""
