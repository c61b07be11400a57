"""Passwords: which ones may be chosen, and how they are hashed.

Rules: 15 characters at least, as NIST SP 800-63B-4 §3.1.1.2 asks where a password may be the only factor; every
character counts and none is demanded; a password that others use, or that is one of the person's own words, is refused.
One that is known is refused under its disguises too: repeated, with digits or signs at its end, in another case.
"""

import hashlib
import lzma
import unicodedata
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from hallway.accounts.desk import Declined
from hallway.journal.model import Unavailable

LEAST: Final = 15
MOST: Final = 256
THREADS: Final = 2
MOST_WAITING: Final = 40
_FEWEST_SIGNS: Final = 5
_RUNS: Final = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_DUMMY: Final = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def checked_password(password: str, own_words: Collection[str], breached: "Breached | None" = None) -> str:
    """The password in normal form (NFC), fit to be hashed; raises `Declined`."""
    tidy = unicodedata.normalize("NFC", password)
    if len(tidy) < LEAST:
        raise Declined(
            "password",
            "Choose at least %(least)s characters; a few words that only you would join are good",
            least=LEAST,
        )
    if len(tidy) > MOST:
        raise Declined("password", "Choose at most %(most)s characters", most=MOST)
    core = _core(tidy.casefold())
    words = {_core(part) for word in own_words for part in (word.casefold(), *word.casefold().split("@"))}
    guessable = core in _common() or core in words or len(set(tidy)) < _FEWEST_SIGNS or _is_run(core)
    if guessable or (breached is not None and breached.has(tidy)):
        raise Declined("password", "Choose another password: this one is among the first that somebody would try")
    return tidy


def _core(text: str) -> str:
    """What is left of a password without its disguise: one period of a repetition, no digits and signs at its ends."""
    for _ in range(2):
        period = next((size for size in range(1, len(text) // 2 + 1) if _repeats(text, size)), len(text))
        text = text[:period]
        bare = text.strip("0123456789!?.,-_*#@$%&+= ")
        text = bare or text
    return text


def _repeats(text: str, size: int) -> bool:
    return all(text[place] == text[place - size] for place in range(size, len(text)))


def _is_run(text: str) -> bool:
    """Whether it walks along the alphabet, the digits or a row of keys."""
    pairs = list(pairwise(text))
    walked = [any(a + b in run or b + a in run for run in _RUNS) for a, b in pairs]
    return bool(pairs) and sum(walked) * 5 >= len(pairs) * 4


@cache
def _common() -> frozenset[str]:
    """The bundled list; its source and licence stand beside it."""
    packed = files("hallway.accounts").joinpath("common_passwords.xz").read_bytes()
    return frozenset(lzma.decompress(packed).decode().split())


class Breached:
    """A larger list by file: SHA-1 in hexadecimal, sorted, one a line, anything after a colon ignored."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size_bytes = path.stat().st_size

    def has(self, password: str) -> bool:
        """Whether the password is in it, found by halving."""
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        low, high = 0, self._size_bytes
        with self._path.open("rb") as file:
            while low < high:
                middle = (low + high) // 2
                found = _digest_from(file, middle)
                low, high = (middle + 1, high) if found and found < wanted else (low, middle)
            return _digest_from(file, low) == wanted


def _digest_from(file: BinaryIO, place: int) -> bytes:
    """The digest of the first line that begins at or after `place`; empty behind the last one."""
    file.seek(max(place - 1, 0))
    if place:
        file.readline()
    return file.readline(200).split(b":")[0].strip().upper()


class Argon2:
    """See `hallway.accounts.ports.Hasher`: argon2id, 19 MiB, two passes, on two threads (OWASP's second choice)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._pool = ThreadPoolExecutor(THREADS, "passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """A PHC string."""
        return await self._run(get_running_loop(), lambda: self._hasher.hash(password))

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether the password is the kept one; without one it is never, and costs as much."""
        if len(password) > MOST:
            password = password[:MOST] + "…"
        tidy = unicodedata.normalize("NFC", password)
        answer = await self._run(get_running_loop(), lambda: "fits" if self._verified(kept or _DUMMY, tidy) else "")
        return bool(answer) and kept is not None

    async def _run(self, loop: AbstractEventLoop, work: Callable[[], str]) -> str:
        if self._waiting >= MOST_WAITING:
            raise Unavailable("too many passwords are being checked")
        self._waiting += 1
        try:
            return await loop.run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1

    def _verified(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
