"""Sign-ins that wait, messages that were seen, attempts: see `hallway.hub.sign_in.ports`."""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import orjson

from hallway.hub.connections.model import Match
from hallway.hub.connections.ports import Vault
from hallway.hub.organizations.leaving import SignInsEnded
from hallway.hub.organizations.members import Member, MemberState
from hallway.hub.sign_in.model import (
    DAY,
    Attempt,
    Kind,
    NewAttempt,
    NewSeenMessage,
    NewSignIn,
    NewSsoSession,
    Outcome,
    SignIn,
    SignInAnswered,
    SignInEnded,
    SsoSession,
    SsoSessionsEnd,
    StrangerRefusal,
    StrangerRefused,
)
from hallway.ids import AccountId, AttemptId, ConnectionId, MemberId, OrganizationId, SessionId, SignInId, fresh_id
from hallway.scim.fold import fold
from hallway.store.database import Database, tenant
from hallway.store.members import MemberStore
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

KEPT: Final = DAY
ATTEMPT_DAYS: Final = 90
_SIGN_IN: Final = """organization_id, id, connection_id, kind, browser, body, answer, created_at, expires_at,
    answered_at, ended_at, member_id"""
_ATTEMPT: Final = "organization_id, id, connection_id, at, outcome, code, kind, who, member_id, body"

