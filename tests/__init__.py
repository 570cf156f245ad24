"""The tests: sentences about the world, asserted on pages, rows and mails."""
