"""The inbox: mail that comes in. Each is stored before anything else, then read and acted upon;
what is not understood waits for a person."""
