"""Real servers for the tests: each private, on loopback, in a temporary folder, then stopped."""

from tests.services.dkim import NotSigned, Signature, verify
from tests.services.opendkim import Signer, opendkim
from tests.services.postfix import postfix
from tests.services.postgresql import PostgreSQL, postgresql
from tests.services.programs import chromium_arguments, chromium_path, free_port, missing
from tests.services.sink import HANG_UP, Received, Sink

__all__ = [
    "HANG_UP",
    "NotSigned",
    "PostgreSQL",
    "Received",
    "Signature",
    "Signer",
    "Sink",
    "chromium_arguments",
    "chromium_path",
    "free_port",
    "missing",
    "opendkim",
    "postfix",
    "postgresql",
    "verify",
]
