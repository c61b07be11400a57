"""Grants, codes and refresh tokens: see `hallway.hub.applications.ports.Grants`."""

from collections.abc import Sequence
from typing import Any, Final, cast

import orjson

from hallway.hub.applications.model import (
    DAY,
    GRACE,
    GRANT_LASTS,
    HOUR,
    Code,
    CodeUse,
    Grant,
    GrantEnd,
    GrantHolds,
    GrantsEnd,
    GrantsMove,
    NewCode,
    NewGrant,
    NewRefreshToken,
    RefreshToken,
    RefreshTokenUse,
)
from hallway.ids import (
    AccountId,
    ApplicationId,
    CodeId,
    ConnectionId,
    GrantId,
    MemberId,
    OrganizationId,
    SessionId,
    fresh_id,
)
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

KEPT: Final = GRANT_LASTS + 7 * DAY
"""How long a grant is kept from its beginning, ended or not."""
CODES_KEPT: Final = HOUR
"""How long a code is kept, to tell its second use from one that never was."""

_GRANT: Final = """organization_id, id, application_id, member_id, account_id, session_id, connection_id, scope, body,
    entered_at, created_at, expires_at, ended_at, version"""
_CODE: Final = "organization_id, id, grant_id, hash, body, expires_at, used_at"
_REFRESH: Final = "organization_id, grant_id, hash, created_at, expires_at, used_at"

