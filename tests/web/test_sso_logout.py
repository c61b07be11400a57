"""Single logout over HTTP, both ways, and what comes to these addresses that is no message at all."""

import base64
import zlib
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
from tests.saml.sender import RSA_SHA256, SAML, SAMLP, Signing, rsa_key, signed, z
from tests.web.browsing import Browser
from tests.web.federation import IDP, SLO, Federation, packed
from tests.web.test_sso import acme, invited, led_to

ADA = "ada@acme.example"
FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def request_to(there: Federation, name_id: str = ADA, index: str = "_s1", issuer: str = IDP) -> Any:
    """An unsigned LogoutRequest of the provider's."""
    issued = z(there.login(None).issued)
    return etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_logout" Version="2.0" '
        f'IssueInstant="{issued}" Destination="{logout_url(there.base, there.connection)}"><saml:Issuer>{issuer}'
        f'</saml:Issuer><saml:NameID Format="{FORMAT}">{name_id}</saml:NameID>'
        f"<samlp:SessionIndex>{index}</samlp:SessionIndex></samlp:LogoutRequest>"
    )


def query_of(root: Any, key: str | None, relay_state: str = "back") -> str:
    """As the redirect binding has it, signed by a key by name."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    text = base64.b64encode(packer.compress(etree.tostring(root)) + packer.flush()).decode()
    query = f"SAMLRequest={quote_plus(text)}&RelayState={quote_plus(relay_state)}"
    if key is None:
        return query
    query += f"&SigAlg={quote_plus(RSA_SHA256)}"
    value = rsa_key(key).sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&Signature={quote_plus(base64.b64encode(value).decode())}"


async def sent(there: Federation, app: Any, way: str, root: Any, key: str | None) -> Any:
    """From the provider's page, without our cookies."""
    stranger = Browser(app)
    if way == "redirect":
        return await stranger.get(f"{there.path}/logout?{query_of(root, key)}")
    octets = etree.tostring(root if key is None else signed(root, Signing(rsa_key(key))))
    kind = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}
    kind["origin"] = "https://idp.example"
    body = urlencode({"SAMLRequest": packed(octets), "RelayState": "back"}).encode()
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
        answer = await sent(there, hub.app, way, request_to(there), "idp")
        root = answer_in(answer.headers["location"])
        assert root.get("InResponseTo") == "_logout" and root.find(".//{*}StatusCode").get("Value").endswith("Success")
        assert (await browser.get("/account/security")).status == 303
        assert (await other.get("/account/security")).status != 303
        unknown = await sent(there, hub.app, way, request_to(there, "nobody@acme.example"), "idp")
        same = answer_in(unknown.headers["location"])
        assert same.find(".//{*}StatusCode").get("Value").endswith("Success"), "it tells nobody who was here"


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
