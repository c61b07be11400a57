"""Sign-in, sign-out and a fresh proof with SimpleSAMLphp, which verifies our signatures and we its."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.peers.joining import Joined, joined
from tests.peers.simplesaml import EMAIL_FORMAT, PASSWORD, PERSISTENT, SimpleSaml, simplesaml
from tests.peers.visitor import Visitor
from tests.running import RunningHub
from tests.web.federation import certificate

GIVEN = {"givenName": ["Ada"], "sn": ["Byron"]}
BY_ADDRESS = {
    "NameIDFormat": EMAIL_FORMAT,
    "authproc": {"3": {"class": "saml:AttributeNameID", "attribute": "mail", "Format": EMAIL_FORMAT}},
}
BY_OPAQUE_NAME = {"NameIDFormat": PERSISTENT, "authproc": {"3": {"class": "saml:PersistentNameID", "attribute": "uid"}}}


@contextmanager
def acquainted(hub: RunningHub, directory: Path, name: str, **options: Any) -> Iterator[tuple[SimpleSaml, Joined]]:
    """A SimpleSAMLphp and an organization that read each other's metadata; ada and bea have accounts there."""
    people = {who: {"mail": [f"{who}@{name.lower()}.example"], **GIVEN} for who in ("ada", "bea")}
    with simplesaml(directory, people, **options) as peer:
        there = joined(hub, name, peer.metadata)
        peer.service.write_bytes(there.metadata)
        yield peer, there


def signed_in(there: Joined, who: str, path: str = "/settings/members") -> Visitor:
    """Somebody who typed her name and password there, on her page here."""
    visitor = Visitor()
    visitor.get(f"{there.url}?next={path}").carried()
    return typed(visitor, who)


def typed(visitor: Visitor, who: str) -> Visitor:
    """Past the peer's form."""
    assert visitor.has("username"), (visitor.hops, visitor.text[:2000])
    return visitor.submit("username", username=who, password=PASSWORD).carried()