GRANT = statement("grant_by_id", f"SELECT {_GRANT} FROM app_grant WHERE organization_id = ?1 AND id = ?2")
OF_MEMBER = statement(
    "grants_of_member",
    f"SELECT {_GRANT} FROM app_grant WHERE organization_id = ?1 AND member_id = ?2 ORDER BY id DESC LIMIT 1000",
)
INSERT = statement(
    "grant_insert",
    f"INSERT INTO app_grant ({_GRANT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
)
HOLDS = statement(
    "grant_holds",
    """SELECT g.organization_id FROM app_grant g
       JOIN organization_member m ON m.organization_id = g.organization_id AND m.id = g.member_id
       JOIN organization o ON o.organization_id = g.organization_id
       WHERE g.organization_id = ?1 AND g.id = ?2 AND g.ended_at IS NULL AND m.state = 'active'
         AND g.entered_at >= m.access_from AND o.state = 'active'""",
)
END = statement(
    "grant_end",
    """UPDATE app_grant SET ended_at = ?3, version = version + 1
       WHERE organization_id = ?1 AND id = ?2 AND ended_at IS NULL RETURNING organization_id""",
)
END_ALL = statement(
    "grants_end",
    """UPDATE app_grant SET ended_at = ?3, version = version + 1
       WHERE organization_id = ?1 AND id IN {ids:2} AND ended_at IS NULL""",
)
MOVE = statement(
    "grants_move",
    """UPDATE app_grant SET session_id = ?3, version = version + 1
       WHERE organization_id = ?1 AND session_id = ?2 AND ended_at IS NULL""",
)
FORGET = statement("grants_forget", "DELETE FROM app_grant WHERE organization_id = ?1 AND id < ?2")
FORGET_TOKENS = statement(
    "refresh_tokens_forget", "DELETE FROM refresh_token WHERE organization_id = ?1 AND grant_id < ?2"
)
CODE = statement("code_by_id", f"SELECT {_CODE} FROM auth_code WHERE organization_id = ?1 AND id = ?2")
NEW_CODE = statement("code_insert", f"INSERT INTO auth_code ({_CODE}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
USE_CODE = statement(
    "code_use",
    """UPDATE auth_code SET used_at = ?3 WHERE organization_id = ?1 AND id = ?2 AND used_at IS NULL
       RETURNING organization_id""",
)
FORGET_CODES = statement("codes_forget", "DELETE FROM auth_code WHERE organization_id = ?1 AND id < ?2")
TOKENS = statement(
    "refresh_tokens",
    f"""SELECT {_REFRESH} FROM refresh_token WHERE organization_id = ?1 AND grant_id = ?2
        ORDER BY created_at DESC, hash""",
)
NEW_TOKEN = statement("refresh_token_insert", f"INSERT INTO refresh_token ({_REFRESH}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
USE_TOKEN = statement(
    "refresh_token_use",
    """UPDATE refresh_token SET used_at = ?4 WHERE organization_id = ?1 AND grant_id = ?2 AND hash = ?3
       AND used_at IS NULL RETURNING organization_id""",
)
PAST_GRACE = statement(
    "refresh_tokens_past",
    "DELETE FROM refresh_token WHERE organization_id = ?1 AND grant_id = ?2 AND used_at < ?3",
)


class GrantStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def grant(self, organization_id: OrganizationId, grant_id: GrantId) -> Grant | None:
        """One grant, ended or not."""
        row = await tenant(self._database, organization_id).row(GRANT, grant_id)
        return None if row is None else _grant(organization_id, row)

    async def of_member(self, organization_id: OrganizationId, member_id: MemberId) -> Sequence[Grant]:
        """A member's grants, newest first."""
        rows = await tenant(self._database, organization_id).rows(OF_MEMBER, member_id)
        return [_grant(organization_id, row) for row in rows]

    async def code(self, organization_id: OrganizationId, code_id: CodeId) -> Code | None:
        """One code, used or not."""
        row = await tenant(self._database, organization_id).row(CODE, code_id)
        if row is None:
            return None
        own, grant_id, digest, body, expires, used = cast(
            "tuple[CodeId, GrantId, bytes, bytes, int, int | None]", tuple(row)
        )
        redirect_uri, challenge, nonce = orjson.loads(body)
        return Code(own, grant_id, digest, redirect_uri, challenge, nonce, expires, used)

    async def refresh_tokens(self, organization_id: OrganizationId, grant_id: GrantId) -> Sequence[RefreshToken]:
        """The tokens of a grant that are kept, newest first."""
        rows = await tenant(self._database, organization_id).rows(TOKENS, grant_id)
        return [RefreshToken(*cast("tuple[GrantId, bytes, int, int, int | None]", tuple(row))) for row in rows]


def _grant(organization_id: OrganizationId, row: ResultRow) -> Grant:
    own, application, member, account, session, connection = cast(
        "tuple[GrantId, ApplicationId, MemberId, AccountId, SessionId, ConnectionId | None]", tuple(row[:6])
    )
    scope, body, entered, created, expires, ended, version = cast(
        "tuple[str, bytes, int, int, int, int | None, int]", tuple(row[6:])
    )
    kept: dict[str, Any] = orjson.loads(body)
    return Grant(
        own, organization_id, application, member, account, session, connection, tuple(scope.split()), kept["sid"],
        kept["authenticated_at"], tuple(kept["methods"]), entered, created, expires, ended, version,
    )  # fmt: skip


@writes(NewGrant)
def _insert(org: bytes, row: NewGrant) -> Sequence[Step]:
    one = row.grant
    body = orjson.dumps({"sid": one.sid, "authenticated_at": one.authenticated_at, "methods": one.methods})
    whose = (one.id, one.application_id, one.member_id, one.account_id, one.session_id, one.connection_id)
    when = (one.entered_at, one.created_at, one.expires_at, one.ended_at, one.version)
    oldest = fresh_id(max(one.created_at - KEPT, 0), bytes(10))
    return [
        Step(FORGET, (org, oldest)),
        Step(FORGET_TOKENS, (org, oldest)),
        Step(FORGET_CODES, (org, fresh_id(max(one.created_at - CODES_KEPT, 0), bytes(10)))),
        Step(INSERT, (org, *whose, " ".join(one.scopes), body, *when)),
    ]


@writes(GrantHolds)
def _holds(org: bytes, row: GrantHolds) -> Sequence[Step]:
    return [Step(HOLDS, (org, row.grant_id), 1)]


@writes(GrantEnd)
def _end(org: bytes, row: GrantEnd) -> Sequence[Step]:
    return [Step(END, (org, row.grant_id, row.at), 1)]


@writes(GrantsEnd)
def _end_all(org: bytes, row: GrantsEnd) -> Sequence[Step]:
    return [Step(END_ALL, (org, row.grant_ids, row.at))]


@writes(GrantsMove)
def _move(org: bytes, row: GrantsMove) -> Sequence[Step]:
    return [Step(MOVE, (org, row.was, row.session_id))]


@writes(NewCode)
def _new_code(org: bytes, row: NewCode) -> Sequence[Step]:
    one = row.code
    body = orjson.dumps((one.redirect_uri, one.code_challenge, one.nonce))
    return [Step(NEW_CODE, (org, one.id, one.grant_id, one.hash, body, one.expires_at, one.used_at))]


@writes(CodeUse)
def _use_code(org: bytes, row: CodeUse) -> Sequence[Step]:
    return [Step(USE_CODE, (org, row.code_id, row.at), 1)]


@writes(NewRefreshToken)
def _new_token(org: bytes, row: NewRefreshToken) -> Sequence[Step]:
    one = row.token
    return [Step(NEW_TOKEN, (org, one.grant_id, one.hash, one.created_at, one.expires_at, one.used_at))]


@writes(RefreshTokenUse)
def _use_token(org: bytes, row: RefreshTokenUse) -> Sequence[Step]:
    one = row.token
    return [
        Step(USE_TOKEN, (org, one.grant_id, one.hash, row.at), 1),
        Step(PAST_GRACE, (org, one.grant_id, row.at - GRACE)),
    ]
