"""Operators made, given roles, deactivated; the first by command, the others by an owner.

Rules: nobody chooses another one's password: a new operator gets a link that works once, and chooses it herself; the
account comes first and opens nothing without the operator's row; the last active owner stays one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hallway.accounts.addresses import checked_address, checked_person
from hallway.accounts.desk import Declined
from hallway.accounts.model import (
    DAY,
    DEPLOYMENT,
    Account,
    AccountState,
    MailLink,
    NewAccount,
    NewMailLink,
    Purpose,
    Realm,
)
from hallway.accounts.ports import Accounts
from hallway.hub.operators.model import (
    NewOperator,
    Operator,
    OperatorRole,
    OperatorState,
    OperatorUpdate,
    OwnerRemains,
)
from hallway.hub.operators.ports import Operators
from hallway.hub.organizations.service import Refused
from hallway.ids import ACCOUNT, AccountId, EntryId, MailLinkId, OrganizationId, fresh_id, parsed
from hallway.journal.model import Actor, Change, Entry, Row, Stale
from hallway.journal.ports import Ledger
from hallway.journal.service import carried_out
from hallway.scim.json import JsonObject
from hallway.secret_text import LINK, SECRET_BYTES, SecretText

WELCOME_LIFETIME: Final = DAY
MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class OperatorDesk:
    """What operators need: stores, time, chance."""

    ledger: Ledger
    accounts: Accounts
    operators: Operators
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    base_url: str

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))

    def entry(self, kind: str, one: Operator, email: str, actor: Actor) -> Entry:
        """A fact about an operator, for the deployment's journal."""
        facts: JsonObject = {"role": one.role.value, "state": one.state.value}
        return Entry(
            EntryId(self.fresh_id()), kind, self.clock(), actor, one.account_id, facts=facts, personal={"email": email}
        )


@dataclass(frozen=True, slots=True)
class Welcomed:
    """A new operator, and the address behind which she chooses her password; it is nowhere else."""

    operator: Operator
    account: Account
    address: str


async def create(desk: OperatorDesk, email: str, name: str, role: OperatorRole, actor: Actor) -> Welcomed:
    """A new operator. One whose making was interrupted is finished; one who is there is refused."""
    try:
        address = checked_address(email)
        called = checked_person(name) if name.strip() else ""
    except Declined as declined:
        raise Refused("invalid", declined.sentence) from None
    account = await desk.accounts.by_email(Realm.OPERATOR, address)
    if account is not None and await desk.operators.operator(account.id) is not None:
        raise Refused("conflict", "%(email)s is an operator already.", email=address)
    if account is None:
        account = await _new_account(desk, address, called, actor)
    now = desk.clock()
    operator = Operator(account.id, role, OperatorState.ACTIVE, now, now)
    entry = desk.entry("operator.created", operator, address, actor)
    try:
        await desk.ledger.commit(Change(DEPLOYMENT, (NewOperator(operator),), (entry,), entry.id))
    except Stale:
        raise Refused("conflict", "%(email)s was made an operator just now.", email=address) from None
    return Welcomed(operator, account, await welcome(desk, account, actor))


async def _new_account(desk: OperatorDesk, email: str, name: str, actor: Actor) -> Account:
    """An account without any credential: it signs in nowhere until its person has chosen one."""
    now = desk.clock()
    account = Account(
        AccountId(desk.fresh_id()), Realm.OPERATOR, AccountState.ACTIVE, email, name, now, sessions_from=now
    )
    facts: JsonObject = {"realm": account.realm.value}
    entry = Entry(EntryId(desk.fresh_id()), "account.created", now, actor, account.id, facts=facts)
    try:
        await desk.ledger.commit(Change(OrganizationId(account.id), (NewAccount(account),), (entry,), entry.id))
    except Stale:
        raise Refused("conflict", "%(email)s was made an operator just now.", email=email) from None
    return account


async def welcome(desk: OperatorDesk, account: Account, actor: Actor) -> str:
    """The address behind which an operator chooses her password, once, within a day."""
    now = desk.clock()
    secret = SecretText(account.id, desk.fresh_id(), desk.entropy(SECRET_BYTES))
    link = MailLink(
        MailLinkId(secret.row), account.id, Purpose.RESET, secret.hash, account.email, {}, now, now + WELCOME_LIFETIME
    )
    entry = Entry(EntryId(desk.fresh_id()), "account.reset_asked", now, actor, account.id)
    await desk.ledger.commit(Change(OrganizationId(account.id), (NewMailLink(link),), (entry,), entry.id))
    return f"{desk.base_url}/operator/reset/confirm?link={secret.text(LINK)}"


