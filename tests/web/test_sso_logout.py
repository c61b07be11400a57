"""Single logout over HTTP, both ways, and what comes to these addresses that is no message at all."""

import base64
import zlib
from asyncio import gather
from contextlib import AsyncExitStack
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hallway.hub.connections.addresses import logout_url
from hallway.hub.sign_in.model import Kind
from hallway.web.app import application_of
from tests.rooms.opened import settings_in
from tests.saml.sender import RSA_SHA256, SAML, SAMLP, Signing, rsa_key, signed, z
from tests.web.browsing import Browser
from tests.web.federation import IDP, SLO, Federation, packed
from tests.web.test_sso import acme, invited, led_to

ADA = "ada@acme.example"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
NUMBERS = count()
FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def request_to(there: Federation, name_id: str = ADA, index: str = "_s1", issuer: str = IDP) -> Any:
    """An unsigned LogoutRequest of the provider's, with an ID of its own; index "" means every session."""
    issued, numbered = z(there.login(None).issued), f"_logout{next(NUMBERS)}"
    indexed = f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
    return etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{numbered}" Version="2.0" '
        f'IssueInstant="{issued}" Destination="{logout_url(there.base, there.connection)}"><saml:Issuer>{issuer}'
        f'</saml:Issuer><saml:NameID Format="{FORMAT}">{name_id}</saml:NameID>'
        f"{indexed}</samlp:LogoutRequest>"
    )


def answer_to(there: Federation, asked: str, **changes: str) -> Any:
    """An unsigned LogoutResponse of the provider's; `changes` are attributes, an issuer, and a status."""
    issuer, status = changes.pop("issuer", IDP), changes.pop("status", SUCCESS)
    root = etree.fromstring(
        f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_answer{next(NUMBERS)}" Version="2.0" '
        f'IssueInstant="{z(there.login(None).issued)}" Destination="{logout_url(there.base, there.connection)}" '
        f'InResponseTo="{asked}"><saml:Issuer>{issuer}</saml:Issuer><samlp:Status>'
        f'<samlp:StatusCode Value="{status}"/></samlp:Status></samlp:LogoutResponse>'
    )
    for name, value in changes.items():
        root.set(name, value)
    return root


def query_of(root: Any, key: str | None, relay_state: str = "back") -> str:
    """As the redirect binding has it, signed by a key by name."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    text = base64.b64encode(packer.compress(etree.tostring(root)) + packer.flush()).decode()
    query = f"{kind_of(root)}={quote_plus(text)}&RelayState={quote_plus(relay_state)}"
    if key is None:
        return query
    query += f"&SigAlg={quote_plus(RSA_SHA256)}"
    value = rsa_key(key).sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&Signature={quote_plus(base64.b64encode(value).decode())}"


def kind_of(root: Any) -> str:
    return "SAMLRequest" if root.tag.endswith("Request") else "SAMLResponse"


async def sent(there: Federation, app: Any, way: str, root: Any, key: str | None) -> Any:
    """From the provider's page, without our cookies."""
    stranger = Browser(app)
    if way == "redirect":
        return await stranger.get(f"{there.path}/logout?{query_of(root, key)}")
    octets = etree.tostring(root if key is None else signed(deepcopy(root), Signing(rsa_key(key))))
    kind = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}
    kind["origin"] = "https://idp.example"
    body = urlencode({kind_of(root): packed(octets), "RelayState": "back"}).encode()
    return await stranger._sent("POST", f"{there.path}/logout", kind, body)


def answer_in(location: str) -> Any:
    fields = parse_qs(urlsplit(location).query)
    assert location.startswith(SLO) and fields["RelayState"] == ["back"]
    return etree.fromstring(zlib.decompress(base64.b64decode(fields["SAMLResponse"][0]), -15))


