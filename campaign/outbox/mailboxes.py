"""Which mailbox is behind an address: what stands after a plus, and dots, may lead to the same."""

from campaign.outbox.models import address_hash

# Providers to whom dots in a local part are nothing, and the one name of theirs.
_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def mailbox_hash(address: str) -> str:
    """Give the keyed hash of the mailbox behind an address, by which caps count.

    What follows a plus leads into the same mailbox, and dots may too. For counting only: who
    somebody is goes by the address as they wrote it.
    """
    local, _at, domain = address.lower().rpartition("@")
    bare = local.partition("+")[0] or local
    if domain in _DOTLESS:
        bare, domain = bare.replace(".", "") or bare, _DOTLESS[domain]
    return address_hash(f"{bare}@{domain}")
