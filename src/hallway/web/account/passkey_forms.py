"""Forms that a browser's authenticator fills in: what it is asked, and what it answered.

Rules: a challenge travels sealed in the form that it is for, and is good for one answer within ten minutes.
"""

import base64
import hashlib
from typing import Any, Final

from hallway.accounts.desk import Declined
from hallway.accounts.model import Account, Passkey
from hallway.accounts.sign_in import Proof
from hallway.ids import AccountId
from hallway.web.account.ground import Ground
from hallway.web.forms import Form

SECONDS: Final = 600
_MOST_USED: Final = 20_000


class PasskeyForms:
    """Makes and reads them for one realm."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._used: dict[bytes, int] = {}

    def request(self) -> dict[str, str]:
        """`options` for the browser (`PublicKeyCredentialRequestOptionsJSON`), and the sealed `challenge`."""
        challenge = self._ground.rooms.passkeys.fresh_challenge()
        return {
            "options": self._ground.rooms.passkeys.request(challenge),
            "challenge": self._sealed("get", challenge, b""),
        }

    async def proved(self, form: Form) -> tuple[Account, Proof] | None:
        """Whose passkey answered."""
        challenge = self._challenge("get", form["challenge"], b"")
        if challenge is None:
            return None
        return await self._ground.rooms.passkeys.proved(self._ground.rooms.sign_in, form["answer"], challenge)

    def creation(self, account_id: AccountId, email: str, known: list[Passkey]) -> dict[str, str]:
        """The same for a new passkey of this account."""
        challenge = self._ground.rooms.passkeys.fresh_challenge()
        return {
            "options": self._ground.rooms.passkeys.creation(account_id, email, challenge, known),
            "challenge": self._sealed("create", challenge, account_id),
        }

    def made(self, form: Form, account_id: AccountId) -> Passkey:
        """The new passkey; raises `Declined`."""
        challenge = self._challenge("create", form["challenge"], account_id)
        if challenge is None:
            raise Declined("", "This took too long, or was sent already. Try again")
        return self._ground.rooms.passkeys.made(account_id, form["answer"], challenge, form["label"])

    def _sealed(self, what: str, challenge: bytes, account_id: bytes) -> str:
        value: dict[str, Any] = {"challenge": base64.b64encode(challenge).decode(), "account": account_id.hex()}
        return self._ground.sealed.text(self._purpose(what), value, SECONDS)

    def _challenge(self, what: str, text: str, account_id: bytes) -> bytes | None:
        """The challenge of a form, taken once."""
        value = self._ground.sealed.value(self._purpose(what), text)
        if value is None or value["account"] != account_id.hex():
            return None
        challenge, now = base64.b64decode(str(value["challenge"])), self._ground.pages.clock()
        key = hashlib.sha256(challenge).digest()
        if key in self._used:
            return None
        if len(self._used) >= _MOST_USED:
            self._used = {one: until for one, until in self._used.items() if until > now}
        self._used[key] = now + SECONDS * 1_000_000
        return challenge

    def _purpose(self, what: str) -> str:
        return f"{self._ground.cookie} passkey {what}"
