"""Puts the desk's server together: web chat for newcomers, pages for staff."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from bot.channels import web
from bot.door import Door
from desk import api
from desk.engine import Engine
from desk.hub import Hub
from desk.render import Desk
from desk.routes import add_pages
from desk.security import Guard
from lotse.core import Core

STATICS = {"desk": Path(__file__).parent / "static", "chat": web.STATIC}


class _Versioned(StaticFiles):
    """Files whose address carries their version: a browser may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create(core: Core, door: Door, engine: Engine | None = None) -> FastAPI:
    """The server; with the engine it shows what the bot understands.

    Documentation pages of the framework are off: they load files from elsewhere.
    """
    hub = Hub(core.database)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(hub.run())
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        await door.close()

    app = FastAPI(lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, public_url=core.settings.public_url)
    for name, folder in STATICS.items():
        app.mount(f"/static/{name}", _Versioned(directory=folder))
    app.mount(api.PATH, api.create(core))
    app.include_router(web.routes(core, door, hub, STATICS))
    add_pages(app, Desk(core, hub, STATICS, engine))

    @app.get("/", include_in_schema=False)
    def front() -> RedirectResponse:
        return RedirectResponse("/chat", 302)

    @app.get("/health", include_in_schema=False)
    def health() -> dict[str, bool]:
        return {"ready": True}

    return app
