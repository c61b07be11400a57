"""E-mail addresses as people type them."""

from typing import Final

from hallway.accounts.desk import Declined

MAX_ADDRESS: Final = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""
_FORBIDDEN: Final = frozenset('"(),:;<>@[\\] \t')


def checked_address(text: str) -> str:
    """The address without blanks around it, its domain in lower case; raises `Declined`.

    Only what stands in a header as it is: no quotes, no comments, no line ends (RFC 5321 §4.1.2, dot-string).
    """
    tidy = text.strip()
    local, _, domain = tidy.rpartition("@")
    whole = bool(local) and "." in domain.strip(".") and len(tidy) <= MAX_ADDRESS and len(local) <= 64
    plain = tidy.isprintable() and not any(sign in _FORBIDDEN for sign in local + domain)
    if not whole or not plain or ".." in tidy or domain[0] in ".-" or domain[-1] in ".-":
        raise Declined("email", "Enter an e-mail address, such as name@example.com")
    return f"{local}@{domain.lower()}"


def checked_person(text: str) -> str:
    """A person's name; raises `Declined`."""
    tidy = " ".join(text.split())
    if not tidy or len(tidy) > 100 or not tidy.isprintable():
        raise Declined("name", "Enter your name, at most 100 characters")
    return tidy