BY_ID = statement("sign_in_by_id", f"SELECT {_SIGN_IN} FROM sign_in WHERE organization_id = ?1 AND id = ?2")
INSERT = statement(
    "sign_in_insert", f"INSERT INTO sign_in ({_SIGN_IN}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
)
OLD = statement("sign_ins_forgotten", "DELETE FROM sign_in WHERE organization_id = ?1 AND id < ?2")
ANSWERED = statement(
    "sign_in_answered",
    """UPDATE sign_in SET answer = ?3, answered_at = ?4, member_id = COALESCE(?5, member_id)
       WHERE organization_id = ?1 AND id = ?2 AND answered_at IS NULL AND ended_at IS NULL RETURNING organization_id""",
)
ENDED = statement(
    "sign_in_ended",
    """UPDATE sign_in SET ended_at = ?3, answer = NULL WHERE organization_id = ?1 AND id = ?2 AND ended_at IS NULL
       RETURNING organization_id""",
)
MEMBERS_ENDED = statement(
    "sign_ins_of_member_ended",
    """UPDATE sign_in SET ended_at = ?3, answer = NULL
       WHERE organization_id = ?1 AND member_id = ?2 AND ended_at IS NULL""",
)
SEEN = statement(
    "seen_message_insert",
    "INSERT INTO seen_message (organization_id, connection_id, message, until) VALUES (?1, ?2, ?3, ?4)",
)
SEEN_OLD = statement(
    "seen_messages_forgotten",
    "DELETE FROM seen_message WHERE organization_id = ?1 AND connection_id = ?2 AND until < ?3",
)
NEW_SESSION = statement(
    "sso_session_insert",
    """INSERT INTO sso_session (organization_id, connection_id, subject, session_index, account_id, session_id, name_id,
         expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)""",
)
SESSIONS_OLD = statement(
    "sso_sessions_forgotten",
    "DELETE FROM sso_session WHERE organization_id = ?1 AND connection_id = ?2 AND expires_at < ?3",
)
SESSIONS = statement(
    "sso_sessions",
    """SELECT organization_id, session_index, account_id, session_id, name_id, expires_at FROM sso_session
       WHERE organization_id = ?1 AND connection_id = ?2 AND subject = ?3 ORDER BY session_id""",
)
SESSION_OF = statement(
    "sso_session_of",
    """SELECT organization_id, subject, session_index, account_id, name_id, expires_at FROM sso_session
       WHERE organization_id = ?1 AND connection_id = ?2 AND session_id = ?3 LIMIT 1""",
)
SESSIONS_BY_INDEX = statement(
    "sso_sessions_by_index",
    """SELECT organization_id, subject, account_id, session_id, name_id, expires_at FROM sso_session
       WHERE organization_id = ?1 AND connection_id = ?2 AND session_index = ?3 ORDER BY session_id LIMIT 200""",
)
SESSIONS_END = statement(
    "sso_sessions_end",
    """DELETE FROM sso_session WHERE organization_id = ?1 AND connection_id = ?2 AND subject = ?3
         AND (?4 = '' OR session_index = ?4)""",
)
NEW_ATTEMPT = statement(
    "attempt_insert",
    """INSERT INTO attempt (organization_id, id, connection_id, at, outcome, code, kind, who, member_id, body,
         search_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)""",
)
ATTEMPTS_OLD = statement("attempts_forgotten", "DELETE FROM attempt WHERE organization_id = ?1 AND id < ?2")
ATTEMPT = statement("attempt_by_id", f"SELECT {_ATTEMPT} FROM attempt WHERE organization_id = ?1 AND id = ?2")
ATTEMPTS = statement(
    "attempts",
    f"""SELECT {_ATTEMPT} FROM attempt WHERE organization_id = ?1 AND id < ?2
          AND (?3 = '' OR {{instr}}(search_key, ?3) > 0) ORDER BY id DESC LIMIT ?4""",
)
ATTEMPTS_OF = statement(
    "attempts_of_connection",
    f"""SELECT {_ATTEMPT} FROM attempt WHERE organization_id = ?1 AND connection_id = ?5 AND id < ?2
          AND (?3 = '' OR {{instr}}(search_key, ?3) > 0) ORDER BY id DESC LIMIT ?4""",
)
STRANGERS = statement(
    "refused_strangers",
    """SELECT organization_id, at, code, address, client FROM refused_stranger
       WHERE organization_id = ?1 AND connection_id = ?2 ORDER BY at DESC""",
)
STRANGER = statement(
    "refused_stranger_upsert",
    """INSERT INTO refused_stranger (organization_id, connection_id, place, at, code, address, client)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT (organization_id, connection_id, place)
       DO UPDATE SET at = excluded.at, code = excluded.code, address = excluded.address, client = excluded.client""",
)
MEMBERS_BY_USER_NAME = statement(
    "members_by_user_name",
    """SELECT l.organization_id, l.member_id FROM directory d
       JOIN resource r ON r.organization_id = d.organization_id AND r.directory_id = d.id AND r.kind = 1
         AND r.name_key = ?2
       JOIN member_link l ON l.organization_id = d.organization_id AND l.directory_id = d.id AND l.resource_id = r.id
       WHERE d.organization_id = ?1 ORDER BY l.member_id LIMIT 5""",
)
MEMBERS_BY_EXTERNAL_ID = statement(
    "members_by_external_id",
    """SELECT l.organization_id, l.member_id FROM directory d
       JOIN resource r ON r.organization_id = d.organization_id AND r.directory_id = d.id AND r.kind = 1
         AND r.external_id = ?2
       JOIN member_link l ON l.organization_id = d.organization_id AND l.directory_id = d.id AND l.resource_id = r.id
       WHERE d.organization_id = ?1 ORDER BY l.member_id LIMIT 5""",
)
ENDED_BY_KEY = statement(
    "people_ended_by_key",
    """SELECT d.organization_id FROM directory d
       JOIN resource r ON r.organization_id = d.organization_id AND r.directory_id = d.id AND r.kind IN (1, 3)
         AND (r.name_key = ?2 OR r.external_id = ?3)
       WHERE d.organization_id = ?1 AND (r.kind = 3 OR COALESCE(r.active, 1) = 0) LIMIT 1""",
)
ENDED_BY_ADDRESS = statement(
    "people_ended_by_address",
    """SELECT d.organization_id FROM directory d
       JOIN resource_key k ON k.organization_id = d.organization_id AND k.directory_id = d.id AND k.kind IN (1, 3)
         AND k.attribute = 1 AND k.value = ?2
       JOIN resource r ON r.organization_id = k.organization_id AND r.directory_id = k.directory_id
         AND r.kind = k.kind AND r.id = k.id
       WHERE d.organization_id = ?1 AND (r.kind = 3 OR COALESCE(r.active, 1) = 0) LIMIT 1""",
)
ACTIVE_DIRECTORY = statement(
    "directory_is_active",
    "SELECT organization_id FROM directory WHERE organization_id = ?1 AND state = 'active' LIMIT 1",
)


