"""npm's oidc-provider as the tests start it: what it says of itself, and that a code is to be had there."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.peers.node import NodePeer, oidc_provider
from tests.peers.simplesaml import PASSWORD
from tests.peers.visitor import Visitor

PEOPLE = {
    "ada": {
        "email": "ada@acme.example",
        "email_verified": True,
        "given_name": "Ada",
        "family_name": "Byron",
        "groups": ["Staff", "Admins"],
    }
}
BACK = "http://127.0.0.1:9/callback"
CLIENTS = {"hallway": {"client_secret": "a secret of this test", "redirect_uris": [BACK]}}
VERIFIER = "a" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class Callback(Exception):
    """The provider sent the browser back."""


class Asking(Visitor):
    """A browser that stops where it would leave for the client."""

    def _asked(self, method: str, url: str, body: bytes, origin: str) -> None:
        if url.startswith(BACK):
            raise Callback(url)
        super()._asked(method, url, body, origin)


def asked(peer: NodePeer, **changes: str) -> Asking:
    """Somebody whom the client sent there."""
    usual = {"client_id": "hallway", "response_type": "code", "redirect_uri": BACK, "state": "s", "nonce": "n"}
    usual |= {"scope": "openid email profile groups", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    visitor = Asking()
    visitor.get(f"{peer.base}/auth?{urlencode({**usual, **changes})}")
    return visitor


def came_back(visitor: Asking, **fields: str) -> dict[str, str]:
    """The parameters of the callback after her form."""
    with pytest.raises(Callback) as found:
        visitor.submit("username", **fields)
    return {name: values[0] for name, values in parse_qs(urlsplit(str(found.value)).query).items()}


def redeemed(peer: NodePeer, code: str, secret: str = "a secret of this test") -> dict[str, Any]:
    """What the token endpoint gives for a code."""
    basic = base64.b64encode(f"hallway:{secret.replace(' ', '+')}".encode()).decode()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    headers = {"Authorization": f"Basic {basic}"}
    with urlopen(Request(f"{peer.base}/token", urlencode(form).encode(), headers), timeout=20) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, unverified."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_its_discovery_document_names_itself(tmp_path: Path) -> None:
    with oidc_provider(tmp_path, PEOPLE, CLIENTS) as peer:
        said = json.loads(peer.read("/.well-known/openid-configuration"))
        assert said["issuer"] == peer.base
        assert said["authorization_endpoint"] == f"{peer.base}/auth" and said["token_endpoint"] == f"{peer.base}/token"
        assert said["authorization_response_iss_parameter_supported"] is True
        assert said["code_challenge_methods_supported"] == ["S256"] and said["backchannel_logout_supported"] is True
        assert {"private_key_jwt", "client_secret_basic"} <= set(said["token_endpoint_auth_methods_supported"])
        keys = json.loads(peer.read(urlsplit(said["jwks_uri"]).path))["keys"]
        assert [(one["kid"], one["kty"]) for one in keys] == [("idp", "RSA")] and "d" not in keys[0]


def test_a_code_is_to_be_had_and_redeemed_once(tmp_path: Path) -> None:
    with oidc_provider(tmp_path, PEOPLE, CLIENTS) as peer:
        back = came_back(asked(peer), username="ada", password=PASSWORD)
        assert back["state"] == "s" and back["iss"] == peer.base
        claims = claims_of(redeemed(peer, back["code"])["id_token"])
        assert (claims["iss"], claims["aud"], claims["sub"], claims["nonce"]) == (peer.base, "hallway", "ada", "n")
        assert claims["email"] == "ada@acme.example" and claims["groups"] == ["Staff", "Admins"]
        with pytest.raises(HTTPError):
            redeemed(peer, back["code"])


def test_it_refuses(tmp_path: Path) -> None:
    with oidc_provider(tmp_path, PEOPLE, CLIENTS) as peer:
        assert asked(peer, client_id="nobody").status == 400
        assert asked(peer, redirect_uri="http://127.0.0.1:9/elsewhere").status == 400
        visitor = asked(peer)
        assert "wrong" in visitor.submit("username", username="ada", password="guessed").text
        assert came_back(visitor, decision="cancel")["error"] == "access_denied"
        back = came_back(asked(peer), username="ada", password=PASSWORD)
        with pytest.raises(HTTPError):
            redeemed(peer, back["code"], "another secret")


def test_who_is_signed_in_there_is_asked_again_only_where_that_is_wished(tmp_path: Path) -> None:
    with oidc_provider(tmp_path, PEOPLE, CLIENTS) as peer:
        visitor = asked(peer)
        came_back(visitor, username="ada", password=PASSWORD)
        usual = {"client_id": "hallway", "response_type": "code", "redirect_uri": BACK, "scope": "openid"}
        usual |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        with pytest.raises(Callback):
            visitor.get(f"{peer.base}/auth?{urlencode(usual)}")
        visitor.get(f"{peer.base}/auth?{urlencode({**usual, 'prompt': 'login'})}")
        assert "once more" in visitor.text


def test_it_may_change_its_key(tmp_path: Path) -> None:
    with oidc_provider(tmp_path, PEOPLE, CLIENTS) as peer:
        port = urlsplit(peer.base).port
        assert port is not None
    with oidc_provider(tmp_path, PEOPLE, CLIENTS, key="next", port=port) as again:
        assert again.base == peer.base
        assert [one["kid"] for one in json.loads(again.read("/jwks"))["keys"]] == ["next"]
