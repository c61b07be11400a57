"""Sessions, passkeys and recovery codes of accounts."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from hallway.accounts.model import (
    DAY,
    NewPasskey,
    NewSession,
    Passkey,
    PasskeyRemoval,
    PasskeysRemoval,
    PasskeyUpdate,
    RecoveryCode,
    RecoveryCodes,
    RecoveryCodeUse,
    Session,
    SessionEnd,
    SessionsEnd,
    SessionUpdate,
)
from hallway.ids import AccountId, OrganizationId, PasskeyId, SessionId, fresh_id
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_SESSION: Final = """organization_id, id, hash, methods, created_at, authenticated_at, seen_at, expires_at, address,
    client, ended_at, opened, entered_at"""
_PASSKEY: Final = """organization_id, id, label, credential, public_key, sign_count, transports, created_at,
    last_used_at"""

SESSION = statement("session_by_id", f"SELECT {_SESSION} FROM session WHERE organization_id = ?1 AND id = ?2")
SESSIONS = statement(
    "sessions_alive",
    f"SELECT {_SESSION} FROM session WHERE organization_id = ?1 AND ended_at IS NULL ORDER BY id DESC LIMIT 200",
)
NEW_SESSION = statement(
    "session_insert",
    f"INSERT INTO session ({_SESSION}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
)
CHANGED = statement(
    "session_update",
    """UPDATE session SET hash = ?3, methods = ?4, authenticated_at = ?5, expires_at = ?6, opened = ?7, entered_at = ?8
       WHERE organization_id = ?1 AND id = ?2 AND ended_at IS NULL RETURNING organization_id""",
)
SEEN = statement(
    "session_seen", "UPDATE session SET seen_at = ?3 WHERE organization_id = ?1 AND id = ?2 AND seen_at < ?3"
)
END = statement(
    "session_end", "UPDATE session SET ended_at = ?3 WHERE organization_id = ?1 AND id = ?2 AND ended_at IS NULL"
)
END_ALL = statement(
    "sessions_end",
    "UPDATE session SET ended_at = ?3 WHERE organization_id = ?1 AND id <> ?2 AND ended_at IS NULL",
)
OLD = statement("sessions_forgotten", "DELETE FROM session WHERE organization_id = ?1 AND id < ?2")
KEPT_DAYS: Final = 180
"""No session lives as long; older ones go when the next one begins."""
PASSKEYS = statement("passkeys", f"SELECT {_PASSKEY} FROM passkey WHERE organization_id = ?1 ORDER BY id")
PASSKEY = statement(
    "passkey_by_credential", f"SELECT {_PASSKEY} FROM passkey WHERE organization_id = ?1 AND credential = ?2"
)
NEW_PASSKEY = statement(
    "passkey_insert", f"INSERT INTO passkey ({_PASSKEY}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
)
CHANGED_PASSKEY = statement(
    "passkey_update",
    """UPDATE passkey SET label = ?3, sign_count = ?4, last_used_at = ?5
       WHERE organization_id = ?1 AND id = ?2 AND sign_count = ?6 RETURNING organization_id""",
)
NO_PASSKEY = statement("passkey_delete", "DELETE FROM passkey WHERE organization_id = ?1 AND id = ?2")
NO_PASSKEYS = statement("passkeys_delete", "DELETE FROM passkey WHERE organization_id = ?1")
CODES = statement(
    "recovery_codes",
    "SELECT organization_id, slot, hash, used_at FROM recovery_code WHERE organization_id = ?1 ORDER BY slot",
)
NO_CODES = statement("recovery_codes_delete", "DELETE FROM recovery_code WHERE organization_id = ?1")
NEW_CODE = statement(
    "recovery_code_insert",
    "INSERT INTO recovery_code (organization_id, slot, hash, used_at) VALUES (?1, ?2, ?3, ?4)",
)
USE_CODE = statement(
    "recovery_code_use",
    """UPDATE recovery_code SET used_at = ?3 WHERE organization_id = ?1 AND slot = ?2 AND used_at IS NULL
       RETURNING organization_id""",
)


class SessionStore:
    """The part of `hallway.accounts.ports.Accounts` that is read with each request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def session(self, account_id: AccountId, session_id: SessionId) -> Session | None:
        """One session, ended or not."""
        row = await tenant(self._database, OrganizationId(account_id)).row(SESSION, session_id)
        return None if row is None else _session(account_id, row)

    async def sessions(self, account_id: AccountId) -> Sequence[Session]:
        """Sessions that have not ended, newest first."""
        rows = await tenant(self._database, OrganizationId(account_id)).rows(SESSIONS)
        return [_session(account_id, row) for row in rows]

    async def seen(self, at: Mapping[tuple[AccountId, SessionId], int]) -> None:
        """Note when sessions were seen last."""
        await self._database.run([Step(SEEN, (*key, instant)) for key, instant in at.items()])

    async def passkeys(self, account_id: AccountId) -> Sequence[Passkey]:
        """All passkeys, oldest first."""
        rows = await tenant(self._database, OrganizationId(account_id)).rows(PASSKEYS)
        return [_passkey(account_id, row) for row in rows]

    async def passkey(self, account_id: AccountId, credential: bytes) -> Passkey | None:
        """The passkey with this credential id."""
        row = await tenant(self._database, OrganizationId(account_id)).row(PASSKEY, credential)
        return None if row is None else _passkey(account_id, row)

    async def recovery_codes(self, account_id: AccountId) -> Sequence[RecoveryCode]:
        """All codes, used or not, by slot."""
        rows = await tenant(self._database, OrganizationId(account_id)).rows(CODES)
        return [RecoveryCode(*row) for row in cast("list[tuple[int, bytes, int | None]]", rows)]