class SignInStore:
    """The port over either engine; the detail of attempts is sealed."""

    def __init__(self, database: Database, vault: Callable[[], Vault]) -> None:
        self._database = database
        self._vault = vault

    async def sign_in(self, organization_id: OrganizationId, sign_in_id: SignInId) -> SignIn | None:
        """One that waits, or waited."""
        row = await tenant(self._database, organization_id).row(BY_ID, sign_in_id)
        return None if row is None else _sign_in(organization_id, row)

    async def sso_sessions(
        self, organization_id: OrganizationId, connection_id: ConnectionId, subject: bytes
    ) -> Sequence[SsoSession]:
        """Our sessions of a subject."""
        rows = await tenant(self._database, organization_id).rows(SESSIONS, connection_id, subject)
        return [
            SsoSession(connection_id, subject, index, account, session, orjson.loads(name_id), expires)
            for index, account, session, name_id, expires in cast(
                "list[tuple[str, AccountId, SessionId, bytes, int]]", rows
            )
        ]

    async def sso_sessions_by_index(
        self, organization_id: OrganizationId, connection_id: ConnectionId, session_index: str
    ) -> Sequence[SsoSession]:
        """Our sessions that began in one session of the provider."""
        rows = await tenant(self._database, organization_id).rows(SESSIONS_BY_INDEX, connection_id, session_index)
        return [
            SsoSession(connection_id, subject, session_index, account, session, orjson.loads(name_id), expires)
            for subject, account, session, name_id, expires in cast(
                "list[tuple[bytes, AccountId, SessionId, bytes, int]]", rows
            )
        ]

    async def sso_session_of(
        self, organization_id: OrganizationId, connection_id: ConnectionId, session_id: SessionId
    ) -> SsoSession | None:
        """What one of our sessions is at the provider."""
        row = await tenant(self._database, organization_id).row(SESSION_OF, connection_id, session_id)
        if row is None:
            return None
        subject, index, account, name_id, expires = cast("tuple[bytes, str, AccountId, bytes, int]", row)
        return SsoSession(connection_id, subject, index, account, session_id, orjson.loads(name_id), expires)

    async def attempt(self, organization_id: OrganizationId, attempt_id: AttemptId) -> Attempt | None:
        """One attempt, opened."""
        row = await tenant(self._database, organization_id).row(ATTEMPT, attempt_id)
        if row is None:
            return None
        kept = cast("bytes", row[8])
        detail = orjson.loads(self._vault().decrypt(kept, attempt_context(organization_id, attempt_id)))
        return _attempt(organization_id, row, detail)

    async def attempts(
        self,
        organization_id: OrganizationId,
        connection_id: ConnectionId | None,
        text: str,
        before: AttemptId | None,
        limit: int,
    ) -> Sequence[Attempt]:
        """Attempts, newest first, without their detail."""
        own = tenant(self._database, organization_id)
        asked: tuple[Any, ...] = (before or b"\xff" * 16, fold(text.strip()), limit)
        chosen, asked = (ATTEMPTS, asked) if connection_id is None else (ATTEMPTS_OF, (*asked, connection_id))
        rows = await (own.scan(chosen, *asked) if text.strip() else own.rows(chosen, *asked))
        return [_attempt(organization_id, row, {}) for row in rows]

    async def strangers(
        self, organization_id: OrganizationId, connection_id: ConnectionId
    ) -> Sequence[StrangerRefusal]:
        """The last hundred messages that no key of the connection signed, newest first."""
        rows = await tenant(self._database, organization_id).rows(STRANGERS, connection_id)
        return [StrangerRefusal(*row) for row in cast("list[tuple[int, str, str, str]]", rows)]


def attempt_context(organization_id: bytes, attempt_id: bytes) -> bytes:
    """What an attempt's detail is sealed for."""
    return b"attempt " + organization_id + attempt_id


def _sign_in(organization_id: OrganizationId, row: ResultRow) -> SignIn:
    sign_in_id, connection_id, kind, browser, body, answer, created, expires, answered, ended, member = cast(
        "tuple[SignInId, ConnectionId, str, bytes, bytes, bytes | None, int, int, int | None, int | None,"
        " MemberId | None]",
        row,
    )
    kept = orjson.loads(body)
    account, session = kept["account"], kept["session"]
    return SignIn(
        sign_in_id, organization_id, connection_id, Kind(kind), browser, kept["token"], created, expires, kept["next"],
        kept["secrets"], AccountId(bytes.fromhex(account)) if account else None,
        SessionId(bytes.fromhex(session)) if session else None, answer, answered, ended, member,
    )  # fmt: skip


def _attempt(organization_id: OrganizationId, row: ResultRow, detail: Any) -> Attempt:
    attempt_id, connection_id, at, outcome, code, kind, who, member_id = cast(
        "tuple[AttemptId, ConnectionId, int, str, str, str, str, MemberId | None]", row[:8]
    )
    return Attempt(
        attempt_id, organization_id, connection_id, at, Outcome(outcome), code, Kind(kind), who, detail, member_id
    )


