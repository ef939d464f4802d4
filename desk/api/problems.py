"""What goes wrong, as problem details (RFC 9457): application/problem+json, for programs and those who write them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

MEDIA = "application/problem+json"


class Wrong(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="Where: query.limit, path.reference, body.status", examples=["query.limit"])
    detail: str = Field(description="What, and what would be right", examples=["Input should be less than or equal to 200"])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="Always about:blank: the status says what kind of problem it is", examples=["about:blank"])
    title: str = Field(description="The status in words", examples=["Not Found"])
    status: int = Field(description="The status", examples=[404])
    detail: str = Field(description="What went wrong here, and the remedy", examples=["There is no such case in this town."])
    errors: list[Wrong] | None = Field(default=None, description="What is wrong with the request, with status 422")


SAID = {
    400: "The request cannot be read.",
    401: "Send a valid token: Authorization: Bearer lotse_...",
    404: "There is nothing at this address.",
    405: "This method is not known here.",
    500: "Something went wrong on our side. Try again later.",
}


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, for a route's description."""
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {MEDIA: {"schema": schema}}
    return {each: {"description": HTTPStatus(each).phrase, "content": content} for each in statuses}


def described(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with the shape of problems."""
    template = "#/components/schemas/{model}"
    schema = Problem.model_json_schema(ref_template=template)
    inner = schema.pop("$defs", {})
    document["components"]["schemas"] |= {**inner, "Problem": schema}
    return document


def handle(api: FastAPI) -> None:
    """Answer errors with problem details."""

    @api.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> Response:
        return of(error)

    @api.exception_handler(RequestValidationError)
    def malformed(_: Request, error: RequestValidationError) -> Response:
        errors = [Wrong(field=".".join(map(str, each["loc"])), detail=each["msg"]) for each in error.errors()]
        return answer(422, "The request is not as this address needs it; see errors.", errors)

    @api.exception_handler(Exception)
    def broken(_: Request, __: Exception) -> Response:
        return answer(500, SAID[500])


def of(error: HTTPException) -> Response:
    """What an error says, in our words where it says nothing but its status."""
    phrase = HTTPStatus(error.status_code).phrase
    detail = SAID.get(error.status_code, phrase) if error.detail == phrase else error.detail
    return answer(error.status_code, detail, headers=dict(error.headers or {}))


def answer(status: int, detail: str, errors: list[Wrong] | None = None, headers: dict[str, str] | None = None) -> Response:
    """A problem as a response."""
    problem = Problem(type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    return JSONResponse(problem.model_dump(exclude_none=True), status, headers, media_type=MEDIA)
