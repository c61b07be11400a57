"""What every store has to do with sign-ins through connections.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

from hallway.hub.organizations.leaving import SignInsEnded, ended, ends_with
from hallway.hub.organizations.members import MemberRemoval
from hallway.hub.sign_in.model import (
    DAY,
    MOST_STRANGERS,
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
from hallway.ids import AccountId, AttemptId, ConnectionId, MemberId, SessionId, SignInId, fresh_id
from hallway.store.sign_in import ATTEMPT_DAYS, KEPT, SignInStore, attempt_context
from tests.store.conformance import raises_stale
from tests.store.conformance_connections import no_vault
from tests.store.conformance_members import added, member
from tests.store.stage import Stage

HERE, THERE = ConnectionId(b"c" * 16), ConnectionId(b"d" * 16)


class Plain:
    """A vault that binds to its context and hides nothing."""

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """The plaintext behind its context."""
        return context + plaintext

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """The plaintext of the same context."""
        assert ciphertext.startswith(context)
        return ciphertext[len(context) :]


def _waiting(stage: Stage, **more: object) -> SignIn:
    now = stage.desk.now()
    one = SignIn(
        SignInId(stage.desk.fresh_id()), stage.key.organization_id, HERE, Kind.AGAIN, b"b" * 32, "token", now, now + 9,
        "/next", {"nonce": "n"}, AccountId(b"a" * 16), SessionId(b"s" * 16), member_id=MemberId(b"m" * 16),
    )  # fmt: skip
    return replace(one, **more)  # type: ignore[arg-type]


async def holds_a_sign_in_comes_back_as_it_was_written(stage: Stage) -> None:
    """Every part of it; another organization has none of it."""
    store, one = SignInStore(stage.database, no_vault), _waiting(stage)
    bare = _waiting(stage, account_id=None, session_id=None, member_id=None, kind=Kind.UNSOLICITED, answer=b"x")
    await stage.write(NewSignIn(one), NewSignIn(bare))
    owner = one.organization_id
    assert [await store.sign_in(owner, each.id) for each in (one, bare)] == [one, bare]
    assert await store.sign_in(stage.key_of(2).organization_id, one.id) is None


async def holds_a_sign_in_is_answered_once_and_ended_once(stage: Stage) -> None:
    """The answer tells whom it is about, where it knows; what ended keeps no answer and takes none."""
    store, one, unasked = SignInStore(stage.database, no_vault), _waiting(stage), _waiting(stage, member_id=None)
    owner, who = one.organization_id, MemberId(b"w" * 16)
    await stage.write(NewSignIn(one), NewSignIn(unasked))
    await stage.write(SignInAnswered(one.id, b"answer", 5), SignInAnswered(unasked.id, b"answer", 5, who))
    answered = replace(one, answer=b"answer", answered_at=5)
    assert await store.sign_in(owner, one.id) == answered, "who is known stays known"
    assert (await store.sign_in(owner, unasked.id)) == replace(unasked, answer=b"answer", answered_at=5, member_id=who)
    await raises_stale(stage, SignInAnswered(one.id, b"other", 6))
    await stage.write(SignInEnded(one.id, 7))
    assert await store.sign_in(owner, one.id) == replace(answered, answer=None, ended_at=7)
    await raises_stale(stage, SignInEnded(one.id, 8))
    early = _waiting(stage)
    await stage.write(NewSignIn(early), SignInEnded(early.id, 7))
    await raises_stale(stage, SignInAnswered(early.id, b"late", 8))


async def holds_sign_ins_of_yesterday_are_forgotten(stage: Stage) -> None:
    """When the next one begins; another organization's stay."""
    store, now = SignInStore(stage.database, no_vault), stage.desk.now() + 9 * KEPT
    old = _waiting(stage, id=SignInId(fresh_id(now - KEPT - 1_000_000, b"o" * 10)))
    kept = _waiting(stage, id=SignInId(fresh_id(now - KEPT + 1_000_000, b"k" * 10)))
    other = stage.key_of(2).organization_id
    await stage.write(NewSignIn(old), NewSignIn(kept))
    await stage.write(NewSignIn(replace(old, organization_id=other)), organization=other)
    await stage.write(NewSignIn(_waiting(stage, created_at=now)))
    owner = stage.key.organization_id
    assert [await store.sign_in(owner, one.id) is None for one in (old, kept)] == [True, False]
    assert await store.sign_in(other, old.id) is not None