async def set_role(desk: OperatorDesk, operator: Operator, role: OperatorRole, actor: Actor) -> Operator:
    """Another role, from her next request on; the last active owner stays one."""
    return await _changed(desk, operator, "operator.role_changed", actor, lambda was: replace(was, role=role))


async def deactivate(desk: OperatorDesk, operator: Operator, actor: Actor) -> Operator:
    """Every session of hers opens nothing from now on; the last active owner stays."""

    def ended(was: Operator) -> Operator:
        return replace(was, state=OperatorState.DEACTIVATED, access_from=max(desk.clock(), was.access_from) + 1)

    return await _changed(desk, operator, "operator.deactivated", actor, ended)


async def reactivate(desk: OperatorDesk, operator: Operator, actor: Actor) -> Operator:
    """She may sign in again; no session of before revives."""

    def back(was: Operator) -> Operator:
        return replace(was, state=OperatorState.ACTIVE, access_from=max(desk.clock(), was.access_from) + 1)

    return await _changed(desk, operator, "operator.reactivated", actor, back)


async def found_operator(desk: OperatorDesk, text: str) -> tuple[Operator, Account]:
    """The operator of an id (`acct_…`) or an address."""
    own = parsed(ACCOUNT, text)
    account = (
        await desk.accounts.by_email(Realm.OPERATOR, text) if own is None
        else await desk.accounts.by_id(AccountId(own))
    )  # fmt: skip
    operator = None if account is None else await desk.operators.operator(account.id)
    if account is None or operator is None:
        raise Refused("not_found", "There is no operator %(id)s.", id=repr(text))
    return operator, account


async def listed(desk: OperatorDesk) -> list[tuple[Operator, Account]]:
    """Every operator with her account, oldest first."""
    found = []
    for operator in await desk.operators.operators():
        account = await desk.accounts.by_id(operator.account_id)
        if account is not None:
            found.append((operator, account))
    return found


async def note_look(desk: OperatorDesk, organization_id: OrganizationId, reason: str, actor: Actor) -> None:
    """Write in the customer's own journal that an operator looks at its people and exchanges, and why."""
    tidy = " ".join(reason.split())
    if not tidy or len(tidy) > MAX_REASON or not tidy.isprintable():
        raise Refused(
            "invalid", "Give a reason of at most %(most)s characters; the customer reads it.", most=MAX_REASON
        )
    entry = Entry(
        EntryId(desk.fresh_id()), "operator.looked", desk.clock(), actor, organization_id, personal={"reason": tidy}
    )
    await desk.ledger.commit(Change(organization_id, (), (entry,), entry.id))


async def _changed(
    desk: OperatorDesk, operator: Operator, kind: str, actor: Actor, change: Callable[[Operator], Operator]
) -> Operator:
    async def decide() -> tuple[Change, Operator]:
        was = await desk.operators.operator(operator.account_id)
        account = await desk.accounts.by_id(operator.account_id)
        if was is None or account is None:
            raise Refused("not_found", "This operator is not there any more.")
        now = change(was)
        if (now.role, now.state) == (was.role, was.state):
            return Change(DEPLOYMENT), was
        rows: tuple[Row, ...] = (OperatorUpdate(was, now), *await _remaining(desk, was, now))
        entry = desk.entry(kind, now, account.email, actor)
        return Change(DEPLOYMENT, rows, (entry,), entry.id), now

    return (await carried_out(desk.ledger, decide))[1]


async def _remaining(desk: OperatorDesk, was: Operator, now: Operator) -> tuple[Row, ...]:
    if not was.may(OperatorRole.OWNER) or now.may(OperatorRole.OWNER):
        return ()
    others = tuple(
        one.account_id
        for one in await desk.operators.operators()
        if one.account_id != was.account_id and one.may(OperatorRole.OWNER)
    )
    if not others:
        raise Refused("conflict", "This is the last owner. Make another operator an owner first.")
    return (OwnerRemains(others),)
