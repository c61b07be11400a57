"""Passkeys (W3C Web Authentication, level 3): made, used, named, removed.

Rules: a passkey proves its person by itself, so the authenticator verifies her and keeps the credential; a challenge is
good for one answer, and the caller keeps it; of an unknown passkey nothing is said but that it does not fit. The
library is loaded at the first use: it costs a third of a second.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from hallway.accounts.desk import AccountDesk, Browser, Declined
from hallway.accounts.letters import factor_letter
from hallway.accounts.model import Account, NewPasskey, Passkey, PasskeyRemoval, PasskeyUpdate
from hallway.accounts.sign_in import PASSKEY, Proof, SignIn
from hallway.ids import AccountId, PasskeyId
from hallway.journal.model import Row

CHALLENGE_BYTES: Final = 32
MOST: Final = 20
MAX_LABEL: Final = 60
_LONGEST_ANSWER: Final = 20_000
_ID_BYTES: Final = 16
_PATIENCE_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who we are to authenticators: `id` is the host that pages stand on, `origin` their scheme, host and port."""

    id: str
    origin: str


class Passkeys:
    """The passkeys of accounts; `reset_path` is where a mail sends whoever did not want one."""

    def __init__(self, desk: AccountDesk, party: RelyingParty, reset_path: str) -> None:
        self._desk = desk
        self._party = party
        self._reset = f"{desk.base_url}{reset_path}"

    def fresh_challenge(self) -> bytes:
        """What the next answer is to sign."""
        return self._desk.entropy(CHALLENGE_BYTES)

    def creation(self, account_id: AccountId, email: str, challenge: bytes, known: Sequence[Passkey] = ()) -> str:
        """Options for a new passkey, as JSON for the browser (`PublicKeyCredentialCreationOptions`)."""
        import webauthn
        from webauthn.helpers import structs

        chosen = structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        options = webauthn.generate_registration_options(
            rp_id=self._party.id,
            rp_name=self._desk.product,
            user_id=account_id,
            user_name=email,
            user_display_name=email,
            challenge=challenge,
            authenticator_selection=chosen,
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one.credential) for one in known],
        )
        return webauthn.options_to_json(options)

    def request(self, challenge: bytes) -> str:
        """Options for signing in with any passkey of ours (`PublicKeyCredentialRequestOptionsJSON`)."""
        wanted = base64.urlsafe_b64encode(challenge).decode().rstrip("=")
        options = {"challenge": wanted, "rpId": self._party.id, "userVerification": "required", "timeout": _PATIENCE_MS}
        return orjson.dumps(options).decode()

    def made(self, account_id: AccountId, answer: str, challenge: bytes, label: str) -> Passkey:
        """The passkey that an authenticator made for this account; raises `Declined`."""
        import webauthn

        try:
            found = webauthn.verify_registration_response(
                credential=_read(answer),
                expected_challenge=challenge,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                require_user_verification=True,
            )
            transports = _transports(_read(answer))
        except _refusals() as fault:
            raise _unreadable() from fault
        return Passkey(
            PasskeyId(self._desk.fresh_id()),
            account_id,
            checked_label(label),
            found.credential_id,
            found.credential_public_key,
            found.sign_count,
            transports,
            self._desk.clock(),
        )

    async def add(self, account: Account, passkey: Passkey, browser: Browser) -> None:
        """One more passkey; raises `Declined` where there are too many."""
        known = await self._desk.means.accounts.passkeys(account.id)
        if len(known) >= MOST:
            raise Declined("", "You have %(most)s passkeys; remove one first", most=MOST)
        entry = self._desk.entry(account, "account.passkey_added", browser, {}, label=passkey.label)
        rows = (NewPasskey(passkey), *self._told(account, f'A passkey "{passkey.label}" was added'))
        await self._desk.write(account.id, rows, entry)

    async def remove(self, account: Account, passkey: Passkey, browser: Browser) -> None:
        """It signs in no more; raises `Declined` where nothing else would."""
        known = await self._desk.means.accounts.passkeys(account.id)
        if account.password is None and all(one.id == passkey.id for one in known):
            raise Declined("", "This passkey is the only way into your account: set a password, or add another, first")
        entry = self._desk.entry(account, "account.passkey_removed", browser, {}, label=passkey.label)
        rows = (PasskeyRemoval(passkey.id), *self._told(account, f'The passkey "{passkey.label}" was removed'))
        await self._desk.write(account.id, rows, entry)

    async def proved(self, door: SignIn, answer: str, challenge: bytes) -> tuple[Account, Proof] | None:
        """Whose passkey answered; None where it is unknown, of another realm, or does not fit."""
        import webauthn

        try:
            read = _read(answer)
            handle = webauthn.base64url_to_bytes(read["response"]["userHandle"])
            credential = webauthn.base64url_to_bytes(read["rawId"])
        except (Declined, KeyError, TypeError, ValueError):
            return None
        account = await door.account(AccountId(handle)) if len(handle) == _ID_BYTES else None
        known = None if account is None else await self._desk.means.accounts.passkey(account.id, credential)
        if account is None or known is None:
            return None
        try:
            found = webauthn.verify_authentication_response(
                credential=read,
                expected_challenge=challenge,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=known.sign_count,
                require_user_verification=True,
            )
        except _refusals():
            return None
        used = replace(known, sign_count=found.new_sign_count, last_used_at=self._desk.clock())
        return account, Proof(PASSKEY, (PasskeyUpdate(known, used),))

    def _told(self, account: Account, what: str) -> Sequence[Row]:
        letter = factor_letter(self._desk.product, what, self._reset)
        return self._desk.means.letters(account.id, account.email, *letter)


def checked_label(label: str) -> str:
    """What a person calls a passkey; raises `Declined`."""
    tidy = " ".join(label.split())
    if len(tidy) > MAX_LABEL or not tidy.isprintable():
        raise Declined("label", "Choose a name of at most %(most)s characters", most=MAX_LABEL)
    return tidy or "Passkey"


def _read(answer: str) -> Any:
    if len(answer) > _LONGEST_ANSWER:
        raise _unreadable()
    try:
        read = orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise _unreadable() from None
    if not isinstance(read, dict):
        raise _unreadable()
    return read


def _unreadable() -> Declined:
    return Declined("", "Your browser's answer could not be used. Try again")


def _transports(read: Any) -> tuple[str, ...]:
    named = read.get("response", {}).get("transports", [])
    return tuple(str(one) for one in named if str(one).isalnum() or "-" in str(one))[:8]


def _refusals() -> tuple[type[Exception], ...]:
    """What the library raises where an answer does not fit; anything else is a fault, and passes on."""
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, KeyError, TypeError, ValueError, AttributeError)
