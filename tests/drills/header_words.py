"""A program of its own, for any Python from 3.6 on: write headers or read them, by lines of JSON.

`write HEADERS.py` loads our own module of headers, and nothing else of ours; `read` asks that
Python's library, in both of its ways, what a mail program built on it would find.
"""

import email
import email.header
import email.policy
import importlib.util
import json
import sys


def write(module, words):
    name, subject, local = words
    try:
        head = module.address_header("To", local + "@example.org", name)
    except module.UnsafeHeader:
        # Nothing leaves to what is no address.
        return None
    head += module.text_header("Subject", module.on_one_line(subject))
    head += module.address_header("From", "hello@campaign.example", name + " via Campaign")
    head += module.address_header("Reply-To", "ada@example.org")
    return head.decode("ascii")


def read(head):
    raw = head.encode("ascii") + b"\r\nwords\r\n"
    modern = email.message_from_bytes(raw, policy=email.policy.default)
    older = email.message_from_bytes(raw)
    pieces = email.header.decode_header(older["Subject"])
    subject = "".join(
        piece if isinstance(piece, str) else piece.decode(charset or "ascii", "replace")
        for piece, charset in pieces
    )
    found = {
        "names": [name for name, _ in modern.items()],
        "older names": older.keys(),
        "subjects": [str(modern["Subject"]), subject],
    }
    for name in ("To", "From", "Reply-To"):
        found[name] = [one.addr_spec for one in modern[name].addresses]
        found["older " + name] = [address for _, address in email.utils.getaddresses([older[name]])]
    return found


def main():
    if sys.argv[1] == "write":
        spec = importlib.util.spec_from_file_location("headers", sys.argv[2])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for line in sys.stdin:
            print(json.dumps(write(module, json.loads(line))))
        return
    for line in sys.stdin:
        try:
            found = read(json.loads(line))
        except Exception as trouble:
            # A reader that stumbles over what we wrote is a finding.
            found = {"stumbled": repr(trouble)}
        print(json.dumps(found))


if __name__ == "__main__":
    main()
