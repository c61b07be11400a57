"""What other pages read, asked for in another organization's name: part of `test_fence.py`.

The statements are asked as the stores ask them, by `tenant`, with what is Beta's in their parameters.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from hallway.accounts.model import (
    MailLink,
    NewAccount,
    NewMailLink,
    NewPasskey,
    NewSession,
    Passkey,
    Purpose,
    RecoveryCode,
    RecoveryCodes,
)
from hallway.hub.connections.enforcement import Enforcement, NewEnforcement
from hallway.hub.connections.model import (
    Connection,
    ConnectionState,
    Identity,
    NewConnection,
    NewIdentity,
    Protocol,
    Provider,
)
from hallway.hub.directories.links import MemberLink, NewLink, Reason
from hallway.hub.directories.model import Rules
from hallway.hub.organizations.domains import Domain, DomainState, NewDomain
from hallway.hub.sign_in.model import (
    Attempt,
    Kind,
    NewAttempt,
    NewSignIn,
    NewSsoSession,
    Outcome,
    SignIn,
    SsoSession,
    StrangerRefusal,
    StrangerRefused,
)
from hallway.ids import (
    AttemptId,
    ConnectionId,
    ExchangeId,
    MailLinkId,
    OrganizationId,
    PasskeyId,
    ResourceId,
    SignInId,
)
from hallway.journal.model import Change
from hallway.store import (
    accounts,
    activity,
    archive_organization,
    connections,
    directories,
    enforcement,
    links,
    people,
    receipts,
    sessions,
    sign_in,
)
from hallway.store.database import tenant
from hallway.store.statement import ALL
from tests.store.conformance_accounts import account_of, session_of
from tests.store.fence_settings import ACCOUNT
from tests.store.stage import Stage

_NEWEST: Final = b"\xff" * 16
_ANYBODY: Final = 1 << 62
SUBJECT: Final = b"s" * 32
CAUSE: Final = ExchangeId(b"E" * 16)

Params = Callable[[Any], tuple[object, ...]]


def _here(t: Any) -> tuple[object, ...]:
    return (t.key.directory_id,)


_USERS: Final[Params] = lambda t: (*_here(t), 1)  # noqa: E731
_FOUND: Final[Params] = lambda t: (*_USERS(t), "", -1, "nobody")  # noqa: E731
_EXCHANGES: Final[Params] = lambda t: (*_here(t), _NEWEST, 0, 1000, 0, "")  # noqa: E731
_STATEMENTS: Final[dict[str, tuple[Any, Params]]] = {
    "people_users": (people, lambda t: (*_USERS(t), "")),
    "people_groups": (people, lambda t: (*_here(t), 2, "", b"", "")),
    "people_of_state": (people, lambda t: (*_USERS(t), _NEWEST, 1)),
    "people_by_name": (people, _FOUND),
    "people_by_display": (people, _FOUND),
    "people_by_email": (people, _FOUND),
    "people_first_by_display": (people, _FOUND),
    "people_first_by_email": (people, _FOUND),
    "people_with_names": (people, lambda t: (*_USERS(t), [t.ids["secret"]])),
    "people_place": (people, lambda t: (*_USERS(t), t.user)),
    "people_members": (people, lambda t: (*_here(t), t.group, b"")),
    "people_with_ids": (people, lambda t: (*_here(t), [t.user])),
    "people_seqs": (people, lambda t: (*_here(t), t.user)),
    "people_entries": (people, lambda t: ([t.ids["seq"]],)),
    "people_entries_of": (people, lambda t: (0, _ANYBODY, CAUSE)),
    "people_unlinked": (links, lambda t: (*_here(t), b"")),
    "link_of": (links, lambda t: (*_here(t), t.user)),
    "links_of": (links, lambda t: (*_here(t), [t.user])),
    "links_asking": (links, _here),
    "domains_proved": (links, lambda _: (1,)),
    "activity": (activity, lambda t: (*_EXCHANGES(t), "")),
    "activity_of": (activity, lambda t: (*_EXCHANGES(t), [t.user], [t.ids["secret"]])),
    "activity_counts": (activity, lambda t: (*_here(t), 0)),
    "tokens_unexpired": (directories, lambda _: (0,)),
    "account_by_id": (accounts, lambda _: ()),
    "mail_link_by_id": (accounts, lambda t: (t.ids["mail_link"],)),
    "session_by_id": (sessions, lambda t: (t.ids["session"],)),
    "sessions_alive": (sessions, lambda _: ()),
    "passkeys": (sessions, lambda _: ()),
    "passkey_by_credential": (sessions, lambda t: (t.ids["secret"].encode(),)),
    "recovery_codes": (sessions, lambda _: ()),
    "connection_by_id": (connections, lambda t: (t.ids["connection"],)),
    "connections": (connections, lambda _: ()),
    "connections_due": (connections, lambda _: (2**62,)),
    "connection_footprint": (connections, lambda t: (t.ids["connection"],)),
    "identity_by_subject": (connections, lambda t: (t.ids["connection"], SUBJECT)),
    "identities_of_member": (connections, lambda t: (t.ids["member"],)),
    "member_links_exported": (archive_organization, lambda _: (b"", b"", 10)),
    "invitations_exported": (archive_organization, lambda _: (b"", 10)),
    "identities_exported": (archive_organization, lambda _: (b"", b"", 10)),
    "receipts_exported": (receipts, lambda _: (b"", b"", 10)),
    "enforcement": (enforcement, lambda _: ()),
    "members_without_identity": (enforcement, lambda _: (b"another",)),
    "sign_in_by_id": (sign_in, lambda t: (t.ids["sign_in"],)),
    "sso_sessions": (sign_in, lambda t: (t.ids["connection"], SUBJECT)),
    "sso_sessions_by_index": (sign_in, lambda t: (t.ids["connection"], t.ids["secret"])),
    "sso_session_of": (sign_in, lambda t: (t.ids["connection"], t.ids["sso_session"])),
    "attempt_by_id": (sign_in, lambda t: (t.ids["attempt"],)),
    "attempts": (sign_in, lambda _: (_NEWEST, "", 10)),
    "attempts_of_connection": (sign_in, lambda t: (_NEWEST, "", 10, t.ids["connection"])),
    "refused_strangers": (sign_in, lambda t: (t.ids["connection"],)),
    "members_by_user_name": (sign_in, lambda t: (t.ids["secret"],)),
    "members_by_external_id": (sign_in, lambda t: (t.ids["secret"],)),
    "people_ended_by_key": (sign_in, lambda _: ("nobody", "gone")),
    "people_ended_by_address": (sign_in, lambda t: (f"left@{t.ids['secret']}.example",)),
}  # fmt: skip


def _attribute(module: Any, name: str) -> str:
    """Under which name a module has a statement."""
    return next(attribute for attribute, value in vars(module).items() if value is ALL[name])


def _reads() -> Iterator[tuple[str, tuple[Any, str, Any]]]:
    for name, (module, params) in _STATEMENTS.items():
        attribute = _attribute(module, name)

        async def ask(
            t: Any, module: Any = module, attribute: str = attribute, params: Params = params
        ) -> object:  # fmt: skip
            return await tenant(t.stage.database, t.key.organization_id).rows(getattr(module, attribute), *params(t))

        yield name, (module, attribute, ask)


async def _any_directory(t: Any) -> object:
    """In the name of an organization without directories: its own first one would be found before Beta's."""
    own = tenant(t.stage.database, OrganizationId(b"n" * 16))
    return await own.rows(sign_in.ACTIVE_DIRECTORY)


