"""The newsletter: who subscribes, what is written, and how it goes out."""
