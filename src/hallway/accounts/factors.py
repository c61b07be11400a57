"""One-time codes of an account: turned on with a code, turned off, and the recovery codes that stand in for them.

Rules: nothing is on before a code of it was right; recovery codes are shown once and kept as hashes; new ones end those
of before; turning codes off ends them too.
"""

from collections.abc import Sequence
from dataclasses import replace

from hallway.accounts.desk import AccountDesk, Browser, Declined
from hallway.accounts.letters import factor_letter
from hallway.accounts.model import Account, AccountUpdate, RecoveryCode, RecoveryCodes, Session, SessionsEnd
from hallway.accounts.one_time_codes import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    SEED_BYTES,
    fitting_step,
    recovery_hash,
    recovery_texts,
    seed_address,
)
from hallway.accounts.sign_in import otp_context
from hallway.journal.model import Row


class OneTimeCodes:
    """The second factor of accounts; `reset_path` is where a mail sends whoever did not want this."""

    def __init__(self, desk: AccountDesk, reset_path: str) -> None:
        self._desk = desk
        self._reset = f"{desk.base_url}{reset_path}"

    def fresh_seed(self) -> bytes:
        """A seed that nobody has yet."""
        return self._desk.entropy(SEED_BYTES)

    def address(self, account: Account, seed: bytes) -> str:
        """What an authenticator app reads from the QR code."""
        return seed_address(seed, self._desk.product, account.email)

    async def turn_on(
        self, account: Account, session: Session, seed: bytes, code: str, browser: Browser
    ) -> tuple[str, ...]:
        """The recovery codes, shown once; raises `Declined` where the code is not the seed's. Other sessions end."""
        desk, now = self._desk, self._desk.clock()
        step = fitting_step(seed, code, now, 0)
        if step is None:
            raise Declined("code", "This is not the code that your app shows now; look at the time of your device too")
        sealed = desk.means.vault.encrypt(seed, otp_context(account.id))
        changed = replace(account, otp=sealed, otp_at=now, otp_step=step, version=account.version + 1)
        texts, codes = self._recovery()
        rows = (AccountUpdate(account, changed), codes, SessionsEnd(now, session.id), *self._told(account, "on"))
        on = desk.entry(changed, "account.codes_turned_on", browser, {})
        made = desk.entry(changed, "account.recovery_codes_made", browser, {"count": len(texts)})
        await desk.write(account.id, rows, on, made)
        return texts

    async def turn_off(self, account: Account, browser: Browser) -> None:
        """Signing in asks for no code any more."""
        if account.otp is None:
            return
        changed = replace(account, otp=None, otp_at=None, version=account.version + 1)
        rows = (AccountUpdate(account, changed), RecoveryCodes(()), *self._told(account, "off"))
        await self._desk.write(account.id, rows, self._desk.entry(changed, "account.codes_turned_off", browser, {}))

    async def new_recovery_codes(self, account: Account, browser: Browser) -> tuple[str, ...]:
        """Ten new ones; those of before end. Raises `Declined` where codes are off."""
        if account.otp is None:
            raise Declined("", "One-time codes are off: there is nothing to recover")
        texts, codes = self._recovery()
        made = self._desk.entry(account, "account.recovery_codes_made", browser, {"count": len(texts)})
        await self._desk.write(account.id, (codes,), made)
        return texts

    def _recovery(self) -> tuple[tuple[str, ...], RecoveryCodes]:
        texts = tuple(recovery_texts(self._desk.entropy(RECOVERY_BYTES * RECOVERY_CODES)))
        kept = tuple(RecoveryCode(slot, recovery_hash(text)) for slot, text in enumerate(texts))
        return texts, RecoveryCodes(kept)

    def _told(self, account: Account, what: str) -> Sequence[Row]:
        letter = factor_letter(self._desk.product, f"One-time codes were turned {what}", self._reset)
        return self._desk.means.letters(account.id, account.email, *letter)