def test_a_signed_assertion_in_a_signed_response(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Oak", **BY_ADDRESS) as (_, there):
        email = there.invite("ada")
        visitor = signed_in(there, "ada")
        assert (visitor.status, visitor.path) == (200, "/settings/members"), (visitor.hops, visitor.text[:500])
        assert there.attempts() == [("accepted", "", "sign_in", email)]
        assert there.facts()["response_signed"] is True and there.facts()["encrypted"] is False
        assert there.facts()["name_id_format"] == EMAIL_FORMAT
        assert there.member(email).name == "Ada Byron"


def test_an_encrypted_assertion_and_an_opaque_name(hub: RunningHub, tmp_path: Path) -> None:
    sealed = {"assertion.encryption": True, **BY_OPAQUE_NAME}
    with acquainted(hub, tmp_path, "Elm", **sealed) as (_, there):
        email = there.invite("ada")
        visitor = signed_in(there, "ada")
        assert (visitor.status, visitor.path) == (200, "/settings/members"), (visitor.hops, visitor.text[:500])
        assert there.facts()["encrypted"] is True and there.facts()["name_id_format"] == PERSISTENT
        # She is known by her opaque name now, and needs no address to match.
        assert signed_in(there, "ada").path == "/settings/members"
        assert [one[0] for one in there.attempts()] == ["accepted", "accepted"] and there.attempts()[0][3] == email


def test_what_anybody_could_have_encrypted_is_not_opened(hub: RunningHub, tmp_path: Path) -> None:
    # AES-CBC, and no signature around it: whoever sits between could try what we say of changed ciphertexts.
    sealed = {"assertion.encryption": True, "saml20.sign.response": False, **BY_ADDRESS}
    with acquainted(hub, tmp_path, "Fir", **sealed) as (_, there):
        there.invite("ada")
        visitor = signed_in(there, "ada")
        assert (visitor.status, visitor.path) == (403, f"/sso/{there.connection.id.hex()}/acs")
        assert "hub_session" not in visitor.jar["hub.localhost"]


def test_one_signature_of_the_response_is_enough(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Ash", **{"saml20.sign.assertion": False, **BY_ADDRESS}) as (_, there):
        email = there.invite("ada")
        assert signed_in(there, "ada").path == "/settings/members"
        assert there.attempts() == [("accepted", "", "sign_in", email)]


def test_a_name_that_changes_every_time_names_nobody(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Yew") as (_, there):
        email = there.invite("ada")
        visitor = signed_in(there, "ada")
        assert visitor.status == 403 and there.attempts() == [("refused", "transient", "sign_in", email)]


def test_signing_out_there_ends_the_session_here(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Lime", **BY_ADDRESS) as (peer, there):
        there.invite("ada"), there.invite("bea")
        visitor, other = signed_in(there, "ada"), signed_in(there, "bea")
        visitor.get(peer.logout).carried()
        assert visitor.url.startswith(peer.base) and visitor.status == 200, (visitor.hops, visitor.text[:500])
        assert any(f"/sso/{there.connection.id.hex()}/logout" in hop for hop in visitor.hops), visitor.hops
        assert "partial" not in visitor.text.lower()
        assert visitor.get(f"{there.base}/settings/members").path == "/sign-in"
        assert other.get(f"{there.base}/settings/members").path == "/settings/members"


def test_signing_out_here_ends_the_session_there(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Birch", **BY_ADDRESS) as (peer, there):
        there.invite("ada")
        visitor = signed_in(there, "ada")
        action = visitor.soup.find("form", {"action": "/sign-out"})
        assert action is not None, visitor.text[:500]
        visitor.post("/sign-out").carried()
        assert f"GET {peer.base}/saml2/idp/SingleLogoutService.php 302" in str(visitor.hops), visitor.hops
        assert (visitor.status, visitor.path) == (200, "/sign-in"), (visitor.hops, visitor.text[:500])
        visitor.get(there.url).carried()
        assert visitor.has("username"), "the session there went on"


def test_a_fresh_proof_is_typed_there(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Pine", **BY_ADDRESS) as (_, there):
        there.invite("ada")
        visitor = signed_in(there, "ada")
        # Her session there signs her in again without a word ...
        visitor.jar["hub.localhost"].clear()
        visitor.get(f"{there.url}?next=/settings/members").carried()
        assert visitor.path == "/settings/members"
        # ... but not where a fresh proof is asked.
        visitor.get(f"{there.base}/sign-in/again?next=/settings/members")
        visitor.post("/sign-in/again", next="/settings/members").carried()
        typed(visitor, "ada")
        assert (visitor.status, visitor.path) == (200, "/settings/members"), (visitor.hops, visitor.text[:500])
        assert there.attempts()[0][:3] == ("accepted", "", "again")


def test_a_fresh_proof_of_somebody_else_is_none(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Palm", **BY_ADDRESS) as (_, there):
        there.invite("ada"), there.invite("bea")
        visitor = signed_in(there, "ada")
        visitor.get(f"{there.base}/sign-in/again?next=/settings/members")
        visitor.post("/sign-in/again", next="/settings/members").carried()
        typed(visitor, "bea")
        assert visitor.status == 403 and there.attempts()[0][:3] == ("refused", "nobody_here", "again")


def begun_there(peer: SimpleSaml, there: Joined, who: str) -> Visitor:
    """Somebody who begins at the peer's own portal."""
    service = f"{there.url}/metadata"
    visitor = Visitor()
    visitor.get(f"{peer.base}/saml2/idp/SSOService.php?spentityid={quote(service, safe='')}")
    return typed(visitor, who)


def test_who_begins_there_begins_once_more_here(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Hazel", **BY_ADDRESS) as (peer, there):
        email = there.invite("ada")
        visitor = begun_there(peer, there, "ada")
        assert visitor.status == 200 and "hub_session" in visitor.jar["hub.localhost"], (visitor.hops, visitor.text)
        # The answer that came of itself signed nobody in: the one that was then asked for did.
        assert there.attempts() == [("accepted", "", "sign_in", email)]
        assert there.facts()["in_response_to"]


def test_who_begins_there_is_taken_where_that_is_allowed(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Holly", **BY_ADDRESS) as (peer, there):
        there.change(allow_idp_initiated=True)
        email = there.invite("ada")
        visitor = begun_there(peer, there, "ada")
        assert visitor.status == 200 and "hub_session" in visitor.jar["hub.localhost"], (visitor.hops, visitor.text)
        assert there.attempts() == [("accepted", "", "unsolicited", email)]


def test_everything_goes_by_forms_where_the_peer_wants_them(hub: RunningHub, tmp_path: Path) -> None:
    post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    forms = {"SingleSignOnServiceBinding": post, "SingleLogoutServiceBinding": post}
    with acquainted(hub, tmp_path, "Rowan", **forms, **BY_ADDRESS) as (_, there):
        there.invite("ada")
        assert there.connection.saml.redirect_url == there.connection.saml.logout_redirect_url == ""
        visitor = signed_in(there, "ada")
        assert visitor.path == "/settings/members", (visitor.hops, visitor.text[:500])
        visitor.post("/sign-out").carried()
        assert any(hop.startswith(f"POST {there.connection.saml.logout_post_url} ") for hop in visitor.hops)
        assert (visitor.status, visitor.path) == (200, "/sign-in"), (visitor.hops, visitor.text[:500])


def test_a_request_that_another_key_signed_is_refused_there(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Maple", **BY_ADDRESS) as (peer, there):
        other = base64.b64encode(certificate("idp"))
        ours = base64.b64encode(certificate("sp"))
        assert ours in there.metadata
        peer.service.write_bytes(there.metadata.replace(ours, other))
        visitor = Visitor()
        visitor.get(there.url).carried()
        assert not visitor.has("username") and "signature" in visitor.text.lower(), visitor.text[:500]