@writes(NewSignIn)
def _new_sign_in(org: bytes, row: NewSignIn) -> Sequence[Step]:
    one = row.sign_in
    body = orjson.dumps(
        {
            "token": one.token,
            "next": one.next,
            "secrets": one.secrets,
            "account": one.account_id.hex() if one.account_id else "",
            "session": one.session_id.hex() if one.session_id else "",
        }
    )
    columns = (one.id, one.connection_id, one.kind.value, one.browser, body, one.answer, one.created_at, one.expires_at)
    oldest = fresh_id(max(one.created_at - KEPT, 0), bytes(10))
    return [Step(OLD, (org, oldest)), Step(INSERT, (org, *columns, one.answered_at, one.ended_at, one.member_id))]


@writes(SignInAnswered)
def _answered(org: bytes, row: SignInAnswered) -> Sequence[Step]:
    return [Step(ANSWERED, (org, row.sign_in_id, row.answer, row.at, row.member_id), 1)]


@writes(SignInEnded)
def _ended(org: bytes, row: SignInEnded) -> Sequence[Step]:
    return [Step(ENDED, (org, row.sign_in_id, row.at), 1)]


@writes(SignInsEnded)
def _members_ended(org: bytes, row: SignInsEnded) -> Sequence[Step]:
    return [Step(MEMBERS_ENDED, (org, row.member_id, row.at))]


@writes(NewSeenMessage)
def _seen(org: bytes, row: NewSeenMessage) -> Sequence[Step]:
    forgotten = Step(SEEN_OLD, (org, row.connection_id, row.now))
    return [forgotten, Step(SEEN, (org, row.connection_id, row.message, row.until))]


@writes(NewSsoSession)
def _new_session(org: bytes, row: NewSsoSession) -> Sequence[Step]:
    one = row.session
    columns = (one.connection_id, one.subject, one.session_index, one.account_id, one.session_id)
    forgotten = Step(SESSIONS_OLD, (org, one.connection_id, row.now))
    return [forgotten, Step(NEW_SESSION, (org, *columns, orjson.dumps(one.name_id), one.expires_at))]


@writes(SsoSessionsEnd)
def _sessions_end(org: bytes, row: SsoSessionsEnd) -> Sequence[Step]:
    return [Step(SESSIONS_END, (org, row.connection_id, row.subject, row.session_index))]


@writes(NewAttempt)
def _new_attempt(org: bytes, row: NewAttempt) -> Sequence[Step]:
    one = row.attempt
    columns = (one.id, one.connection_id, one.at, one.outcome.value, one.code, one.kind.value, one.who, one.member_id)
    oldest = fresh_id(max(one.at - ATTEMPT_DAYS * DAY, 0), bytes(10))
    return [Step(ATTEMPTS_OLD, (org, oldest)), Step(NEW_ATTEMPT, (org, *columns, row.sealed, fold(one.who)))]


@writes(StrangerRefused)
def _stranger(org: bytes, row: StrangerRefused) -> Sequence[Step]:
    one = row.refusal
    return [Step(STRANGER, (org, row.connection_id, row.place, one.at, one.code, one.address, one.client))]


class DirectoryPeopleStore:
    """See `hallway.hub.sign_in.ports.DirectoryPeople`."""

    def __init__(self, database: Database, members: MemberStore) -> None:
        self._database = database
        self._members = members

    async def members_by(self, organization_id: OrganizationId, match: Match, value: str) -> Sequence[Member]:
        """Members whose directory user has this userName or externalId, in any directory."""
        own = tenant(self._database, organization_id)
        asked = fold(value) if match is Match.USER_NAME else value
        rows = await own.rows(MEMBERS_BY_USER_NAME if match is Match.USER_NAME else MEMBERS_BY_EXTERNAL_ID, asked)
        found = [await self._members.by_id(organization_id, one) for (one,) in cast("list[tuple[MemberId]]", rows)]
        return [one for one in found if one is not None]

    async def was_ended(self, organization_id: OrganizationId, identifiers: Sequence[str]) -> bool:
        """Whether any of these names is, or was, of somebody who was ended."""
        own = tenant(self._database, organization_id)
        for name in identifiers:
            known = await self._members.by_email(organization_id, name)
            if any(one.state is MemberState.DEACTIVATED for one in known):
                return True
            if await own.rows(ENDED_BY_KEY, fold(name), name) or await own.rows(ENDED_BY_ADDRESS, fold(name)):
                return True
        return False

    async def has_active_directory(self, organization_id: OrganizationId) -> bool:
        """Whether a directory decides who is a member."""
        return bool(await tenant(self._database, organization_id).rows(ACTIVE_DIRECTORY))