async def holds_who_leaves_has_no_sign_in_under_way(stage: Stage) -> None:
    """By the rows of her leaving, in its transaction: asked for or answered; nobody else's, nor what ended before."""
    store, owner = SignInStore(stage.database, no_vault), stage.key.organization_id
    ann, bob = member(stage, "ann@a"), member(stage, "bob@a")
    await added(stage, ann, bob)
    asked, parked = (_waiting(stage, member_id=ann.id) for _ in range(2))
    used, others, nobodys = (_waiting(stage, member_id=who) for who in (ann.id, bob.id, None))
    await stage.write(*(NewSignIn(one) for one in (asked, parked, used, others, nobodys)))
    await stage.write(*(SignInAnswered(one.id, b"x", 3) for one in (parked, others)), SignInEnded(used.id, 4))
    elsewhere = stage.key_of(2).organization_id
    await stage.write(NewSignIn(replace(asked, organization_id=elsewhere)), organization=elsewhere)
    gone, rows = ended(ann, 77)
    await stage.write(*rows)
    assert await store.sign_in(owner, asked.id) == replace(asked, ended_at=77)
    assert await store.sign_in(owner, parked.id) == replace(parked, answered_at=3, ended_at=77)
    assert await store.sign_in(owner, used.id) == replace(used, ended_at=4)
    assert await store.sign_in(owner, others.id) == replace(others, answer=b"x", answered_at=3)
    assert await store.sign_in(owner, nobodys.id) == nobodys
    assert (await store.sign_in(elsewhere, asked.id)) == replace(asked, organization_id=elsewhere)
    await raises_stale(stage, SignInEnded(parked.id, 78), SignInAnswered(asked.id, b"late", 78))
    await stage.write(*ends_with(bob.id, 79), MemberRemoval(bob))
    assert (await store.sign_in(owner, others.id)) == replace(others, answered_at=3, ended_at=79)
    await stage.write(SignInsEnded(gone.id, 99))
    assert (await store.sign_in(owner, parked.id)) == replace(parked, answered_at=3, ended_at=77)


async def holds_a_message_is_seen_once_until_it_is_too_old(stage: Stage) -> None:
    """At its connection in its organization; what is past its time is forgotten with the next one there."""
    other = stage.key_of(2).organization_id
    await stage.write(NewSeenMessage(HERE, b"one", 10, 1), NewSeenMessage(THERE, b"one", 10, 1))
    await stage.write(NewSeenMessage(HERE, b"one", 10, 1), organization=other)
    for now in (2, 10):
        await raises_stale(stage, NewSeenMessage(HERE, b"one", 20, now))
    await stage.write(NewSeenMessage(HERE, b"two", 20, 11))
    seen = await stage.rows("SELECT connection_id, message FROM seen_message ORDER BY connection_id, message, until")
    assert [(bytes(one), bytes(message)) for one, message in seen] == [
        (HERE, b"one"), (HERE, b"two"), (THERE, b"one"),
    ]  # fmt: skip


