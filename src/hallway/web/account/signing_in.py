"""The pages that sign people in: password, passkey, one-time code, once more, and out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hallway.accounts.model import Account
from hallway.accounts.sign_in import PASSWORD, Proof
from hallway.ids import AccountId
from hallway.scim.json import JsonObject
from hallway.web.account.entering import Entering
from hallway.web.account.ground import Ground, wanted
from hallway.web.account.passkey_forms import PasskeyForms
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler
from hallway.web.visitor import browser_of

PENDING_SECONDS: Final = 600
_WRONG: Final = N_("Address and password do not fit together. Try again, or choose a new password.")
_WRONG_CODE: Final = N_("This code does not fit, or was used already. Wait for the next one.")
_WRONG_PASSKEY: Final = N_("This passkey does not open an account here, or it took too long. Try again.")


@dataclass(slots=True)
class Elsewhere:
    """What single sign-on does for who signed in through it; none of it where there is no single sign-on. `asked_by`
    names the application for whose sake somebody is to go on to a path, "" for none.
    """

    again: Callable[[Request, Any, str], Awaitable[Response]] | None = None
    leave: Callable[[Request, Any], Awaitable[Response | None]] | None = None
    asked_by: Callable[[str], str] = lambda _: ""


class SignInPages:
    """Signing in to one realm."""

    def __init__(self, ground: Ground, entering: Entering, elsewhere: Elsewhere | None = None) -> None:
        self._ground = ground
        self._entering = entering
        self._elsewhere = elsewhere or Elsewhere()
        self._passkeys = PasskeyForms(ground)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table, without the realm's own prefix."""
        return {
            "sign_in": self.show,
            "sign_in_password": self.password,
            "sign_in_passkey": self.passkey,
            "sign_in_code": self.show_code,
            "sign_in_code_given": self.code,
            "sign_in_again": self.show_again,
            "sign_in_again_password": self.again,
            "sign_in_again_passkey": self.again_by_passkey,
            "sign_out": self.out,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """The form; whoever is signed in goes on, unless she wants to be somebody else."""
        if visitor is not None and dict(request.pairs()).get("as") != "other":
            return self._ground.pages.see_other(wanted(request) or self._ground.home)
        return self._form(request, wanted(request), dict(request.pairs()).get("email", "")[:254])

    async def password(self, request: Request, visitor: Any) -> Response:
        """Address and password."""
        form, ground = await read_form(request), self._ground
        ground.doors.come(request.client_address)
        key = ground.door_key(request, form["email"])
        ground.doors.password(key)
        account = await ground.rooms.sign_in.by_password(form["email"], form.exact("password"))
        if account is None:
            ground.doors.wrong_password(key)
            ground.failed(form["email"])
            return self._form(request, wanted(request, form["next"]), form["email"], _said("password", _WRONG))
        if account.otp is not None:
            return self._to_code(account, wanted(request, form["next"]))
        return await self._in(request, visitor, account, (Proof(PASSWORD),), wanted(request, form["next"]))

    async def passkey(self, request: Request, visitor: Any) -> Response:
        """What the browser's authenticator answered."""
        form, ground = await read_form(request), self._ground
        ground.doors.come(request.client_address)
        found = await self._passkeys.proved(form)
        if found is None:
            return self._form(request, wanted(request, form["next"]), "", _said("", _WRONG_PASSKEY))
        return await self._in(request, visitor, found[0], (found[1],), wanted(request, form["next"]))

    async def show_code(self, request: Request, _: Any) -> Response:
        """The form for a one-time code, once the password was right."""
        pending = self._pending(request)
        if pending is None:
            return self._ground.pages.see_other(f"{self._ground.prefix}/sign-in")
        return self._ground.render(request, "code")

    async def code(self, request: Request, visitor: Any) -> Response:
        """The one-time code, or a recovery code."""
        form, ground, pending = await read_form(request), self._ground, self._pending(request)
        if pending is None:
            return ground.pages.see_other(f"{ground.prefix}/sign-in")
        owner = AccountId(bytes.fromhex(str(pending["account"])))
        ground.doors.come(request.client_address)
        ground.doors.code(owner)
        account = await ground.rooms.sign_in.account(owner)
        proof = None if account is None else await ground.rooms.sign_in.code(account, form["code"])
        if account is None or proof is None or account.password_at != pending["password_at"]:
            ground.doors.wrong_code(owner)
            if account is not None:
                ground.failed(account.email)
            return ground.render(request, "code", 422, errors=_said("code", _WRONG_CODE))
        proofs = (Proof(PASSWORD), proof)
        answer = await self._in(request, visitor, account, proofs, str(pending["next"]))
        return answer._replace(headers=(*answer.headers, ground.pages.cookies.ended(self._pending_cookie)))

    async def show_again(self, request: Request, visitor: Any) -> Response:
        """Before something dangerous: is it still she? Who came through a connection is asked there."""
        if visitor.session.connection is not None:
            return self._ground.render(request, "again_elsewhere", next=wanted(request))
        return await self._again_form(request, visitor, wanted(request))

    async def again(self, request: Request, visitor: Any) -> Response:
        """Her password once more, and a code where codes are on; the session is a new one."""
        form, ground = await read_form(request), self._ground
        if visitor.session.connection is not None:
            if self._elsewhere.again is None:
                raise EdgeProblem(404, "There is no single sign-on here.")
            return await self._elsewhere.again(request, visitor, wanted(request, form["next"]))
        target, account = wanted(request, form["next"]), visitor.account
        key = ground.door_key(request, account.email)
        ground.doors.password(key)
        ground.doors.code(account.id)
        errors = FormErrors()
        proofs = [Proof(PASSWORD)]
        if await ground.rooms.sign_in.by_password(account.email, form.exact("password")) is None:
            ground.doors.wrong_password(key)
            errors.add("password", N_("This is not your password."))
        elif account.otp is not None:
            proof = await ground.rooms.sign_in.code(account, form["code"])
            if proof is None:
                ground.doors.wrong_code(account.id)
                errors.add("code", _WRONG_CODE)
            else:
                proofs.append(proof)
        if errors:
            return await self._again_form(request, visitor, target, errors)
        return await self._anew(request, visitor, tuple(proofs), target)

    async def again_by_passkey(self, request: Request, visitor: Any) -> Response:
        """One of her passkeys."""
        form = await read_form(request)
        found, target = await self._passkeys.proved(form), wanted(request, form["next"])
        if found is None or found[0].id != visitor.account.id:
            return await self._again_form(request, visitor, target, _said("", _WRONG_PASSKEY))
        return await self._anew(request, visitor, (found[1],), target)

    async def out(self, request: Request, visitor: Any) -> Response:
        """End this session; the provider's too, where she came through one that can be told."""
        await self._ground.rooms.sessions.end(visitor.account, visitor.session.id, browser_of(request))
        ended = self._ground.pages.cookies.ended(self._ground.cookie)
        clear = (b"clear-site-data", b'"cache"')
        if visitor.session.connection is not None and self._elsewhere.leave is not None:
            away = await self._elsewhere.leave(request, visitor)
            if away is not None:
                return away._replace(headers=(*away.headers, ended, clear))
        return self._ground.pages.see_other(f"{self._ground.prefix}/sign-in", ended, clear)

    async def _in(
        self, request: Request, visitor: Any, account: Account, proofs: tuple[Proof, ...], target: str
    ) -> Response:
        ground = self._ground
        same = visitor is not None and visitor.account.id == account.id
        opened = await ground.begin(request, account, proofs, visitor.session if same else None)
        if opened is None:
            return self._form(request, target, "", _said("", _WRONG_CODE))
        if visitor is not None and not same:
            await ground.rooms.sessions.end(visitor.account, visitor.session.id, browser_of(request))
        onward = await self._entering.after_sign_in(account, opened.session, browser_of(request), target)
        return ground.signed_in(account, opened, onward)

    async def _anew(self, request: Request, visitor: Any, proofs: tuple[Proof, ...], target: str) -> Response:
        opened = await self._ground.begin(request, visitor.account, proofs, visitor.session)
        if opened is None:
            return await self._again_form(request, visitor, target, _said("", _WRONG_CODE))
        return self._ground.signed_in(visitor.account, opened, target or self._ground.home)

    def _to_code(self, account: Account, target: str) -> Response:
        ground = self._ground
        value: JsonObject = {"account": account.id.hex(), "password_at": account.password_at, "next": target}
        text = ground.sealed.text(self._pending_cookie, value, PENDING_SECONDS)
        header = ground.pages.cookies.made(self._pending_cookie, text, PENDING_SECONDS)
        return ground.pages.see_other(f"{ground.prefix}/sign-in/code", header)

    def _pending(self, request: Request) -> dict[str, Any] | None:
        return self._ground.sealed.value(
            self._pending_cookie, self._ground.pages.cookies.read(request, self._pending_cookie)
        )

    @property
    def _pending_cookie(self) -> str:
        return f"{self._ground.cookie}_pending"

    def _form(self, request: Request, target: str, email: str, errors: FormErrors | None = None) -> Response:
        return self._ground.render(
            request,
            "sign_in",
            422 if errors else 200,
            next=target,
            email=email,
            errors=errors or {},
            application=self._elsewhere.asked_by(target),
            registration=self._entering.registration,
            passkey=self._passkeys.request(),
        )

    async def _again_form(
        self, request: Request, visitor: Any, target: str, errors: FormErrors | None = None
    ) -> Response:
        known = await self._ground.rooms.desk.means.accounts.passkeys(visitor.account.id)
        return self._ground.render(
            request,
            "again",
            422 if errors else 200,
            next=target,
            errors=errors or {},
            has_password=visitor.account.password is not None,
            has_codes=visitor.account.otp is not None,
            has_passkeys=bool(known),
            passkey=self._passkeys.request(),
        )


def _said(field: str, sentence: str) -> FormErrors:
    errors = FormErrors()
    errors.add(field, sentence)
    return errors
