"""Fieldbook's accounts and sessions: what the door asks (`Sessions`), and what the follower keeps (`Reader`).

An account is (iss, sub). Its address is for people to read; nothing is ever found by it.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from examples.fieldbook.words import said_of, why_ended
from hallway.client import Batch, Did, Ended, Event, Identity, Member, OrganizationRef, Receipt, Snapshot, Visitor
from hallway.client.model import Organization

SIGNED_OUT = "member.signed_out"
ENDS_SESSIONS = "member.sessions_ended"
WHY = "why = CASE WHEN state = 'active' THEN ? ELSE why END"
"""What is told once access has ended, in the words of the event that ended it."""
ASKS_FOR_RECEIPT = frozenset({"member.deactivated", "member.removed", ENDS_SESSIONS})


def now() -> str:
    """This instant, as it is kept."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass
class Accounts:
    """Both ports over one database; each method is one transaction. `iss` is the Hub that we follow."""

    database: sqlite3.Connection
    iss: str
    version: int = 0
    _waiting: set[asyncio.Event] = field(default_factory=set)

    # --- Sessions: asked by the door ---------------------------------------------------------------------

    async def begin(self, key: str, identity: Identity) -> Ended | None:
        """A session of the account; it is made at its first sign-in, unless the feed was faster."""
        iss, sub = identity.key
        with self.database:
            known = self._account(iss, sub)
            if known is not None and known["state"] != "active":
                return Ended(
                    f"Your access to {identity.organization.name or 'this organization'} has ended. "
                    "If it was given back just now, sign in again in a moment."
                )
            if known is None:
                self._insert(
                    iss,
                    Member(sub, identity.email, identity.name, identity.role, organization=identity.organization.id),
                )
                self._learn(identity.organization)
            self.database.execute(
                "UPDATE account SET groups = ? WHERE iss = ? AND sub = ?", (json.dumps(identity.groups), iss, sub)
            )
            self.database.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (key, iss, sub, identity.session_id, identity.id_token, now()),
            )
        return None

    async def found(self, key: str) -> Visitor | Ended | None:
        """Whose session it is: one look-up by key, at each request."""
        row = self.database.execute(
            "SELECT s.why_ended, a.*, c.external_id, c.name AS customer_name, c.state AS customer_state FROM session s"
            " JOIN account a ON a.iss = s.iss AND a.sub = s.sub LEFT JOIN customer c ON c.id = a.customer"
            " WHERE s.key = ?",
            (key,),
        ).fetchone()
        if row is None:
            return None
        if row["why_ended"] is not None:
            return Ended(row["why_ended"])
        if row["state"] != "active":
            return Ended(row["why"] or "Your access has ended.")
        if row["customer_state"] not in (None, "active"):
            return Ended(f"{row['customer_name']} is suspended. Your notes are kept.")
        organization = OrganizationRef(row["customer"], row["external_id"], row["customer_name"] or "")
        groups = tuple(json.loads(row["groups"]))
        return Visitor(organization, row["sub"], row["role"], row["name"], row["email"], groups, key)

    async def end(self, key: str) -> str:
        """Forget a session; its ID token."""
        with self.database:
            row = self.database.execute("DELETE FROM session WHERE key = ? RETURNING id_token", (key,)).fetchone()
        return row["id_token"] if row else ""

    async def end_by(self, logout) -> None:
        """The Hub says that somebody signed out there."""
        why = "You signed out."
        with self.database:
            if logout.session_id:
                self._end_sessions("hub_session = ?", (logout.session_id,), why)
            else:
                self._end_sessions("iss = ? AND sub = ?", (logout.issuer, logout.subject), why)
        self._ring()

    # --- Reader: asked by the follower --------------------------------------------------------------------

    async def cursor(self) -> str | None:
        """How far we have read."""
        row = self.database.execute("SELECT cursor FROM progress").fetchone()
        return row["cursor"] if row else None

    async def begin_again(self, cursor: str, parts: AsyncIterator[Snapshot]) -> None:
        """Take over how everything is; whoever is not in it has left."""
        items = [one async for part in parts for one in part.items]
        with self.database:
            self.database.execute("UPDATE account SET state = 'removed' WHERE iss = ?", (self.iss,))
            for one in items:
                if isinstance(one, Organization):
                    self.database.execute(
                        "INSERT OR REPLACE INTO customer VALUES (?, ?, ?, ?, ?)",
                        (one.id, one.external_id, one.name, one.state, one.sequence),
                    )
                else:
                    self._insert(self.iss, one)
            gone = "(iss, sub) IN (SELECT iss, sub FROM account WHERE state <> 'active')"
            self._end_sessions(gone, (), "Your access has ended.")
            self._keep(cursor)
        self._ring()

    async def take(self, batch: Batch) -> None:
        """Do what the events say, in one transaction with receipts and cursor."""
        with self.database:
            for event in batch.events:
                self._happened(event)
            if batch.cursor is not None:
                self._keep(batch.cursor)
        self._ring()

    async def owed(self) -> Sequence[Receipt]:
        """Receipts that the Hub has not taken yet."""
        rows = self.database.execute("SELECT document FROM receipt ORDER BY event LIMIT 100")
        return [msgspec.json.decode(row["document"], type=Receipt) for row in rows]

    async def sent(self, receipt: Receipt) -> None:
        """The Hub took it."""
        with self.database:
            self.database.execute("DELETE FROM receipt WHERE event = ?", (receipt.event,))

    # --- for pages -----------------------------------------------------------------------------------------

    def of(self, customer: str) -> list[sqlite3.Row]:
        """Everybody of a customer."""
        return self.database.execute("SELECT * FROM account WHERE customer = ? ORDER BY name", (customer,)).fetchall()

    def news(self, customer: str) -> list[sqlite3.Row]:
        """What we were told of a customer, newest first."""
        return self.database.execute(
            "SELECT * FROM news WHERE customer = ? ORDER BY at DESC, event DESC LIMIT 50", (customer,)
        ).fetchall()

    async def changed(self, version: int, seconds: float) -> bool:
        """Wait until this process has taken more than at a version; False where nothing came in time."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            if self.version == version:
                async with asyncio.timeout(seconds):
                    await event.wait()
            return True
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(event)

    # --- inside --------------------------------------------------------------------------------------------

    def _happened(self, event: Event) -> None:
        """One event; one that came before changes nothing."""
        known = self.database.execute("SELECT 1 FROM news WHERE event = ?", (event.id,)).fetchone()
        if known is not None:
            return
        did: list[Did] = []
        if event.type.startswith("organization."):
            self._customer(event)
        if event.member is not None:
            self._member(event, event.member)
            if event.type == SIGNED_OUT:
                self._end_sessions("hub_session = ?", (str(event.facts.get("sid", "")),), why_ended(event))
            elif event.type.startswith("member.") and (not event.may_enter or event.type == ENDS_SESSIONS):
                # What her directory's user did is told just before, and shows in the row; this is what is confirmed.
                ended = self._end_sessions("iss = ? AND sub = ?", (self.iss, event.member), why_ended(event))
                did.append(Did("sessions_ended", ended))
        if event.type == "group.members_changed":
            self._group(event)
        if did and event.type in ASKS_FOR_RECEIPT:
            receipt = Receipt(event.id, did, datetime.now(UTC))
            self.database.execute(
                "INSERT OR IGNORE INTO receipt VALUES (?, ?)", (event.id, msgspec.json.encode(receipt))
            )
        who, cause = said_of(event)
        said = ", ".join(f"{one.count} × {one.what.replace('_', ' ')}" for one in did)
        values = (event.id, event.organization.id, event.at.isoformat(), now(), event.type, who, cause, said)
        self.database.execute("INSERT INTO news VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def _member(self, event: Event, sub: str) -> None:
        known = self._account(self.iss, sub)
        if known is not None and known["sequence"] >= event.sequence:
            return
        after = event.member_after
        why = "" if event.may_enter else why_ended(event)
        if after is None:
            self.database.execute(
                f"UPDATE account SET {WHY}, state = 'removed', sequence = ? WHERE iss = ? AND sub = ?",  # noqa: S608
                (why, event.sequence, self.iss, sub),
            )
        elif known is None:
            self._insert(self.iss, msgspec.structs.replace(after, organization=event.organization.id), event.sequence)
        else:
            self.database.execute(
                f"UPDATE account SET {WHY}, name = ?, email = ?, role = ?, state = ?, sequence = ?"  # noqa: S608
                " WHERE iss = ? AND sub = ?",
                (why, after.name, after.email, after.role, after.state, event.sequence, self.iss, sub),
            )

    def _group(self, event: Event) -> None:
        """Who came into a group or left it: the event names directory users, and which members they are."""
        name, members = str(event.facts.get("displayName", "")), event.facts.get("members", {})
        for side in ("added", "removed"):
            for sub in (members[one] for one in event.facts.get(side) or () if one in members):
                known = self._account(self.iss, sub)
                groups = set(json.loads(known["groups"])) - {name} if known else set()
                kept = sorted(groups | ({name} if side == "added" else set()))
                self.database.execute(
                    "UPDATE account SET groups = ? WHERE iss = ? AND sub = ?", (json.dumps(kept), self.iss, sub)
                )

    def _insert(self, iss: str, one: Member, sequence: int | None = None) -> None:
        groups = json.dumps([group.name for group in one.groups])
        self.database.execute(
            "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
            (iss, one.id, one.organization, one.name or one.email, one.email, one.role, one.state, groups,
             one.sequence if sequence is None else sequence),
        )  # fmt: skip

    def _customer(self, event: Event) -> None:
        state = {"organization.suspended": "suspended", "organization.deleted": "deleted"}.get(event.type, "active")
        name = str(event.facts.get("name") or event.organization.external_id or event.organization.id)
        self._learn(msgspec.structs.replace(event.organization, name=name))
        self.database.execute("UPDATE customer SET state = ? WHERE id = ?", (state, event.organization.id))

    def _learn(self, organization: OrganizationRef) -> None:
        """A customer that we may not know yet."""
        self.database.execute(
            "INSERT INTO customer VALUES (?, ?, ?, 'active', 0) ON CONFLICT (id) DO NOTHING",
            (organization.id, organization.external_id, organization.name),
        )

    def _account(self, iss: str, sub: str) -> sqlite3.Row | None:
        return self.database.execute("SELECT * FROM account WHERE iss = ? AND sub = ?", (iss, sub)).fetchone()

    def _end_sessions(self, where: str, values: tuple[str, ...], why: str) -> int:
        """End open sessions; how many there were."""
        statement = f"UPDATE session SET why_ended = ? WHERE why_ended IS NULL AND {where}"  # noqa: S608 - our words
        return self.database.execute(statement, (why, *values)).rowcount

    def _keep(self, cursor: str) -> None:
        self.database.execute("INSERT OR REPLACE INTO progress VALUES (1, ?)", (cursor,))

    def _ring(self) -> None:
        self.version += 1
        for one in self._waiting:
            one.set()