def _session(account_id: AccountId, row: ResultRow) -> Session:
    session_id, digest, methods = cast("tuple[SessionId, bytes, str]", row[:3])
    created, authenticated, seen, expires, address, client, ended, opened, entered = cast(
        "tuple[int, int, int, int, str, str, int | None, OrganizationId | None, int | None]", row[3:]
    )
    return Session(
        session_id, account_id, digest, tuple(methods.split()), created, authenticated, seen, expires, address, client,
        ended, opened, entered,
    )  # fmt: skip


def _passkey(account_id: AccountId, row: ResultRow) -> Passkey:
    passkey_id, label, credential, public_key, count, transports, created, used = cast(
        "tuple[PasskeyId, str, bytes, bytes, int, str, int, int | None]", row
    )
    ways = tuple(transports.split())
    return Passkey(passkey_id, account_id, label, credential, public_key, count, ways, created, used)


@writes(NewSession)
def _new_session(org: bytes, row: NewSession) -> Sequence[Step]:
    one = row.session
    instants = (one.created_at, one.authenticated_at, one.seen_at, one.expires_at)
    where = (one.address, one.client, one.ended_at, one.opened, one.entered_at)
    forgotten = Step(OLD, (org, fresh_id(one.created_at - KEPT_DAYS * DAY, bytes(10))))
    return [forgotten, Step(NEW_SESSION, (org, one.id, one.hash, " ".join(one.methods), *instants, *where))]


@writes(SessionUpdate)
def _session_update(org: bytes, row: SessionUpdate) -> Sequence[Step]:
    one = row.session
    instants = (one.authenticated_at, one.expires_at, one.opened, one.entered_at)
    return [Step(CHANGED, (org, one.id, one.hash, " ".join(one.methods), *instants), 1)]


@writes(SessionEnd)
def _session_end(org: bytes, row: SessionEnd) -> Sequence[Step]:
    return [Step(END, (org, row.session_id, row.at))]


@writes(SessionsEnd)
def _sessions_end(org: bytes, row: SessionsEnd) -> Sequence[Step]:
    return [Step(END_ALL, (org, row.kept or b"", row.at))]


@writes(NewPasskey)
def _new_passkey(org: bytes, row: NewPasskey) -> Sequence[Step]:
    one = row.passkey
    transports = " ".join(one.transports)
    columns = (one.id, one.label, one.credential, one.public_key, one.sign_count, transports, one.created_at)
    return [Step(NEW_PASSKEY, (org, *columns, one.last_used_at))]


@writes(PasskeyUpdate)
def _passkey_update(org: bytes, row: PasskeyUpdate) -> Sequence[Step]:
    one = row.passkey
    return [Step(CHANGED_PASSKEY, (org, one.id, one.label, one.sign_count, one.last_used_at, row.was.sign_count), 1)]


@writes(PasskeyRemoval)
def _no_passkey(org: bytes, row: PasskeyRemoval) -> Sequence[Step]:
    return [Step(NO_PASSKEY, (org, row.passkey_id))]


@writes(PasskeysRemoval)
def _no_passkeys(org: bytes, _: PasskeysRemoval) -> Sequence[Step]:
    return [Step(NO_PASSKEYS, (org,))]


@writes(RecoveryCodes)
def _codes(org: bytes, row: RecoveryCodes) -> Sequence[Step]:
    return [Step(NO_CODES, (org,)), *(Step(NEW_CODE, (org, one.slot, one.hash, one.used_at)) for one in row.codes)]


@writes(RecoveryCodeUse)
def _code_use(org: bytes, row: RecoveryCodeUse) -> Sequence[Step]:
    return [Step(USE_CODE, (org, row.slot, row.at), 1)]
