"""scim2-models reads every answer of long sessions: what real clients were recorded to send, and every kind of list."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import DECLARED
from tests.conformance.judge import Judge
from tests.flows.replay import sent_step
from tests.flows.scim_client import CORE_USER, ENTERPRISE_USER, Answer, ScimClient, connected
from tests.recorded.fixture import fixture_files, loaded
from tests.recorded.template import differences
from tests.running import RunningHub, Source

URNS = [one["schema"]["id"] for one in json.loads(DECLARED.read_text(encoding="utf-8"))]
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
DISAGREED = {
    ("others/rfc-bulk", "a POST without a bulkId"): "It is refused as one operation, and has no bulkId to send back.",
}
"""Answers that scim2-models does not accept, and why they stay as they are."""


class Session:
    """Requests whose answers are judged."""

    def __init__(self, client: ScimClient, source: Source) -> None:
        self.faults: list[str] = []
        self.judge = Judge(source)
        self._client = client

    async def request(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request that is to be answered with this status."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        encoded = None
        if body is not None:
            encoded, sent = json.dumps(body).encode(), {"Content-Type": "application/scim+json", **sent}
        answer = await self._client.send(method, path, encoded, sent)
        if answer.status != status:
            self.faults.append(f"{method} {path}: {answer.status}, expected {status}: {answer.body}")
        self.faults += self.judge.faults(method, path, answer)
        return answer

    async def patch(self, status: int, path: str, *operations: dict[str, Any]) -> Answer:
        """PATCH."""
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}
        return await self.request(status, "PATCH", path, body)


async def test_every_answer_to_recorded_clients_is_valid(hub: RunningHub) -> None:
    faults: list[str] = []
    seen: Counter[str] = Counter()
    for path in fixture_files():
        found, counted = await _replayed(hub, path)
        faults += found
        seen += counted
    assert faults == []
    assert seen["User"] > 100 and seen["Group"] > 20 and seen["ListResponse"] > 100 and seen["Error"] > 50, seen
    assert seen["BulkResponse"] > 5 and seen["Schema"] and seen["ResourceType"] and seen["ServiceProviderConfig"], seen


async def _replayed(hub: RunningHub, path: Path) -> tuple[list[str], Counter[str]]:
    fixture = loaded(path)
    source = hub.directory(rules=dict(fixture.rules), provider=fixture.provider)
    known = {"base": source.base_url, "token": source.token}
    judge = Judge(source)
    faults = []
    async with connected(source) as client:
        for step in fixture.steps:
            for number in range(1, step.times + 1):
                counted = {**known, "n": str(number)}
                answer = await sent_step(client, step, counted)
                differences(step.answer, answer.body, counted)
                known.update({name: value for name, value in counted.items() if name != "n"})
                found = judge.faults(step.method, step.path, answer)
                assert bool(found) or (fixture.name, step.name) not in DISAGREED, f"{step.name} is accepted now"
                found = [] if (fixture.name, step.name) in DISAGREED else found
                faults += [f"{fixture.name}, {step.name}: {fault}" for fault in found]
    return faults, judge.seen


@pytest.mark.parametrize("rules", [{}, {"strict": True, "schemas": URNS, "group_patch_answers_resource": True}])
async def test_every_answer_of_a_long_session_is_valid(hub: RunningHub, rules: dict[str, Any]) -> None:
    source = hub.directory(rules=rules)
    async with connected(source) as client:
        session = Session(client, source)
        await _discovery(session)
        ada, group = await _resources(session, answers_group=bool(rules))
        await _lists(session)
        await _bulk(session)
        await _errors(session, ada, group)
        if rules:
            await _declared(session)
        await session.request(204, "DELETE", f"/Groups/{group}")
        await session.request(204, "DELETE", f"/Users/{ada}")
        await session.request(404, "GET", f"/Users/{ada}")
    assert session.faults == []


async def _discovery(session: Session) -> None:
    await session.request(200, "GET", "/ServiceProviderConfig")
    for endpoint in ("/Schemas", "/ResourceTypes"):
        listed = await session.request(200, "GET", endpoint)
        for one in listed.body["Resources"]:
            await session.request(200, "GET", f"{endpoint}/{one['id']}")
        await session.request(404, "GET", f"{endpoint}/nothing")
        await session.request(403, "GET", f"{endpoint}?filter=id%20pr")
        await session.request(405, "POST", endpoint, {})


async def _resources(session: Session, answers_group: bool) -> tuple[str, str]:
    whole = {
        "schemas": [CORE_USER, ENTERPRISE_USER],
        "userName": "Ada",
        "externalId": "1815",
        "displayName": "Ada Lovelace",
        "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada, Countess of Lovelace"},
        "active": True,
        "profileUrl": "https://example.com/ada",
        "emails": [{"value": "ada@example.com", "type": "work", "primary": True}, {"value": "a@example.org"}],
        "addresses": [{"type": "work", "locality": "London", "country": "GB", "primary": True}],
        "photos": [{"value": "https://example.com/ada.png", "type": "photo"}],
        "x509Certificates": [{"value": "aGFsbHdheQ=="}],
        ENTERPRISE_USER: {"department": "Engines", "employeeNumber": "1"},
    }
    ada = (await session.request(201, "POST", "/Users", whole)).id
    plain = {"schemas": [CORE_USER], "userName": "babbage"}
    babbage = (await session.request(201, "POST", "/Users?attributes=userName", plain)).id
    group = (await session.request(201, "POST", "/Groups", _group("Engines", ada))).id
    await session.request(201, "POST", "/Groups", _group("Everybody", group))
    read = await session.request(200, "GET", f"/Users/{ada}")
    await session.request(304, "GET", f"/Users/{ada}", If_None_Match=read.headers["etag"])
    await session.request(200, "GET", f"/Users/{ada}?attributes=groups,{ENTERPRISE_USER}:department")
    await session.request(200, "GET", f"/Users/{ada}?excludedAttributes=groups,emails.type,meta")
    await session.request(200, "PUT", f"/Users/{babbage}", {**plain, "title": "Inventor"})
    manager = {"op": "add", "path": f"{ENTERPRISE_USER}:manager", "value": {"value": ada}}
    await session.patch(200, f"/Users/{babbage}", manager)
    await session.patch(
        200, f"/Users/{ada}", {"op": "replace", "path": 'emails[type eq "work"].value', "value": "b@c.d"}
    )
    await session.patch(200, f"/Users/{ada}", {"op": "remove", "path": "addresses"})
    joined = {"op": "add", "path": "members", "value": [{"value": babbage}]}
    await session.patch(200 if answers_group else 204, f"/Groups/{group}", joined)
    await session.request(200, "GET", f"/Groups/{group}")
    await session.request(200, "GET", f"/Groups/{group}?excludedAttributes=members")
    await session.request(200, "PUT", f"/Groups/{group}", _group("Engines", ada, babbage))
    return ada, group


async def _lists(session: Session) -> None:
    for number in range(7):
        await session.request(201, "POST", "/Users", {"schemas": [CORE_USER], "userName": f"user-{number}"})
    for query in (
        "", "?count=2&startIndex=3", "?count=0", "?startIndex=1000", "?sortBy=userName&sortOrder=descending",
        "?filter=userName%20eq%20%22nobody%22", "?filter=active%20eq%20true%20and%20not%20(title%20pr)",
        "?attributes=userName&count=3", "?excludedAttributes=emails", "?filter=groups%20pr",
    ):  # fmt: skip
        await session.request(200, "GET", f"/Users{query}")
    for path in ("/Groups", "", "?filter=meta.resourceType%20eq%20%22User%22", "/Groups?filter=members%20pr"):
        await session.request(200, "GET", path)
    page = await session.request(200, "GET", "/Users?cursor=&count=4")
    while cursor := page.body.get("nextCursor"):
        page = await session.request(200, "GET", f"/Users?cursor={cursor}&count=4")
    for endpoint in ("", "/Users", "/Groups"):
        searches: tuple[dict[str, Any], ...] = ({}, {"count": 1}, {"attributes": ["externalId"], "filter": "id pr"})
        for search in searches:
            await session.request(200, "POST", f"{endpoint}/.search", {"schemas": [SEARCH], **search})


async def _bulk(session: Session) -> None:
    operations: list[dict[str, Any]] = [
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": _group("Bulk", "bulkId:u")},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": [CORE_USER], "userName": "bulk"}},
        {"method": "POST", "path": "/Users", "bulkId": "v", "data": {"schemas": [CORE_USER], "userName": "Bulk"}},
        {"method": "DELETE", "path": "/Users/nobody"},
    ]
    done = await session.request(200, "POST", "/Bulk", {"schemas": [BULK], "Operations": operations})
    for one in done.body["Operations"]:
        if "response" in one:
            failed = Answer(int(one["status"]), done.headers, one["response"])
            session.faults += session.judge.faults(one["method"], "/Bulk", failed)
    assert [one["status"] for one in done.body["Operations"]] == ["201", "201", "409", "404"]


async def _errors(session: Session, ada: str, group: str) -> None:
    await session.request(401, "GET", "/Users", Authorization="Bearer nonsense")
    await session.request(409, "POST", "/Users", {"schemas": [CORE_USER], "userName": "ADA"})
    await session.request(400, "POST", "/Users", {"schemas": [CORE_USER]})
    await session.request(400, "GET", "/Users?filter=userName%20is%20%22x%22")
    await session.request(400, "GET", "/Users?cursor=nonsense&count=4")
    await session.request(412, "PUT", f"/Users/{ada}", {"schemas": [CORE_USER], "userName": "ada"}, If_Match='W/"0"')
    await session.request(415, "POST", "/Users", {}, Content_Type="text/plain")
    await session.request(404, "GET", "/nothing")
    await session.request(405, "DELETE", "/Users")
    await session.request(501, "GET", "/Me")
    await session.patch(400, f"/Users/{ada}", {"op": "replace", "path": "id", "value": "x"})
    await session.patch(400, f"/Users/{ada}", {"op": "replace", "path": "nothing", "value": "x"})
    await session.patch(400, f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": "nobody"}]})
    await session.request(413, "POST", "/Users", {"schemas": [CORE_USER], "userName": "x" * 2**17})


async def _declared(session: Session) -> None:
    """A user and a group with the attributes that the deployment declared."""
    user = {"schemas": [CORE_USER, URNS[0]], "userName": "lambda", URNS[0]: {"OrganizationRole": "Admin"}}
    made = await session.request(201, "POST", "/Users", user)
    assert made.body[URNS[0]] == {"OrganizationRole": "Admin"}
    await session.patch(200, f"/Users/{made.id}", {"op": "remove", "path": f"{URNS[0]}:OrganizationRole"})


def _group(name: str, *members: str) -> dict[str, Any]:
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
    return {"schemas": schemas, "displayName": name, "members": [{"value": one} for one in members]}
