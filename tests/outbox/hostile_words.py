"""Words that strangers might type where a mail has a name, a subject or an address."""

from base64 import b64encode

from hypothesis import strategies as st

# What would do harm if anything in the way of a mail read it as more than words.
HARMS = [
    "\r\nBcc: victim@example.net",
    "https://evil.example/ <victim@example.net>",
    "boss@bank.example> <x",
    "victim@example.net, ",
    "a: b;",
    '"',
    "Ünsinn",
    "",
]
CHARSETS = ["utf-8", "x", "iso-8859-1", "utf-7", "us-ascii*en", "UTF-8", ""]


def _encoded(harm: str, charset: str, encoding: str) -> str:
    if encoding in "bB":
        word = b64encode(harm.encode()).decode()
    else:
        word = "".join(f"={octet:02X}" for octet in harm.encode())
    return f"=?{charset}?{encoding}?{word}?="


ENCODED = st.builds(
    _encoded, st.sampled_from(HARMS), st.sampled_from(CHARSETS), st.sampled_from("bBqQ")
)
_PIECES = st.one_of(
    ENCODED,
    # With a piece of it cut away, two make one.
    ENCODED.map(lambda word: word[:-2]),
    ENCODED.map(lambda word: word[2:]),
    st.sampled_from(
        ["=?", "?=", "=", "?", " ", "\t", "  ", "(", ")", "[", "]", "\\", ".", "\u202e", "Zoë"]
    ),
    st.text(max_size=20),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)
WORDS = st.lists(_PIECES, max_size=6).map("".join)
LOCAL_PARTS = st.one_of(
    ENCODED,
    st.text(st.sampled_from("ab.+=?_-!#$%&'*/^`{|}~"), min_size=1, max_size=64),
    st.text(min_size=1, max_size=20),
)
