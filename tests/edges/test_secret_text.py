"""Secrets that name their owner."""

import pytest

from hallway.secret_text import INVITE, LINK, SecretText, read_secret


def test_what_is_written_reads_back() -> None:
    one = SecretText(b"o" * 16, b"r" * 16, b"\xff" * 32)
    assert read_secret(INVITE, one.text(INVITE)) == one
    assert one.fits(one.hash) and not one.fits(bytes(32))


@pytest.mark.parametrize("text", ["", INVITE, INVITE + "A" * 85, INVITE + "A" * 87, INVITE + "A" * 85 + "=", "A" * 86])
def test_what_is_none_is_none(text: str) -> None:
    assert read_secret(INVITE, text) is None
    assert read_secret(LINK, SecretText(bytes(16), bytes(16), bytes(32)).text(INVITE)) is None
    assert read_secret(INVITE, INVITE + "é" * 86) is None


def test_one_text_alone_is_the_secret() -> None:
    """The last character has four bits to spare: the other fifteen texts of the same octets are no secret."""
    one = SecretText(b"o" * 16, b"r" * 16, b"s" * 32)
    text = one.text(INVITE)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert [last for last in letters if read_secret(INVITE, text[:-1] + last) == one] == [text[-1]]
    assert len([last for last in letters if read_secret(INVITE, text[:-1] + last) is not None]) == 4