@pytest.mark.parametrize("way", ["redirect", "form"])
async def test_the_provider_ends_the_sessions_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there):
        browser, other = Browser(hub.app), Browser(hub.app)
        await there.signed_in(browser)
        await there.signed_in(other, name_id="bea@acme.example", attributes=())
        evil = request_to(there, issuer="https://evil.example")
        for root, key in ((request_to(there), None), (request_to(there), "another tenant"), (evil, "idp")):
            refused = await sent(there, hub.app, way, root, key)
            assert refused.status == 403 and not refused.cookies and "location" not in refused.headers
        stays = await sent(there, hub.app, way, request_to(there, index="_another"), "idp")
        assert stays.status == 303
        assert (await browser.get("/account/security")).status != 303, "none of these ended it"
        asked = request_to(there)
        answer = await sent(there, hub.app, way, asked, "idp")
        root = answer_in(answer.headers["location"])
        assert root.get("InResponseTo") == asked.get("ID") and root.find(".//{*}StatusCode").get("Value").endswith(
            "Success"
        )
        assert (await browser.get("/account/security")).status == 303
        assert (await other.get("/account/security")).status != 303
        unknown = await sent(there, hub.app, way, request_to(there, "nobody@acme.example"), "idp")
        same = answer_in(unknown.headers["location"])
        assert same.find(".//{*}StatusCode").get("Value").endswith("Success"), "it tells nobody who was here"


@pytest.mark.parametrize("way", ["redirect", "form"])
async def test_a_replayed_request_ends_no_newer_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, owner, there):
        browser = Browser(hub.app)
        await there.signed_in(browser)
        every = request_to(there, index="")
        assert (await sent(there, hub.app, way, every, "idp")).status == 303
        assert (await browser.get("/account/security")).status == 303
        await there.signed_in(browser)
        for again in (way, "redirect", "form"):
            refused = await sent(there, hub.app, again, every, "idp")
            assert refused.status == 409 and "location" not in refused.headers and b"replayed" in refused.body
        assert (await browser.get("/account/security")).status != 303, "it began after the request"
        kept = await hub.hub.stores.sign_ins.attempts(owner.id, None, "", None, 9)
        assert [(one.code, one.kind) for one in kept if one.code] == [("replayed", Kind.LOGOUT)] * 3
        assert (await sent(there, hub.app, way, request_to(there, index=""), "idp")).status == 303
        assert (await browser.get("/account/security")).status == 303, "a new request is another one"


async def test_a_request_counts_once_over_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there), AsyncExitStack() as stack:
        other = application_of(settings_in(hub.folder, rate_limit_per_second="0"))
        await other.lifespan.start()
        stack.push_async_callback(other.lifespan.stop)
        request = request_to(there)
        answers = await gather(*(sent(there, app, "form", request, "idp") for app in (hub.app, other, hub.app, other)))
        assert sorted(one.status for one in answers) == [303, 409, 409, 409]


async def test_a_request_that_nobody_signed_uses_no_id_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there):
        request = request_to(there)
        assert (await sent(there, hub.app, "redirect", request, "another tenant")).status == 403
        assert (await sent(there, hub.app, "redirect", request, "idp")).status == 303


async def asked_to_leave(hub: Any, there: Federation) -> str:
    """The ID of our LogoutRequest, of somebody who signs out here."""
    browser = Browser(hub.app)
    await there.signed_in(browser)
    await browser.post("/sign-out")
    packed_request = parse_qs(urlsplit(led_to(browser)).query)["SAMLRequest"][0]
    return str(etree.fromstring(zlib.decompress(base64.b64decode(packed_request), -15)).get("ID"))


@pytest.mark.parametrize("way", ["redirect", "form"])
async def test_the_answer_to_our_request_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there):
        asked = await asked_to_leave(hub, there)
        done = await sent(there, hub.app, way, answer_to(there, asked), "idp")
        assert (done.status, done.headers["location"].partition("?")[0]) == (303, "/sign-in")
        again = await sent(there, hub.app, way, answer_to(there, asked), "idp")
        assert again.status == 409 and b"no_request" in again.body
        partly = answer_to(there, await asked_to_leave(hub, there), status=SUCCESS.replace("Success", "Responder"))
        told = await sent(there, hub.app, way, partly, "idp")
        assert told.status == 303
        page = Browser(hub.app)
        page.jar.update({one.split("=")[0]: one.split("=")[1].split(";")[0] for one in told.cookies})
        await page.get(told.headers["location"])
        assert "did not end all of its sessions" in page.text


