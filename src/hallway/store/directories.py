"""Directories and tokens, and the locator that finds their organization."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec
import orjson

from hallway.hub.directories.model import (
    Directory,
    DirectoryState,
    DirectoryUpdate,
    Kind,
    NewDirectory,
    NewToken,
    Provider,
    Rules,
    Standing,
    Token,
    TokenRevocation,
)
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.organizations.model import Organization
from hallway.ids import DirectoryId, OrganizationId, TokenId
from hallway.scim.quirks import Quirk
from hallway.store.database import Database, everywhere, tenant
from hallway.store.organizations import BY_ID as ORGANIZATION_BY_ID
from hallway.store.organizations import organization_of
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_DIRECTORY: Final = "organization_id, id, name, provider, state, base_path, rules, created_at"
_TOKEN: Final = """organization_id, id, directory_id, label, hash, imported, created_at, expires_at, revoked_at,
    last_used_at, last_address, last_client, first_used_at, replaces"""  # noqa: S105 - column names

LOCATED = statement("global_located", "SELECT organization_id, target FROM locator WHERE kind = ?1 AND key_hash = ?2")
LOCATE = statement(
    "locator_insert", "INSERT INTO locator (organization_id, kind, key_hash, target) VALUES (?1, ?2, ?3, ?4)"
)
UNLOCATE = statement("locator_delete", "DELETE FROM locator WHERE organization_id = ?1 AND kind = ?2 AND key_hash = ?3")
DIRECTORY_BY_ID = statement(
    "directory_by_id", f"SELECT {_DIRECTORY} FROM directory WHERE organization_id = ?1 AND id = ?2"
)
DIRECTORIES = statement(
    "directories",
    f"SELECT {_DIRECTORY} FROM directory WHERE organization_id = ?1 AND state <> 'deleted' ORDER BY id",
)
INSERT_DIRECTORY = statement(
    "directory_insert",
    f"INSERT INTO directory ({_DIRECTORY}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
)
UPDATE_DIRECTORY = statement(
    "directory_update",
    """UPDATE directory SET name = ?3, provider = ?4, state = ?5, base_path = ?6, rules = ?7
       WHERE organization_id = ?1 AND id = ?2 AND state = ?8 RETURNING organization_id""",
)
TOKEN_BY_ID = statement("token_by_id", f"SELECT {_TOKEN} FROM token WHERE organization_id = ?1 AND id = ?2")
TOKENS = statement("tokens", f"SELECT {_TOKEN} FROM token WHERE organization_id = ?1 AND directory_id = ?2 ORDER BY id")
UNEXPIRED_TOKENS = statement(
    "tokens_unexpired", f"SELECT {_TOKEN} FROM token WHERE organization_id = ?1 AND expires_at > ?2 ORDER BY id"
)
INSERT_TOKEN = statement(
    "token_insert",
    f"INSERT INTO token ({_TOKEN}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
)
REVOKE_TOKEN = statement(
    "token_revoke",
    """UPDATE token SET revoked_at = ?3 WHERE organization_id = ?1 AND id = ?2 AND revoked_at IS NULL
       RETURNING organization_id""",
)
COUNTS = statement(
    "directory_counts",
    "SELECT organization_id, kind, count FROM resource_count WHERE organization_id = ?1 AND directory_id = ?2",
)
TOTALS = statement(
    "organization_resource_counts",
    """SELECT organization_id, kind, CAST(SUM(count) AS BIGINT) FROM resource_count WHERE organization_id = ?1
       GROUP BY organization_id, kind""",
)
QUIRKS = statement(
    "directory_quirks",
    """SELECT organization_id, quirk, count FROM quirk_count WHERE organization_id = ?1 AND directory_id = ?2
       ORDER BY quirk""",
)
REQUESTS = statement(
    "directory_requests",
    """SELECT organization_id, what, CAST(SUM(count) AS BIGINT) FROM request_count
       WHERE organization_id = ?1 AND directory_id = ?2 GROUP BY organization_id, what""",
)
LAST_REQUEST = statement(
    "directory_last_request",
    "SELECT organization_id, last_request_at FROM directory WHERE organization_id = ?1 AND id = ?2",
)


def key_hash(key: bytes) -> bytes:
    """What the locator finds a key by."""
    return hashlib.sha256(key).digest()


class DirectoryStore:
    """See `hallway.hub.directories.ports.Directories`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def located(self, directory_id: DirectoryId) -> Directory | None:
        """A directory by its id alone, with its organization."""
        found = await everywhere(self._database, LOCATED, "directory", key_hash(directory_id))
        if not found:
            return None
        return await self.directory(OrganizationId(cast("bytes", found[0][0])), directory_id)

    async def directory(self, organization_id: OrganizationId, directory_id: DirectoryId) -> Directory | None:
        """A directory of an organization; also one that was deleted."""
        own = tenant(self._database, organization_id)
        row = await own.row(DIRECTORY_BY_ID, directory_id)
        organization = await own.row(ORGANIZATION_BY_ID)
        if row is None or organization is None:
            return None
        return _directory(organization_of(organization_id, organization), row)

    async def of_organization(self, organization_id: OrganizationId) -> Sequence[Directory]:
        """All that were not deleted, oldest first."""
        own = tenant(self._database, organization_id)
        organization = await own.row(ORGANIZATION_BY_ID)
        if organization is None:
            return []
        owner = organization_of(organization_id, organization)
        return [_directory(owner, row) for row in await own.rows(DIRECTORIES)]

    async def token_by_id(self, token_id: TokenId) -> Token | None:
        """One of our own tokens by its id alone."""
        return await self._token("token", token_id)

    async def token_by_hash(self, digest: bytes) -> Token | None:
        """An imported token by the SHA-256 of its text."""
        return await self._token("imported_token", digest)

    async def _token(self, kind: str, key: bytes) -> Token | None:
        found = await everywhere(self._database, LOCATED, kind, key_hash(key))
        if not found:
            return None
        organization_id, target = OrganizationId(cast("bytes", found[0][0])), found[0][1]
        row = await tenant(self._database, organization_id).row(TOKEN_BY_ID, target)
        return None if row is None else _token(organization_id, row)

    async def tokens(self, key: DirectoryKey) -> Sequence[Token]:
        """All tokens of a directory, oldest first."""
        rows = await tenant(self._database, key.organization_id).rows(TOKENS, key.directory_id)
        return [_token(key.organization_id, row) for row in rows]

    async def unexpired_tokens(self, organization_id: OrganizationId, now: int) -> Sequence[Token]:
        """Tokens of all of an organization's directories, revoked ones too, oldest first."""
        rows = await tenant(self._database, organization_id).rows(UNEXPIRED_TOKENS, now)
        return [_token(organization_id, row) for row in rows]

    async def last_request(self, key: DirectoryKey) -> int | None:
        """When the last request with a living token came; up to ten seconds late."""
        row = await tenant(self._database, key.organization_id).row(LAST_REQUEST, key.directory_id)
        return None if row is None else cast("int | None", row[0])

    async def standing(self, key: DirectoryKey) -> Standing:
        """Counts of the directory."""
        own = tenant(self._database, key.organization_id)
        counts = dict(cast("list[tuple[int, int]]", await own.rows(COUNTS, key.directory_id)))
        quirks = dict(cast("list[tuple[str, int]]", await own.rows(QUIRKS, key.directory_id)))
        requests = dict(cast("list[tuple[str, int]]", await own.rows(REQUESTS, key.directory_id)))
        return Standing(
            counts.get(1, 0),
            counts.get(2, 0),
            await self.last_request(key),
            quirks,
            requests.get("read", 0),
        )

    async def totals(self, organization_id: OrganizationId) -> Mapping[Kind, int]:
        """How many resources of each kind all directories of an organization have."""
        rows = cast("list[tuple[int, int]]", await tenant(self._database, organization_id).rows(TOTALS))
        return {Kind(kind): count for kind, count in rows if kind in set(Kind)}


