"""The one folding of text for comparison without case (RFC 7643 §2.2 `caseExact: false`).

Stored columns and the evaluator both use it, so that they cannot disagree.
"""

from unicodedata import normalize


def fold(text: str) -> str:
    """`text` without case: two texts that differ only in case or in Unicode composition fold alike.

    Unicode's canonical caseless matching (Unicode §3.13, D145), kept composed.
    """
    if text.isascii():
        return text.lower()
    return normalize("NFC", normalize("NFD", text).casefold())