async def holds_sessions_of_a_provider_are_found_by_whom_and_by_which(stage: Stage) -> None:
    """By subject, by the provider's own session and by ours; they end by either, and go when they are over."""
    store, owner = SignInStore(stage.database, no_vault), stage.key.organization_id

    def session(number: int, subject: bytes, index: str, until: int = 99, at: ConnectionId = HERE) -> SsoSession:
        account, own = AccountId(b"a" * 16), SessionId(bytes([number]) * 16)
        return SsoSession(at, subject, index, account, own, {"value": "jo"}, until)

    one, two, three = session(1, b"s", "i"), session(2, b"s", "j"), session(3, b"t", "i")
    there = session(4, b"s", "i", at=THERE)
    await stage.write(*(NewSsoSession(each, 1) for each in (one, two, three, there)))
    assert list(await store.sso_sessions(owner, HERE, b"s")) == [one, two]
    assert list(await store.sso_sessions_by_index(owner, HERE, "i")) == [one, three]
    assert await store.sso_session_of(owner, HERE, two.session_id) == two
    assert await store.sso_session_of(owner, THERE, two.session_id) is None
    strange = stage.key_of(2).organization_id
    assert not await store.sso_sessions(strange, HERE, b"s")
    assert not await store.sso_sessions_by_index(strange, HERE, "i")
    await stage.write(SsoSessionsEnd(HERE, b"s", "j"))
    assert list(await store.sso_sessions(owner, HERE, b"s")) == [one]
    await stage.write(SsoSessionsEnd(HERE, b"s"))
    assert not await store.sso_sessions(owner, HERE, b"s")
    assert list(await store.sso_sessions(owner, THERE, b"s")) == [there]
    await stage.write(NewSsoSession(session(5, b"u", "k", 300), 100))
    assert not await store.sso_sessions(owner, HERE, b"t"), "its end is past"
    assert list(await store.sso_sessions(owner, THERE, b"s")) == [there], "another connection's turn comes"


async def holds_attempts_are_found_by_person_connection_and_time(stage: Stage) -> None:
    """Newest first, in pages, without case; the detail opens for one alone, and is gone after ninety days."""
    vault, owner, now = Plain(), stage.key.organization_id, stage.desk.now() + ATTEMPT_DAYS * 2 * DAY
    store = SignInStore(stage.database, lambda: vault)

    def made(at: int, who: str, connection: ConnectionId = HERE) -> Attempt:
        own = AttemptId(fresh_id(at, who.encode().ljust(10)[:10]))
        member_id = MemberId(b"m" * 16) if who.startswith("a") else None
        return Attempt(own, owner, connection, at, Outcome.REFUSED, "plan", Kind.TEST, who, {"k": who}, member_id)

    def row(one: Attempt) -> NewAttempt:
        return NewAttempt(one, vault.encrypt(b'{"k": "' + one.who.encode() + b'"}', attempt_context(owner, one.id)))

    old, ann = made(now - ATTEMPT_DAYS * DAY - 500_000, "ann@Old"), made(now - 2_000_000, "ann@Acme")
    bob, amy = made(now - 1_000_000, "bob@acme"), made(now, "amy@acme", THERE)
    await stage.write(*(row(one) for one in (old, ann, bob)))
    assert await store.attempt(owner, old.id) == old
    await stage.write(row(amy))
    assert await store.attempt(owner, old.id) is None
    assert [await store.attempt(owner, one.id) for one in (ann, bob, amy)] == [ann, bob, amy]
    assert await store.attempt(stage.key_of(2).organization_id, ann.id) is None

    async def found(*asked: object) -> list[str]:
        return [one.who for one in await store.attempts(owner, *asked)]  # type: ignore[arg-type]

    assert await found(None, "", None, 9) == ["amy@acme", "bob@acme", "ann@Acme"]
    assert await found(None, " ACME ", None, 2) == ["amy@acme", "bob@acme"]
    assert await found(None, "acme", bob.id, 9) == ["ann@Acme"]
    assert await found(HERE, "", None, 9) == ["bob@acme", "ann@Acme"]
    assert await found(HERE, "ann", None, 9) == ["ann@Acme"]
    assert not await store.attempts(stage.key_of(2).organization_id, None, "", None, 9)


async def holds_the_last_hundred_strangers_are_kept(stage: Stage) -> None:
    """Each in its place, so that a newer one takes that of an older; newest first."""
    store, owner = SignInStore(stage.database, no_vault), stage.key.organization_id
    refusals = [StrangerRefusal(at, "wrong_key", "192.0.2.1", "x") for at in range(MOST_STRANGERS + 2)]
    rows = [StrangerRefused(HERE, place % MOST_STRANGERS, one) for place, one in enumerate(refusals)]
    await stage.write(*rows[:60])
    await stage.write(*rows[60:], StrangerRefused(THERE, 0, refusals[0]))
    assert list(await store.strangers(owner, HERE)) == refusals[:1:-1]
    assert list(await store.strangers(owner, THERE)) == refusals[:1]
    assert not await store.strangers(stage.key_of(2).organization_id, HERE)