def _directory(organization: Organization, row: ResultRow) -> Directory:
    directory_id, name, provider, state, base_path, rules, created = cast(
        "tuple[DirectoryId, str, str, str, str, bytes, int]", row
    )
    return Directory(
        directory_id, organization, name, Provider(provider), DirectoryState(state), created, base_path, rules_of(rules)
    )


def rules_of(text: bytes) -> Rules:
    """Rules as they were stored."""
    return msgspec.json.decode(text, type=Rules)


def rules_text(rules: Rules) -> bytes:
    """Rules as JSON, in a stable order."""
    return orjson.dumps(msgspec.to_builtins(rules, enc_hook=_plain), option=orjson.OPT_SORT_KEYS)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(one.value if isinstance(one, Quirk) else one for one in value)
    raise TypeError(f"rules hold no {type(value).__name__}")


def _token(organization_id: OrganizationId, row: ResultRow) -> Token:
    (token_id, directory_id, label, digest, imported, created, expires, revoked, used, address, client, first,
     replaces) = cast(
        "tuple[TokenId, DirectoryId, str, bytes, int, int, int, int | None, int | None, str, str, int | None,"
        " TokenId | None]",
        row,
    )  # fmt: skip
    return Token(
        token_id, organization_id, directory_id, label, digest, created, expires, bool(imported), revoked, used,
        address, client, first, replaces,
    )  # fmt: skip


@writes(NewDirectory)
def _new_directory(org: bytes, row: NewDirectory) -> Sequence[Step]:
    one = row.directory
    return [
        Step(INSERT_DIRECTORY, (org, one.id, *_columns(one), one.created_at)),
        Step(LOCATE, (org, "directory", key_hash(one.id), one.id)),
    ]


def _columns(one: Directory) -> tuple[str, str, str, str, bytes]:
    return (one.name, one.provider.value, one.state.value, one.base_path, rules_text(one.rules))


@writes(DirectoryUpdate)
def _update_directory(org: bytes, row: DirectoryUpdate) -> Sequence[Step]:
    one = row.directory
    steps = [Step(UPDATE_DIRECTORY, (org, one.id, *_columns(one), row.was.value), 1)]
    if one.state is DirectoryState.DELETED:
        steps.append(Step(UNLOCATE, (org, "directory", key_hash(one.id))))
    return steps


def _token_keys(token: Token) -> list[tuple[str, bytes]]:
    """Every token is found by its id; an imported one, whose text has none, also by its hash."""
    by_id = ("token", key_hash(token.id))
    return [by_id, ("imported_token", key_hash(token.hash))] if token.imported else [by_id]


@writes(NewToken)
def _new_token(org: bytes, row: NewToken) -> Sequence[Step]:
    one = row.token
    columns = (
        one.id, one.directory_id, one.label, one.hash, int(one.imported), one.created_at, one.expires_at,
        one.revoked_at, one.last_used_at, one.last_address, one.last_client, one.first_used_at, one.replaces,
    )  # fmt: skip
    return [Step(INSERT_TOKEN, (org, *columns)), *(Step(LOCATE, (org, *key, one.id)) for key in _token_keys(one))]


@writes(TokenRevocation)
def _revoke_token(org: bytes, row: TokenRevocation) -> Sequence[Step]:
    return [
        Step(REVOKE_TOKEN, (org, row.token.id, row.at), 1),
        *(Step(UNLOCATE, (org, *key)) for key in _token_keys(row.token)),
    ]
