"""What administrators tell a connection: the provider, its domains, its settings, and what becomes of keys."""

from collections.abc import Mapping
from typing import Any, Final

from cryptography.x509 import load_der_x509_certificate

from hallway.hub.connections.given import Certificates, recognised
from hallway.hub.connections.model import DAY, Connection, Match, Protocol, ProviderKey
from hallway.hub.connections.model import Mapping as Attributes
from hallway.hub.connections.openid import AUTHENTICATIONS, take_client
from hallway.hub.connections.service import Wishes, effects
from hallway.hub.connections.trusted import fingerprint, key_name
from hallway.hub.connections.upkeep import MetadataRounds
from hallway.hub.organizations.service import Refused
from hallway.web.console.connections.bench import KEYS, Bench, client_in, client_values, root
from hallway.web.console.connections.guides import NAMES
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

BOX_BYTES: Final = 3 * 1024 * 1024
"""Metadata of a megabyte in the encoding of forms."""
FIELDS: Final = ("issuer", "client_id", "authentication", "returns_here")
PARTS: Final = ("email", "first_name", "last_name", "groups")


class TellingPages:
    """The handlers."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "connection_guide": self.guide,
            "connection_metadata": self.metadata,
            "connection_metadata_take": self.take,
            "connection_client_take": self.take_client,
            "connection_refresh": self.refresh,
            "connection_domains": self.domains,
            "connection_domains_save": self.save_domains,
            "connection_settings": self.settings,
            "connection_settings_save": self.save_settings,
        }

    async def guide(self, request: Request, visitor: Any) -> Response:
        """Steps at the provider, each value beside the name that it has there."""
        one = await self._bench.connection(request, visitor)
        return self._bench.render(request, "guide", one, names=NAMES)

    async def metadata(self, request: Request, visitor: Any) -> Response:
        """The box."""
        one = await self._bench.connection(request, visitor)
        typed = {"given": one.saml.metadata_url, "entity_id": one.saml.idp_entity_id}
        return self._box(request, one, typed, FormErrors())

    def _box(self, request: Request, one: Connection, typed: Mapping[str, str], errors: FormErrors) -> Response:
        if one.protocol is Protocol.OIDC:
            kept = one.oidc
            filled = {
                "issuer": kept.issuer,
                "client_id": kept.client_id,
                "authentication": kept.authentication,
                "returns_here": "on" if kept.returns_here else "",
                **typed,
            }
            return self._bench.render(
                request,
                "client",
                one,
                422 if errors else 200,
                typed=filled,
                errors=errors,
                ways=AUTHENTICATIONS,
                own=client_values(self._bench.hub.settings.base_url, one),
            )
        return self._bench.render(request, "metadata", one, 422 if errors else 200, typed=typed, errors=errors)

    async def take(self, request: Request, visitor: Any) -> Response:
        """Recognise what stood in the box, and keep it."""
        one = await self._bench.connection(request, visitor)
        form, errors = await read_form(request, BOX_BYTES), FormErrors()
        book = self._bench.book(request, visitor)
        try:
            given = recognised(form["given"])
            if isinstance(given, Certificates):
                if not form["entity_id"]:
                    errors.add("entity_id", N_("Enter the entity ID of your provider: a certificate does not say it"))
                    return self._box(request, one, form, errors)
                now = await book.take_certificates(one, given, form["entity_id"])
            else:
                now = await book.take(one, form["given"])
        except Refused as refused:
            self._bench.said(request, refused)
            errors.add("given", refused.text, **refused.values)
            return self._box(request, one, form, errors)
        return self._bench.done(
            request, root(now), N_("We know your provider now. Compare the fingerprints, then test.")
        )

    async def take_client(self, request: Request, visitor: Any) -> Response:
        """Read the issuer, and keep the client."""
        one = await self._bench.connection(request, visitor)
        form, errors = await read_form(request), FormErrors()
        client = client_in(form)
        try:
            now = await take_client(self._bench.desk, visitor.actor(request), one, client)
        except Refused as refused:
            self._bench.said(request, refused)
            errors.add("issuer", refused.text, **refused.values)
            return self._box(request, one, {name: form[name] for name in FIELDS}, errors)
        return self._bench.done(request, root(now), N_("We know your provider now. Test a sign-in."))

    async def refresh(self, request: Request, visitor: Any) -> Response:
        """Read it again now; a new key is staged, as when we read by ourselves."""
        one = await self._bench.connection(request, visitor)
        place = f"{root(one)}/keys"
        if not one.saml.metadata_url:
            return self._bench.done(request, place, N_("This connection has no metadata address."))
        now = await MetadataRounds(self._bench.desk).read(one)
        if now.saml.metadata_finding:
            return self._bench.done(request, place, N_("It could not be read: %(why)s"), why=now.saml.metadata_finding)
        return self._bench.done(request, place, N_("The metadata was read."))

    async def domains(self, request: Request, visitor: Any) -> Response:
        """The list, and what each is worth now."""
        one = await self._bench.connection(request, visitor)
        return await self._domains(request, one, ", ".join(one.domains), FormErrors())

    async def _domains(self, request: Request, one: Connection, typed: str, errors: FormErrors) -> Response:
        claims = await self._bench.desk.domains.domains(one.organization_id)
        return self._bench.render(
            request, "domains", one, 422 if errors else 200, typed=typed, errors=errors,
            known=await effects(self._bench.desk, one), claims=[claim for claim in claims if claim.has_effect],
        )  # fmt: skip

    async def save_domains(self, request: Request, visitor: Any) -> Response:
        """Write them."""
        one = await self._bench.connection(request, visitor)
        typed, errors = (await read_form(request))["domains"], FormErrors()
        try:
            await self._bench.book(request, visitor).set_domains(one, typed.replace(",", " ").split())
        except Refused as refused:
            self._bench.said(request, refused)
            errors.add("domains", refused.text, **refused.values)
            return await self._domains(request, one, typed, errors)
        return self._bench.done(request, f"{root(one)}/domains", N_("The domains were saved."))

    async def settings(self, request: Request, visitor: Any) -> Response:
        """The form."""
        one = await self._bench.connection(request, visitor)
        typed = {
            "name": one.name, "match": one.match.value, "entity_id": one.saml.entity_id,
            "more_acs_urls": "\n".join(one.saml.more_acs_urls),
            **{part: ", ".join(getattr(one.mapping, part)) for part in PARTS},
        }  # fmt: skip
        ticked = {
            name for name, on in (
                ("allow_idp_initiated", one.allow_idp_initiated), ("just_in_time", one.just_in_time),
                ("both_signed", one.saml.both_signed),
            ) if on
        }  # fmt: skip
        return self._settings(request, one, typed, ticked, FormErrors())

    def _settings(
        self, request: Request, one: Connection, typed: Mapping[str, str], ticked: set[str], errors: FormErrors
    ) -> Response:
        return self._bench.render(
            request, "settings", one, 422 if errors else 200, typed=typed, ticked=ticked, errors=errors,
            matches=[one.value for one in Match],
        )  # fmt: skip

    async def save_settings(self, request: Request, visitor: Any) -> Response:
        """Write it."""
        one = await self._bench.connection(request, visitor)
        form, errors = await read_form(request), FormErrors()
        if form["match"] not in {match.value for match in Match}:
            errors.add("match", N_("Choose how a person is found"))
        if not errors:
            try:
                await self._bench.book(request, visitor).set_up(one, _wishes(form))
                return self._bench.done(request, f"{root(one)}/settings", N_("The settings were saved."))
            except Refused as refused:
                self._bench.said(request, refused)
                errors.add("name", refused.text, **refused.values)
        return self._settings(request, one, form, set(form), errors)


def _wishes(form: Form) -> Wishes:
    email, first, last, groups = (tuple(form[part].split(",")) for part in PARTS)
    return Wishes(
        form["name"], form.ticked("allow_idp_initiated"), form.ticked("just_in_time"), Match(form["match"]),
        form.ticked("both_signed"), Attributes(email, first, last, groups), form["entity_id"],
        tuple(form["more_acs_urls"].split()),
    )  # fmt: skip


class KeyPages:
    """Keys: the provider's, and ours."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "connection_keys": self.show,
            "connection_key_approve": self.approve,
            "connection_key_reject": self.reject,
            "connection_key_remove": self.remove,
            "connection_own_key": self.own,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """Every key with its fingerprint, its state, and the days that it has left."""
        return self._page(request, await self._bench.connection(request, visitor))

    def _page(self, request: Request, one: Connection, status: int = 200, problem: str = "") -> Response:
        now = self._bench.hub.desk.clock()
        own = [(fingerprint(der), _ends(der, now)) for der in one.saml.certificates]
        listed = [self._line(request, key, now) for key in one.saml.keys]
        return self._bench.render(request, "keys", one, status, problem=problem, own=own, listed=listed)

    def _line(self, request: Request, key: ProviderKey, now: int) -> dict[str, Any]:
        kind, words = KEYS[key.state]
        return {
            "name": key_name(key.certificate), "fingerprint": fingerprint(key.certificate), "kind": kind,
            "words": self._bench.pages.language(request).text(words), "state": key.state.value, "since": key.since,
            "expires_at": key.expires_at, "days": None if key.expires_at is None else (key.expires_at - now) // DAY,
            "missing_since": key.missing_since,
        }  # fmt: skip

    async def approve(self, request: Request, visitor: Any) -> Response:
        """It counts."""
        return await self._acted(request, visitor, "approve", N_("The key is trusted now."))

    async def reject(self, request: Request, visitor: Any) -> Response:
        """It never counts by itself."""
        return await self._acted(request, visitor, "reject", N_("The key was rejected."))

    async def remove(self, request: Request, visitor: Any) -> Response:
        """It counts no more."""
        return await self._acted(request, visitor, "remove", N_("The key was removed."))

    async def _acted(self, request: Request, visitor: Any, what: str, message: str) -> Response:
        one, keys = await self._bench.connection(request, visitor), self._bench.keys(request, visitor)
        act = {"approve": keys.approve, "reject": keys.reject, "remove": keys.remove}[what]
        try:
            await act(one, request.params["key"])
        except Refused as refused:
            return self._page(request, one, 409, self._bench.said(request, refused))
        return self._bench.done(request, f"{root(one)}/keys", message)

    async def own(self, request: Request, visitor: Any) -> Response:
        """The next step of the renewal."""
        one, keys = await self._bench.connection(request, visitor), self._bench.keys(request, visitor)
        steps = {"renew": keys.renew_own, "switch": keys.switch_own, "drop": keys.drop_own}
        act = steps.get((await read_form(request))["step"])
        try:
            if act is None:
                raise Refused("invalid", "Choose what shall become of our certificate.")
            await act(one)
        except Refused as refused:
            return self._page(request, one, 409, self._bench.said(request, refused))
        return self._bench.done(request, f"{root(one)}/keys", N_("That was done."))


def _ends(der: bytes, now: int) -> int:
    ends = int(load_der_x509_certificate(der).not_valid_after_utc.timestamp()) * 1_000_000
    return (ends - now) // DAY
