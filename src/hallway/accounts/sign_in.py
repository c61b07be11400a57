"""Signing in: who it is, by what she proved it, and the session that begins.

Rules: whether an address has an account shows neither in words nor in time; where one-time codes are on, a password
alone begins nothing; a code and a recovery code are good once; a new session takes the place of the browser's old one.
"""

from dataclasses import dataclass, replace

from hallway.accounts.desk import AccountDesk, Browser, Opened, begun
from hallway.accounts.model import (
    Account,
    AccountState,
    AccountUpdate,
    Realm,
    RecoveryCodeUse,
    Session,
)
from hallway.accounts.one_time_codes import fitting_code, fitting_step
from hallway.ids import AccountId
from hallway.journal.model import Row

PASSWORD = "password"  # noqa: S105 - the name of a method
PASSKEY = "passkey"
CODE = "code"
RECOVERY_CODE = "recovery code"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a person showed: its method, what using it up writes, and how many recovery codes are left if it was one."""

    method: str
    rows: tuple[Row, ...] = ()
    left: int | None = None


class SignIn:
    """The door of one realm."""

    def __init__(self, desk: AccountDesk, realm: Realm) -> None:
        self._desk = desk
        self.realm = realm

    async def by_password(self, email: str, password: str) -> Account | None:
        """The account whose address and password these are; as slow where there is none."""
        account = await self._desk.means.accounts.by_email(self.realm, email)
        fits = await self._desk.means.hasher.fits(account.password if account else None, password)
        return account if fits and account is not None and account.state is AccountState.ACTIVE else None

    async def account(self, account_id: AccountId) -> Account | None:
        """The account, where it can sign in here."""
        account = await self._desk.means.accounts.by_id(account_id)
        good = account is not None and account.state is AccountState.ACTIVE and account.realm is self.realm
        return account if good else None

    async def code(self, account: Account, text: str) -> Proof | None:
        """The one-time code, or the recovery code, that the text is; None where it is neither."""
        if account.otp is None:
            return None
        now = self._desk.clock()
        seed = self._desk.means.vault.decrypt(account.otp, otp_context(account.id))
        step = fitting_step(seed, text, now, account.otp_step)
        if step is not None:
            used = replace(account, otp_step=step, version=account.version + 1)
            return Proof(CODE, (AccountUpdate(account, used),))
        codes = await self._desk.means.accounts.recovery_codes(account.id)
        fitting = fitting_code(codes, text)
        if fitting is None:
            return None
        left = sum(code.used_at is None for code in codes) - 1
        return Proof(RECOVERY_CODE, (RecoveryCodeUse(fitting.slot, now),), left)

    async def begin(self, account: Account, proofs: tuple[Proof, ...], browser: Browser, was: Session | None) -> Opened:
        """The session; raises `Stale` where a code or passkey was used by somebody else in this moment."""
        desk, methods = self._desk, tuple(proof.method for proof in proofs)
        opened = desk.opened(account, methods, browser, was)
        entries = [
            desk.entry(account, "account.recovery_code_used", browser, {"left": proof.left})
            for proof in proofs
            if proof.left is not None
        ]
        entries.append(desk.client_entry(account, "account.signed_in", browser, {"methods": list(methods)}))
        rows = tuple(row for proof in proofs for row in proof.rows)
        await desk.write(account.id, (*rows, *begun(opened, was)), *entries)
        return opened


def otp_context(account_id: bytes) -> bytes:
    """What the sealed seed of one-time codes is bound to."""
    return b"one-time codes of " + account_id
