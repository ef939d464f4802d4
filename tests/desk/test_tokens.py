"""Tokens of the API at the desk: shown once, of the own town, ended at any time."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from lotse.core import Core
from lotse.staff import Role, tokens
from lotse.storage.tables import ApiToken, AuditEntry, StaffRole
from tests.desk.conftest import ELSEWHERE, HERE, SignedIn, town

GOOD: dict[str, str | list[str]] = {"name": "Meldewesen", "days": "90", "scopes": ["read:figures", "read:cases"]}
ADMIN = Role.MUNICIPALITY_ADMINISTRATOR


async def test_a_token_is_shown_once_and_works(core: Core, browser: SignedIn) -> None:
    admin = browser(ADMIN)
    answer = await admin.post("/desk/tokens", **GOOD)
    assert answer.status_code == 200
    (secret,) = re.findall(r'value="(lotse_[\w-]+)"', answer.text)
    assert answer.headers["cache-control"] == "no-store"
    with core.database.reading() as session:
        found = session.scalars(select(ApiToken)).one()
        assert (found.name, found.scopes, found.municipality_id) == (
            "Meldewesen",
            ["read:cases", "read:figures"],
            town(session).id,
        )
        assert (found.expires_at - found.created_at).days == 90
        told = session.scalars(select(AuditEntry)).one()
        assert (told.action, told.reference, told.actor) == ("token.made", found.id, admin.staff_id)
    bearer = tokens.bearer(core.database, secret)
    assert bearer is not None
    assert bearer.token_id == found.id
    page = (await admin.get("/desk/tokens")).text
    assert "Meldewesen" in page
    assert "lotse_" not in page, "never again"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": " "}, "name"), ({"scopes": ["all"]}, "scopes"), ({"scopes": []}, "scopes"), ({"days": "1"}, "days"),
     ({"town": "nowhere"}, "town"), ({"town": ELSEWHERE}, "town")],
)  # fmt: skip
async def test_what_is_wrong_is_said_at_the_field(
    core: Core, browser: SignedIn, change: dict[str, str | list[str]], field: str
) -> None:
    answer = await browser(ADMIN).post("/desk/tokens", **{**GOOD, **change})
    assert answer.status_code == 422
    if field != "town":  # there is a choice of towns for those only who administer several
        assert f'id="{field}-error"' in answer.text
    assert "name" in change or 'value="Meldewesen"' in answer.text, "what was typed is kept"
    with core.database.reading() as session:
        assert session.scalars(select(ApiToken)).all() == []


async def test_with_several_towns_one_is_chosen(core: Core, browser: SignedIn) -> None:
    admin = browser(ADMIN)
    with core.database.session() as session:
        session.add(StaffRole(staff_id=admin.staff_id, role=ADMIN.value, municipality_id=town(session, ELSEWHERE).id))
    refused = await admin.post("/desk/tokens", **GOOD)
    assert (refused.status_code, 'id="town-error"' in refused.text) == (422, True)
    assert (await admin.post("/desk/tokens", **GOOD, town=ELSEWHERE)).status_code == 200
    with core.database.reading() as session:
        assert session.scalars(select(ApiToken)).one().municipality_id == town(session, ELSEWHERE).id


async def test_ending_one(core: Core, browser: SignedIn) -> None:
    secret = re.findall(r'value="(lotse_[\w-]+)"', (await browser(ADMIN).post("/desk/tokens", **GOOD)).text)[0]
    with core.database.reading() as session:
        path = f"/desk/tokens/{session.scalars(select(ApiToken.id)).one()}/revoke"
    assert (await browser(ADMIN, ELSEWHERE).post(path)).status_code == 404
    assert tokens.bearer(core.database, secret) is not None
    assert "Meldewesen" not in (await browser(ADMIN, ELSEWHERE).get("/desk/tokens")).text
    for _ in range(2):  # pressed twice
        answer = await browser(ADMIN, HERE).post(path)
        assert answer.status_code == 303
    page = html.unescape((await browser(ADMIN).get(answer.headers["location"])).text)
    assert "Withdrawn on" in page
    assert path not in page
    assert tokens.bearer(core.database, secret) is None
    with core.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert actions == ["token.made", "token.revoked"]
