"""The outbox: every mail is a row here, queued with its deed, and sent later by a worker."""
