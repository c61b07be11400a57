"""Passwords, one-time codes and recovery codes."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from hallway.accounts.desk import Declined
from hallway.accounts.model import RecoveryCode
from hallway.accounts.one_time_codes import (
    code_at,
    fitting_code,
    fitting_step,
    recovery_hash,
    recovery_texts,
    seed_address,
    seed_text,
    step_of,
)
from hallway.accounts.passwords import MOST, Argon2, Breached, checked_password
from hallway.journal.model import Unavailable

OWN = ("ada.lovelace@analytical.example", "Ada Lovelace", "Fieldbook")
SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    "password",
    ["short", "a" * 20, "abcabcabcabcabcabc", "passwordpassword", "Password123456789", "123456789012345678",
     "abcdefghijklmnop", "qwertyuiopasdfghjkl", "ada.lovelace@analytical.example", "ADA LOVELACE 2026!!",
     "FieldbookFieldbook", "x" * 8 + "y" * 8,
     "aB3" * (MOST // 3 + 1)],
)  # fmt: skip
def test_a_password_that_would_be_tried_first_is_declined(password: str) -> None:
    with pytest.raises(Declined):
        checked_password(password, OWN)


@pytest.mark.parametrize(
    "password", ["a green heron reads", "Тихий омут и черти", "correct horse battery", "9f2a-77c1-0b3e-44d8"]
)
def test_a_password_that_nobody_tries_is_taken(password: str) -> None:
    assert checked_password(password, OWN) == password


def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    assert checked_password("Grün ist die Farbe", OWN) == checked_password("Gru\u0308n ist die Farbe", OWN)


def test_a_breached_password_is_found_in_a_sorted_file(tmp_path: Path) -> None:
    words = [f"some breached words {number}" for number in range(50)]
    lines = sorted(hashlib.sha1(word.encode()).hexdigest().upper() for word in words)
    (tmp_path / "list").write_text("".join(f"{line}:7\n" for line in lines))
    breached = Breached(tmp_path / "list")
    assert all(breached.has(word) for word in words)
    assert not any(breached.has(f"other words {number}") for number in range(50))
    with pytest.raises(Declined):
        checked_password(words[3], (), breached)


async def test_a_hash_fits_its_password_only() -> None:
    hasher = Argon2()
    kept = await hasher.hash("a green heron reads")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await hasher.fits(kept, "a green heron reads")
    assert not await hasher.fits(kept, "a green heron read")
    assert not await hasher.fits(None, "a green heron reads")
    assert not await hasher.fits("not a hash", "a green heron reads")
    assert not await hasher.fits(kept, "a green heron reads" + "x" * MOST)


async def test_too_many_at_once_are_told_to_come_again() -> None:
    hasher = Argon2()
    ended = await asyncio.gather(*(hasher.fits(None, "x") for _ in range(50)), return_exceptions=True)
    assert len([one for one in ended if isinstance(one, Unavailable)]) == 10
    assert not await hasher.fits(None, "x")


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238 appendix B, its last six digits."""
    assert code_at(SEED, step_of(seconds * 1_000_000)) == code


def test_a_code_is_taken_once_and_one_step_off() -> None:
    now = 1_700_000_000_000_000
    step = step_of(now)
    for off in (-1, 0, 1):
        assert fitting_step(SEED, code_at(SEED, step + off), now, 0) == step + off
    for off in (-2, 2):
        assert fitting_step(SEED, code_at(SEED, step + off), now, 0) is None
    assert fitting_step(SEED, code_at(SEED, step), now, step) is None
    assert fitting_step(SEED, f" {code_at(SEED, step)[:3]} {code_at(SEED, step)[3:]}", now, 0) == step
    for wrong in ("", "12345", "1234567", "abcdef", "１２３４５６"):
        assert fitting_step(SEED, wrong, now, 0) is None


def test_a_seed_is_told_as_apps_read_it() -> None:
    assert seed_text(SEED) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert seed_address(SEED, "Field & book", "ada@example.com").startswith(
        "otpauth://totp/Field%20%26%20book:ada@example.com?"
    )


def test_a_recovery_code_fits_however_it_is_typed_and_once() -> None:
    texts = list(recovery_texts(bytes(range(100))))
    assert len(texts) == len(set(texts)) == 10 and all(len(text) == 19 for text in texts)
    codes = [RecoveryCode(slot, recovery_hash(text)) for slot, text in enumerate(texts)]
    assert fitting_code(codes, texts[4].upper().replace("-", " ")) == codes[4]
    assert fitting_code([RecoveryCode(0, codes[0].hash, 5)], texts[0]) is None
    assert fitting_code(codes, "aaaa-aaaa-aaaa-aaab") is None
