"""What sign-ins work with, and what every protocol does the same: begin, park an answer, find it again."""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any, Final

import orjson

from hallway.accounts.desk import AccountDesk
from hallway.hub.connections.model import Connection
from hallway.hub.connections.ports import Vault
from hallway.hub.organizations.members import MemberState
from hallway.hub.organizations.ports import Organizations
from hallway.hub.sign_in.model import (
    ANSWERED_WAITS,
    WAITS,
    Attempt,
    Kind,
    NewAttempt,
    NewSeenMessage,
    NewSignIn,
    Outcome,
    Said,
    SignIn,
    SignInAnswered,
    SignInEnded,
    TurnedAway,
)
from hallway.hub.sign_in.ports import SignIns
from hallway.hub.sign_in.verdict import Registry, apparent
from hallway.ids import AccountId, AttemptId, ConnectionId, MemberId, SessionId, SignInId, fresh_id
from hallway.journal.model import Change, Stale
from hallway.journal.ports import Ledger
from hallway.scim.json import JsonObject

SECRET_BYTES: Final = 32
NO_BROWSER: Final = b""
"""What an unsolicited answer is bound to until a browser takes it up."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why somebody is sent to the provider, and where she goes on to; `secret` is what her browser keeps. For `AGAIN`:
    whose session it freshens.
    """

    secret: bytes
    kind: Kind = Kind.SIGN_IN
    next: str = ""
    account_id: AccountId | None = None
    session_id: SessionId | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a sign-in ended, to be kept."""

    kind: Kind
    outcome: Outcome
    code: str
    who: str
    detail: JsonObject
    member_id: MemberId | None = None


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """Stores, time, chance, and who keeps secrets; `accounts` makes sessions, `http_hosts` may be asked without TLS."""

    ledger: Ledger
    organizations: Organizations
    sign_ins: SignIns
    registry: Registry
    accounts: AccountDesk
    vault: Vault
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    base_url: str
    http_hosts: frozenset[str] = frozenset()

    def is_of_browser(self, sign_in: SignIn, secret: bytes) -> bool:
        """Whether the browser with this secret began it."""
        return hmac.compare_digest(sign_in.browser, browser_hash(secret))

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))

    async def begin(self, connection: Connection, purpose: Purpose, token: str, secrets: dict[str, str]) -> SignIn:
        """A sign-in that waits for an answer to `token`, which has its id."""
        now = self.clock()
        sign_in = SignIn(
            sign_in_id_of(token), connection.organization_id, connection.id, purpose.kind, browser_hash(purpose.secret),
            token,
            now, now + WAITS, purpose.next, secrets, purpose.account_id, purpose.session_id,
            member_id=await self._member_of(connection, purpose.account_id),
        )  # fmt: skip
        await self.ledger.commit(Change(connection.organization_id, (NewSignIn(sign_in),)))
        return sign_in

    async def _member_of(self, connection: Connection, account_id: AccountId | None) -> MemberId | None:
        if account_id is None:
            return None
        member = await self.registry.members.by_account(connection.organization_id, account_id)
        return None if member is None else member.id

    def fresh_token(self, prefix: str = "") -> str:
        """Names a sign-in to the provider: its id and 128 random bits, in hexadecimal."""
        return prefix + self.fresh_id().hex() + self.entropy(16).hex()

    async def waiting(self, connection: Connection, token: str) -> SignIn | None:
        """The sign-in that a token names, where it still waits for its first answer."""
        found = await self._waiting(connection, token)
        return None if found is None or found.kind is Kind.LOGOUT else found

    async def leave_taken(self, connection: Connection, token: str) -> bool:
        """Whether a token names a logout of ours that waits for its answer; it waits no longer then."""
        found = await self._waiting(connection, token)
        if found is None or found.kind is not Kind.LOGOUT:
            return False
        with suppress(Stale):
            await self.ledger.commit(Change(connection.organization_id, (SignInEnded(found.id, self.clock()),)))
            return True
        return False

    async def _waiting(self, connection: Connection, token: str) -> SignIn | None:
        if len(token) < _TOKEN_LENGTH or not _is_token(token):
            return None
        found = await self.sign_ins.sign_in(connection.organization_id, sign_in_id_of(token))
        if found is None or not hmac.compare_digest(found.token.encode(), token.encode()):
            return None
        late = found.answered_at is not None or found.ended_at is not None or self.clock() >= found.expires_at
        return None if late or found.connection_id != connection.id else found

    async def park(self, connection: Connection, sign_in: SignIn | None, said: Said) -> SignInId:
        """Keep a judged answer for the browser that fetches it. Raises `TurnedAway` where it was used before."""
        now, owner = self.clock(), connection.organization_id
        seen = NewSeenMessage(connection.id, hashlib.sha256(said.message.encode()).digest(), said.until, now)
        own = sign_in.id if sign_in is not None else SignInId(self.fresh_id())
        answer = self.vault.encrypt(orjson.dumps(_packed(said)), _context(own))
        member = await apparent(self.registry, connection, said, subject_hash(connection.id, said.subject))
        if sign_in is not None:
            rows: tuple[Any, ...] = (SignInAnswered(own, answer, now, member), seen)
        else:
            token = own.hex() + self.entropy(16).hex()
            begun = SignIn(
                own, owner, connection.id, Kind.UNSOLICITED, NO_BROWSER, token, now, now + ANSWERED_WAITS,
                answer=answer, answered_at=now, member_id=member,
            )  # fmt: skip
            rows = (NewSignIn(begun), seen)
        try:
            await self.ledger.commit(Change(owner, rows))
        except Stale:
            raise TurnedAway("replayed") from None
        return own

    async def parked(self, connection: Connection, sign_in_id: SignInId, secret: str) -> tuple[SignIn, Said]:
        """The answer that waits for this browser. Raises `TurnedAway`."""
        found = await self.sign_ins.sign_in(connection.organization_id, sign_in_id)
        if found is None or found.connection_id != connection.id or found.answered_at is None:
            raise TurnedAway("no_request")
        if found.ended_at is not None and found.member_id is not None and self.is_of_browser(found, _octets(secret)):
            await self._refuse_leaver(connection, found, found.member_id)
        if found.answer is None or found.ended_at is not None or self.clock() >= found.answered_at + WAITS:
            raise TurnedAway("no_request")
        if found.kind is Kind.UNSOLICITED:
            if self.clock() >= found.expires_at:
                raise TurnedAway("no_request")
        elif not self.is_of_browser(found, _octets(secret)):
            raise TurnedAway("other_browser")
        return found, _unpacked(orjson.loads(self.vault.decrypt(found.answer, _context(found.id))))

    async def _refuse_leaver(self, connection: Connection, sign_in: SignIn, member_id: MemberId) -> None:
        """Say to who left meanwhile, which ended her sign-in, that this is why; and keep it. Raises `TurnedAway`."""
        member = await self.registry.members.by_id(connection.organization_id, member_id)
        if member is not None and member.state is not MemberState.DEACTIVATED:
            return
        code, who = ("nobody_here", "") if member is None else ("deactivated", member.email)
        timeline: JsonObject = {"timeline": [{"at": self.clock(), "what": "refused"}], "expected": "", "received": ""}
        row = self.attempt(connection, Ended(sign_in.kind, Outcome.REFUSED, code, who, timeline, member_id))
        await self.ledger.commit(Change(connection.organization_id, (row,)))
        raise TurnedAway(code)

    def attempt(self, connection: Connection, ended: Ended) -> NewAttempt:
        """A row to keep, its detail sealed."""
        own = AttemptId(self.fresh_id())
        made = Attempt(
            own, connection.organization_id, connection.id, self.clock(), ended.outcome, ended.code, ended.kind,
            ended.who[:256], ended.detail, ended.member_id,
        )  # fmt: skip
        context = b"attempt " + connection.organization_id + own
        return NewAttempt(made, self.vault.encrypt(orjson.dumps(ended.detail), context))


_TOKEN_LENGTH: Final = 64


def sign_in_id_of(token: str) -> SignInId:
    """The id of the sign-in that a token names."""
    return SignInId(bytes.fromhex(token[-_TOKEN_LENGTH:-32]))


def subject_hash(connection_id: ConnectionId, subject: str) -> bytes:
    """What a subject is found by."""
    return hashlib.sha256(connection_id + subject.encode()).digest()


def browser_hash(secret: bytes) -> bytes:
    """What is kept of a browser's secret."""
    return hashlib.sha256(b"sign-in\0" + secret).digest()


def _is_token(token: str) -> bool:
    return all(sign in "0123456789abcdef" for sign in token[-_TOKEN_LENGTH:])


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _context(sign_in_id: bytes) -> bytes:
    return b"answer of sign-in " + sign_in_id


def _packed(said: Said) -> dict[str, Any]:
    return {each.name: getattr(said, each.name) for each in fields(said)}


def _unpacked(kept: dict[str, Any]) -> Said:
    return Said(**{**kept, "groups": tuple(kept["groups"])})
