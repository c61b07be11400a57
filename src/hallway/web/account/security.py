"""The pages of what an account signs in with: password, passkeys, one-time codes."""

import base64
import io
from collections.abc import Mapping
from typing import Any, Final

import segno

from hallway.accounts.desk import Declined
from hallway.accounts.model import Passkey
from hallway.accounts.one_time_codes import seed_text
from hallway.ids import PASSKEY, parsed, wire
from hallway.web.account.clients import client_shown
from hallway.web.account.ground import Ground, refused
from hallway.web.account.passkey_forms import PasskeyForms
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler
from hallway.web.visitor import browser_of

SEED_SECONDS: Final = 1800
_SEED: Final = "seed of one-time codes"


class SecurityPages:
    """What she signs in with, in one realm."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._passkeys = PasskeyForms(ground)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table, without the realm's own prefix."""
        return {
            "security": self.show,
            "security_password": self.password,
            "security_passkey_new": self.show_passkey,
            "security_passkey_add": self.add_passkey,
            "security_passkey_remove": self.remove_passkey,
            "security_codes": self.show_codes,
            "security_codes_on": self.turn_on,
            "security_codes_off": self.turn_off,
            "security_recovery_codes": self.recovery_codes,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """All of it at a glance."""
        return await self._overview(request, visitor)

    async def password(self, request: Request, visitor: Any) -> Response:
        """Another password; every other session ends."""
        form, ground = await read_form(request), self._ground
        try:
            await ground.rooms.profile.change_password(
                visitor.account, visitor.session, form.exact("password"), browser_of(request)
            )
        except Declined as problem:
            return await self._overview(request, visitor, refused(problem))
        return self._back(request, N_("Your password was changed. Every other session ended."))

    async def show_passkey(self, request: Request, visitor: Any) -> Response:
        """Ask the browser for a new passkey."""
        return await self._passkey_form(request, visitor)

    async def add_passkey(self, request: Request, visitor: Any) -> Response:
        """Keep what its authenticator made."""
        form, ground = await read_form(request), self._ground
        try:
            made = self._passkeys.made(form, visitor.account.id)
            await ground.rooms.passkeys.add(visitor.account, made, browser_of(request))
        except Declined as problem:
            return await self._passkey_form(request, visitor, refused(problem))
        return self._back(request, N_("The passkey was added."))

    async def remove_passkey(self, request: Request, visitor: Any) -> Response:
        """It signs in no more."""
        ground, found = self._ground, parsed(PASSKEY, request.params["passkey"])
        for passkey in await self._known(visitor):
            if passkey.id == found:
                try:
                    await ground.rooms.passkeys.remove(visitor.account, passkey, browser_of(request))
                except Declined as problem:
                    return await self._overview(request, visitor, refused(problem))
                return self._back(request, N_("The passkey was removed."))
        raise EdgeProblem(404, "There is no such passkey in your account.")

    async def show_codes(self, request: Request, visitor: Any) -> Response:
        """A new seed as a picture and as text, and the form for its first code."""
        return self._codes_form(request, visitor, self._ground.rooms.codes.fresh_seed())

    async def turn_on(self, request: Request, visitor: Any) -> Response:
        """The first code was right: on, with recovery codes, shown once."""
        form, ground, account = await read_form(request), self._ground, visitor.account
        kept = ground.sealed.value(_SEED, form["seed"])
        if kept is None or kept["account"] != account.id.hex():
            return ground.pages.see_other(f"{ground.prefix}/account/security/codes")
        ground.doors.code(account.id)
        seed = bytes.fromhex(str(kept["seed"]))
        try:
            texts = await ground.rooms.codes.turn_on(account, visitor.session, seed, form["code"], browser_of(request))
        except Declined as problem:
            ground.doors.wrong_code(account.id)
            return self._codes_form(request, visitor, seed, refused(problem))
        return ground.render(request, "recovery_codes", codes=texts, turned_on=True)

    async def turn_off(self, request: Request, visitor: Any) -> Response:
        """No code any more."""
        await self._ground.rooms.codes.turn_off(visitor.account, browser_of(request))
        return self._back(request, N_("One-time codes were turned off."))

    async def recovery_codes(self, request: Request, visitor: Any) -> Response:
        """New ones, shown once."""
        try:
            texts = await self._ground.rooms.codes.new_recovery_codes(visitor.account, browser_of(request))
        except Declined as problem:
            return await self._overview(request, visitor, refused(problem))
        return self._ground.render(request, "recovery_codes", codes=texts, turned_on=False)

    async def _known(self, visitor: Any) -> list[Passkey]:
        return list(await self._ground.rooms.desk.means.accounts.passkeys(visitor.account.id))

    async def _overview(self, request: Request, visitor: Any, errors: FormErrors | None = None) -> Response:
        accounts, account = self._ground.rooms.desk.means.accounts, visitor.account
        codes = await accounts.recovery_codes(account.id)
        return self._ground.render(
            request,
            "security",
            422 if errors else 200,
            errors=errors or {},
            account=account,
            passkeys=[(wire(PASSKEY, one.id), one) for one in await self._known(visitor)],
            codes_left=sum(code.used_at is None for code in codes),
        )

    async def _passkey_form(self, request: Request, visitor: Any, errors: FormErrors | None = None) -> Response:
        account = visitor.account
        return self._ground.render(
            request,
            "passkey_new",
            422 if errors else 200,
            errors=errors or {},
            passkey=self._passkeys.creation(account.id, account.email, await self._known(visitor)),
            suggested=client_shown(request.header(b"user-agent")),
        )

    def _codes_form(self, request: Request, visitor: Any, seed: bytes, errors: FormErrors | None = None) -> Response:
        account, ground = visitor.account, self._ground
        value: Any = {"account": account.id.hex(), "seed": seed.hex()}
        return ground.render(
            request,
            "codes",
            422 if errors else 200,
            errors=errors or {},
            seed=ground.sealed.text(_SEED, value, SEED_SECONDS),
            picture=_picture(ground.rooms.codes.address(account, seed)),
            text=" ".join(seed_text(seed)[at : at + 4] for at in range(0, 32, 4)),
            replaces=account.otp is not None,
        )

    def _back(self, request: Request, sentence: str) -> Response:
        done = self._ground.pages.language(request).text(sentence)
        return self._ground.pages.see_other(f"{self._ground.prefix}/account/security", done=done)


def _picture(text: str) -> str:
    """A QR code as a picture in an address (`data:`), dark on white whatever the theme."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=5, border=3, light="#fff", dark="#000", xmldecl=False)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()
