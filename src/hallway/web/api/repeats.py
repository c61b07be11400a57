"""A POST with an `Idempotency-Key`: sent again, it gets the first answer, and nothing is done twice.

Rules: a key belongs to its caller, its address and its body, for a day; only what succeeded is kept, sealed, since
some answers hold a secret; what was refused may be tried again with the same key.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import msgspec

from hallway.exchanges.idempotency import BEGUN, COMMITTED, Answers, Begun
from hallway.keys.model import UnknownKey
from hallway.keys.service import HeldRing
from hallway.web.api.guard import Caller
from hallway.web.api.problems import ApiProblem
from hallway.web.http import Header, Request, Response

HEADER: Final = b"idempotency-key"
REPLAYED: Final[Header] = (b"idempotency-replayed", b"true")
_LONGEST: Final = 255
_AGAIN: Final = ((b"retry-after", b"1"),)


class _Kept(msgspec.Struct, array_like=True):
    """An answer, as it is sealed."""

    body: bytes
    headers: list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Answers that are kept, and what seals them."""

    answers: Answers
    keys: HeldRing

    async def begin(self, request: Request, caller: Caller, body: bytes, now: int) -> Begun | Response | None:
        """The right to carry the request out, or the first answer; None where no key came. Raises `ApiProblem`."""
        key = request.headers.get(HEADER)
        if key is None:
            return None
        if not 1 <= len(key) <= _LONGEST or not all(0x20 <= one < 0x7F for one in key):
            raise ApiProblem("malformed_request", "An Idempotency-Key has 1 to 255 printable ASCII characters.")
        named = _hash(caller.kind.encode(), caller.id, key)
        asked = _hash(request.method.encode(), request.path.encode(), request.query, body)
        found = await self.answers.begin(named, asked, now)
        if isinstance(found, Begun):
            return found
        if found.request_hash != asked:
            raise ApiProblem(
                "idempotency_key_reused", "This Idempotency-Key came with another request. Choose a new one for each."
            )
        if found.status == BEGUN:
            raise ApiProblem("request_in_progress", "Wait as long as Retry-After says, then ask again.", (), _AGAIN)
        if found.status == COMMITTED:
            raise ApiProblem("answer_lost", "It was carried out once and is not again. Read what there is now.")
        kept = msgspec.msgpack.decode(await self._opened(found.sealed, named), type=_Kept)
        return Response(found.status, kept.body, (*kept.headers, REPLAYED))

    async def _opened(self, sealed: bytes, named: bytes) -> bytes:
        try:
            return self.keys.decrypt(sealed, _context(named))
        except UnknownKey:
            await self.keys.renew()
            return self.keys.decrypt(sealed, _context(named))

    async def keep(self, begun: Begun, answer: Response) -> None:
        """Keep an answer."""
        plain = msgspec.msgpack.encode(_Kept(answer.body, list(answer.headers)))
        await self.answers.keep(begun, answer.status, self.keys.encrypt(plain, _context(begun.key_hash)))

    async def give_up(self, begun: Begun) -> None:
        """Nothing was changed: the same key may begin anew."""
        await self.answers.give_up(begun)


def _hash(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _context(named: bytes) -> bytes:
    return b"idempotent_answer sealed " + named
