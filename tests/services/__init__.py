"""Real servers for the tests: each private, on loopback, in a temporary folder, then stopped."""

from tests.services.postfix import postfix
from tests.services.postgresql import PostgreSQL, postgresql
from tests.services.programs import chromium_path, free_port, missing
from tests.services.sink import HANG_UP, Received, Sink

__all__ = [
    "HANG_UP",
    "PostgreSQL",
    "Received",
    "Sink",
    "chromium_path",
    "free_port",
    "missing",
    "postfix",
    "postgresql",
]
