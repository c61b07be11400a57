"""Requests as finished bytes, and the user that everybody is filled with."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import quote, urlsplit

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

_NUMBER: Final = "0000000"
_TITLE: Final = "T000000"


@dataclass(frozen=True, slots=True)
class Address:
    """A SCIM base URL on this machine, and its token."""

    base_url: str
    token: str

    @property
    def port(self) -> int:
        """Where to connect: always on 127.0.0.1, whatever the name in the URL."""
        return urlsplit(self.base_url).port or 80

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A whole HTTP request."""
        parts = urlsplit(self.base_url)
        head = (
            f"{method} {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Authorization: Bearer {self.token}\r\nAccept: application/scim+json\r\n"
        )
        if body:
            head += f"Content-Type: application/scim+json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body

    def filtered(self, expression: str, count: int | None = None) -> bytes:
        """A filtered list of users."""
        page = "" if count is None else f"&count={count}"
        return self.request("GET", f"/Users?filter={quote(expression)}{page}")

    def page(self, start: int, count: int) -> bytes:
        """A page of users by index."""
        return self.request("GET", f"/Users?startIndex={start}&count={count}")

    def creations(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """POSTs of users, each with its number, all of one length."""
        before, after = self.request("POST", "/Users", _user_bytes()).split(b"\r\n\r\n", 1)
        for number in numbers:
            yield before + b"\r\n\r\n" + after.replace(_NUMBER.encode(), b"%07d" % number)

    def replacement(self, user_id: str, number: int, revision: int) -> bytes:
        """A PUT of a user that differs in one attribute from the last."""
        body = _user_bytes().replace(_NUMBER.encode(), b"%07d" % number)
        return self.request("PUT", f"/Users/{user_id}", body.replace(_TITLE.encode(), b"T%06d" % revision))

    def activation(self, user_id: str, active: bool) -> bytes:
        """A PATCH of `active`."""
        operation = {"op": "replace", "path": "active", "value": active}
        return self.request("PATCH", f"/Users/{user_id}", _patch(operation))

    def addition(self, group_id: str, user_ids: Iterable[str]) -> bytes:
        """A PATCH that adds members to a group."""
        members = [{"value": user_id} for user_id in user_ids]
        return self.request("PATCH", f"/Groups/{group_id}", _patch({"op": "add", "path": "members", "value": members}))

    def group(self, name: str, user_ids: Iterable[str]) -> bytes:
        """A POST of a group with members."""
        members = [{"value": user_id} for user_id in user_ids]
        document = {"schemas": [GROUP], "displayName": name, "members": members}
        return self.request("POST", "/Groups", json.dumps(document).encode())


def user_name(number: int) -> str:
    """The `userName` of a numbered user."""
    return f"user{number:07d}@example.com"


def family_name(number: int) -> str:
    """The `name.familyName` of a numbered user, which no store has a column for."""
    return f"Ferreira {number:07d}"


def _patch(operation: dict[str, object]) -> bytes:
    return json.dumps({"schemas": [PATCH], "Operations": [operation]}).encode()


@cache
def _user_bytes() -> bytes:
    """A user of about 1.3 kB, as directories send them, with the enterprise extension."""
    name = user_name(0)
    document = {
        "schemas": [USER, ENTERPRISE],
        "externalId": f"external-{_NUMBER}",
        "userName": name,
        "name": {
            "formatted": f"Dr. Joana {family_name(0)}",
            "givenName": "Joana",
            "familyName": family_name(0),
            "honorificPrefix": "Dr.",
        },
        "displayName": f"Joana {family_name(0)}",
        "title": f"Engineer {_TITLE}",
        "userType": "Employee",
        "preferredLanguage": "pt-PT",
        "locale": "pt-PT",
        "timezone": "Europe/Lisbon",
        "active": True,
        "emails": [
            {"value": name, "type": "work", "primary": True},
            {"value": f"home{_NUMBER}@example.org", "type": "home"},
        ],
        "phoneNumbers": [
            {"value": f"+351 21 {_NUMBER}", "type": "work", "primary": True},
            {"value": f"+351 91 {_NUMBER}", "type": "mobile"},
        ],
        "addresses": [
            {
                "type": "work",
                "streetAddress": "Rua do Ouro 100, 3.º",
                "locality": "Lisboa",
                "region": "Lisboa",
                "postalCode": "1100-060",
                "country": "PT",
                "primary": True,
            }
        ],
        ENTERPRISE: {
            "employeeNumber": _NUMBER,
            "costCenter": "4130",
            "organization": "Example Industries",
            "division": "Platform",
            "department": "Identity Engineering",
        },
    }
    return json.dumps(document, ensure_ascii=False).encode()
