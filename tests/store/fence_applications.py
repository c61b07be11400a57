"""What is read of applications and grants, asked for in another organization's name: part of `test_fence.py`."""

from dataclasses import replace
from typing import Any, Final

from hallway.hub.applications.model import (
    Code,
    KeptKey,
    NewApplication,
    NewClientSecret,
    NewCode,
    NewGrant,
    NewRefreshToken,
    NewSigningKey,
    RefreshToken,
)
from hallway.ids import CodeId, MemberId, SigningKeyId
from hallway.store import applications, grants, signing_keys
from hallway.store.applications import ApplicationStore
from hallway.store.grants import GrantStore
from hallway.store.signing_keys import SigningKeyStore
from tests.store import conformance_applications
from tests.store.stage import Stage


def _applications(t: Any) -> ApplicationStore:
    return ApplicationStore(t.stage.database, t.key.organization_id)


def _grants(t: Any) -> GrantStore:
    return GrantStore(t.stage.database)


APPLICATION_READS: Final[dict[str, tuple[Any, str, Any]]] = {
    "application_by_id": (applications, "BY_ID", lambda t: _applications(t).application(t.ids["application"])),
    "applications": (applications, "ALL_OF_THEM", lambda t: _applications(t).applications()),
    "application_secrets": (applications, "SECRETS", lambda t: _applications(t).secrets(t.ids["application"])),
    "signing_keys": (signing_keys, "KEYS", lambda t: SigningKeyStore(t.stage.database, t.key.organization_id).keys()),
    "grant_by_id": (grants, "GRANT", lambda t: _grants(t).grant(t.key.organization_id, t.ids["grant"])),
    "grants_of_member": (
        grants, "OF_MEMBER", lambda t: _grants(t).of_member(t.key.organization_id, t.ids["granting"]),
    ),
    "code_by_id": (grants, "CODE", lambda t: _grants(t).code(t.key.organization_id, t.ids["code"])),
    "refresh_tokens": (
        grants, "TOKENS", lambda t: _grants(t).refresh_tokens(t.key.organization_id, t.ids["grant"]),
    ),
}  # fmt: skip


async def settle_applications(stage: Stage, secret: str) -> dict[str, Any]:
    """Write an application, a grant, a code, a refresh token and a signing key of Beta's."""
    owner, now = stage.directories[2].organization_id, stage.desk.now()
    application = conformance_applications.application(stage, secret)
    somebody = conformance_applications.member(stage)
    grant = replace(conformance_applications.grant(stage, somebody), organization_id=owner, sid=secret)
    code = Code(CodeId(stage.desk.fresh_id()), grant.id, b"h" * 32, secret, "challenge", "nonce", now)
    await stage.write(
        NewApplication(application),
        NewClientSecret(conformance_applications.secret(stage, application)),
        NewGrant(grant),
        NewCode(code),
        NewRefreshToken(RefreshToken(grant.id, b"h" * 32, now, now)),
        NewSigningKey(KeptKey(SigningKeyId(stage.desk.fresh_id()), "ES256", secret.encode(), b"{}", now, now)),
        organization=owner,
    )
    return {"application": application.id, "grant": grant.id, "granting": MemberId(somebody.id), "code": code.id}