PAGE_READS: Final[dict[str, tuple[Any, str, Any]]] = {
    **dict(_reads()),
    "directory_is_active": (sign_in, "ACTIVE_DIRECTORY", _any_directory),
}


async def settle_people(stage: Stage, secret: str) -> ResourceId:
    """Beta's user, found by every name, with somebody else who is ended."""
    user = await stage.user(
        secret, 2, displayName=secret, title=secret, externalId=secret,
        emails=[{"value": f"{secret}@secret.example"}],
    )  # fmt: skip
    left = await stage.user("left", 2, emails=[{"value": f"left@{secret}.example"}])
    await stage.patch_user(left, {"op": "replace", "path": "active", "value": False}, place=2)
    gone = await stage.user("gone", 2, externalId="gone")
    await stage.delete_user(gone, 2, Rules(delete_deactivates=True))
    return user


async def settle_pages(stage: Stage, secret: str, ids: dict[str, Any]) -> dict[str, Any]:
    """Write a link, a proved domain, an account with all that is its own, and a connection that was used."""
    owner, key, now = stage.directories[2].organization_id, stage.key_of(2), stage.desk.now()
    link = MemberLink(key, ids["user"], ids["member"], Reason.ADMIN_ASKED, now)
    domain = Domain(owner, f"proved.{secret}.example", DomainState.PROVED, secret, now, now)
    entry = replace(stage.entry("user.updated", ids["user"]), exchange_id=CAUSE)
    await stage.database.commit(Change(owner, (NewLink(link), NewDomain(domain)), (entry,), entry.id))
    return {"secret": secret, **await _account(stage, secret), **await _connection(stage, secret, ids["member"])}


async def _account(stage: Stage, secret: str) -> dict[str, Any]:
    account = account_of(stage, f"{secret}@secret.example")
    session = replace(session_of(stage, account), client=secret)
    passkey = Passkey(PasskeyId(b"k" * 16), account.id, secret, secret.encode(), b"public", 3, ("usb",), 1)
    mail_link = MailLink(
        MailLinkId(stage.desk.fresh_id()), account.id, Purpose.RESET, b"h" * 32, secret, {}, session.seen_at, _ANYBODY
    )
    await stage.write(
        NewAccount(account), NewSession(session), NewPasskey(passkey), NewMailLink(mail_link),
        RecoveryCodes((RecoveryCode(0, b"c" * 32),)), organization=OrganizationId(account.id),
    )  # fmt: skip
    return {"account": account.id, "session": session.id, "mail_link": mail_link.id}


async def _connection(stage: Stage, secret: str, member: Any) -> dict[str, Any]:
    owner, now, fresh = stage.directories[2].organization_id, stage.desk.now(), stage.desk.fresh_id
    one = Connection(
        ConnectionId(fresh()), owner, secret, Protocol.SAML, Provider.OKTA, ConnectionState.ACTIVE, now, due_at=1
    )
    waiting = SignIn(SignInId(fresh()), owner, one.id, Kind.SIGN_IN, b"b" * 32, secret, now, _ANYBODY)
    attempt = Attempt(AttemptId(fresh()), owner, one.id, now, Outcome.REFUSED, "plan", Kind.SIGN_IN, secret, {})
    session = session_of(stage, account_of(stage))
    sso = SsoSession(one.id, SUBJECT, secret, ACCOUNT, session.id, {"value": secret}, _ANYBODY)
    await stage.write(
        NewConnection(one), NewIdentity(Identity(one.id, SUBJECT, secret, member, "email", now)),
        NewEnforcement(Enforcement(owner, one.id, now)), NewSignIn(waiting), NewAttempt(attempt, secret.encode()),
        NewSsoSession(sso, now), StrangerRefused(one.id, 0, StrangerRefusal(now, secret, "192.0.2.9", secret)),
        organization=owner,
    )  # fmt: skip
    return {"connection": one.id, "sign_in": waiting.id, "attempt": attempt.id, "sso_session": session.id}