@pytest.mark.parametrize("way", ["redirect", "form"])
async def test_an_answer_that_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there):
        asked, sign_in = await asked_to_leave(hub, there), await there.asked(Browser(hub.app))
        for root, key, status in (
            (answer_to(there, asked), None, 403),
            (answer_to(there, asked), "another tenant", 403),
            (answer_to(there, asked, issuer="https://evil.example"), "idp", 403),
            (answer_to(there, asked, Destination="https://other.example/logout"), "idp", 403),
            (answer_to(there, asked, Version="1.1"), "idp", 403),
            (answer_to(there, ""), "idp", 403),
            (answer_to(there, "_unknown"), "idp", 409),
            (answer_to(there, asked[:-1] + ("0" if asked[-1] != "0" else "1")), "idp", 409),
            (answer_to(there, sign_in), "idp", 409),
        ):
            refused = await sent(there, hub.app, way, root, key)
            assert refused.status == status and "location" not in refused.headers, etree.tostring(root)
        assert (await sent(there, hub.app, way, answer_to(there, asked), "idp")).status == 303, "none used it up"


async def test_a_logout_of_ours_is_no_sign_in_that_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there):
        asked = await asked_to_leave(hub, there)
        refused = await there.posted(Browser(hub.app), there.response(asked))
        assert refused.status == 409 and b"no_request" in refused.body


async def test_a_query_that_is_not_the_signed_one_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there):
        browser = Browser(hub.app)
        await there.signed_in(browser)
        query, other = query_of(request_to(there), "idp"), query_of(request_to(there, "x"), "idp")
        message = query.partition("&")[0]
        for wrong in (
            f"{query}&{message}",
            f"{query}&SAMLResponse=eA",
            query.replace("RelayState=back", "RelayState=evil"),
            query.replace("&Signature=", "&signature="),
            query.partition("&SigAlg")[0],
            message + other[other.index("&") :],
            query.replace("%2F", "%2f").replace("%3D", "%3d"),
        ):
            refused = await Browser(hub.app).get(f"{there.path}/logout?{wrong}")
            assert refused.status == 403, wrong
        assert (await browser.get("/account/security")).status != 303


async def test_we_tell_the_provider_by_the_very_name_that_it_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, ADA)
        browser = Browser(hub.app)
        await there.signed_in(browser, name_id="Ada@ACME.example", attributes=(("email", (ADA,)),))
        await browser.post("/sign-out")
        fields = parse_qs(urlsplit(led_to(browser)).query)
        root = etree.fromstring(zlib.decompress(base64.b64decode(fields["SAMLRequest"][0]), -15))
        name_id = root.find(".//{*}NameID")
        assert (name_id.text, name_id.get("Format")) == ("Ada@ACME.example", FORMAT)
        assert root.find(".//{*}SessionIndex").text == "_s1" and "Signature" in fields
        assert "hub_session" not in browser.jar


async def test_whatever_comes_has_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        form = "application/x-www-form-urlencoded"
        huge = b"SAMLResponse=" + b"A" * 10_000_000
        many = b"&".join(b"a%d=1" % number for number in range(50_000))
        twice = b"SAMLResponse=eA==&SAMLResponse=eA=="
        for body in (huge, many, twice, b"\xff", b"SAMLResponse=%ff", b"SAMLResponse=%ed%a0%80", b""):
            for name in ("acs", "logout"):
                kind = {"content-type": form, "sec-fetch-site": "cross-site"}
                answer = await Browser(hub.app)._sent("POST", f"{there.path}/{name}", kind, body)
                assert 400 <= answer.status < 500, (name, body[:40], answer.status)


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["SAMLResponse", "SAMLRequest", "RelayState", "SigAlg", "Signature", "at"]),
        st.binary(max_size=60),
        st.booleans(),
    ),
    max_size=4,
)


async def test_any_bytes_are_refused_and_never_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[list[tuple[str, bytes, bool]], bytes]] = []

    @given(FIELDS, st.binary(max_size=80))
    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    def gather(fields: list[tuple[str, bytes, bool]], raw: bytes) -> None:
        found.append((fields, raw))

    gather()
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        kind = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}
        for number, (fields, raw) in enumerate(found):
            body = urlencode([(name, base64.b64encode(value) if packs else value) for name, value, packs in fields])
            browser = Browser(hub.app, address=f"192.0.2.{number}")
            for octets in (body.encode(), raw):
                for name in ("acs", "logout"):
                    answer = await browser._sent("POST", f"{there.path}/{name}", kind, octets)
                    assert answer.status < 500 and "hub_session" not in browser.jar, (name, octets)
            for name in ("logout", "resume"):
                assert (await browser.get(f"{there.path}/{name}?{body}")).status < 500, (name, body)
