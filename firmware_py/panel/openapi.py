"""The OpenAPI description of the API: GET /api/openapi.json. Tests fuzz the server with it."""

from __future__ import annotations

from typing import Any

import ddsp_edge
from firmware_py.panel.system import MAX_LOG_LINES, UNITS

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_BOOL: Json = {"type": "boolean"}
_OBJECT: Json = {"type": "object"}
_MAYBE_OBJECT: Json = {"type": ["object", "null"]}
_MAYBE_NUMBER: Json = {"type": ["number", "null"]}


def _object(required: Json) -> Json:
    return {"type": "object", "properties": required, "required": list(required)}


def _list(name: str, items: Json) -> Json:
    return _object({name: {"type": "array", "items": items}})


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


SCHEMAS: Json = {
    "Error": _object({"error": _TEXT, "remedy": _TEXT}),
    "Model": _object(
        {
            "name": _TEXT,
            "origin": {"enum": ["shipped", "user"]},
            "info": _MAYBE_OBJECT,
            "problem": _TEXT,
            "card": {**_TEXT, "description": "Markdown"},
            "has_preview": _BOOL,
            "has_picture": _BOOL,
            "removable": _BOOL,
            "versions": {"type": "integer", "description": "older ones to roll back to"},
        }
    ),
    "Device": _object({"id": _TEXT, "name": _TEXT, "paired": _TEXT, "this": _BOOL}),
    "System": _object(
        {
            "version": _TEXT,
            "python": _TEXT,
            "board": _TEXT,
            "host": _TEXT,
            "uptime_s": _MAYBE_NUMBER,
            "cpu": _OBJECT,
            "temperature_c": _MAYBE_NUMBER,
            "throttling": _MAYBE_OBJECT,
            "memory": _MAYBE_OBJECT,
            "disk": _MAYBE_OBJECT,
        }
    ),
}


def _answers(good: Json, *statuses: int, token: bool = True) -> Json:
    """Return the responses of an operation: the good ones and the possible errors."""
    # 400: the web server's, 421, 403: Host, Origin; 429: rate; all may come everywhere.
    errors = {400, 403, 405, 408, 413, 421, 429, *statuses, *((401,) if token else ())}
    error = {"description": "not carried out", "content": _json(_ref("Error"))}
    return {**good, **{str(status): error for status in sorted(errors)}}


def _good(schema: Json, status: int = 200, doc: str = "done") -> Json:
    return {str(status): {"description": doc, "content": _json(schema)}}


_NOTHING: Json = {"204": {"description": "done"}}


def _operation(name: str, doc: str, answers: Json, **more: Any) -> Json:
    return {"operationId": name, "summary": doc, "responses": answers, **more}


def _path(name: str, doc: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT, "description": doc}


def _query(name: str, schema: Json, doc: str) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": doc}


_FILE: Json = {"type": "string", "format": "binary"}
_NAME = _path("name", "of the model")
_INSTALLED = _object(
    {
        "model": _ref("Model"),
        "news": {**_BOOL, "description": "false: this very file was installed already"},
        "runtime": {**_TEXT, "description": "in which it was tried"},
        "playing": _MAYBE_OBJECT,
    }
)
_PAIR: Json = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "minLength": 0, "maxLength": 100},
        "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$"},
    },
    "required": ["code"],
    "additionalProperties": False,
}

_PATHS: Json = {
    "/api/openapi.json": {
        "get": _operation(
            "openapi", "This description", _answers(_good(_OBJECT), token=False), security=[]
        )
    },
    "/api/pair": {
        "post": _operation(
            "pair",
            "Exchange the code on the box's display for a token",
            _answers(_good(_object({"token": _TEXT})), 409, 415, token=False),
            requestBody={"required": True, "content": _json(_PAIR)},
            security=[],
        ),
        "get": _operation(
            "show_code",
            "The code, for another browser",
            _answers(_good(_object({"code": _TEXT, "for_s": {"type": "number"}}))),
        ),
        "delete": _operation("unpair", "Take this token back", _answers(_NOTHING, 404)),
    },
    "/api/pair/ask": {
        "post": _operation(
            "ask_pair",
            "Have the tuner of the box and of paired browsers show the code for two minutes",
            _answers(_NOTHING, token=False),
            security=[],
        )
    },
    "/api/devices": {
        "get": _operation(
            "devices", "Who is paired", _answers(_good(_list("devices", _ref("Device"))))
        )
    },
    "/api/devices/{id}": {
        "delete": _operation(
            "remove_device",
            "Take a device's token back",
            _answers(_NOTHING, 404),
            parameters=[_path("id", "of the device")],
        )
    },
    "/api/models": {
        "get": _operation(
            "models",
            "Every model that can be named, broken ones with their problem",
            _answers(_good(_list("models", _ref("Model"))), 503),
        ),
        "post": _operation(
            "upload",
            "Install a model, checked as deployment does; what plays is loaded anew",
            _answers(
                {**_good(_INSTALLED, 201), **_good(_INSTALLED, 200, "it was there already")},
                409,
                422,
                503,
            ),
            parameters=[_query("allow_downgrade", _BOOL, "also an older version")],
            requestBody={
                "required": True,
                "content": {
                    "application/octet-stream": {"schema": _FILE},
                    "multipart/form-data": {"schema": _object({"file": _FILE})},
                },
            },
        ),
    },
    "/api/models/{name}": {
        "delete": _operation(
            "remove_model",
            "Remove an uploaded model and its older versions",
            _answers(_NOTHING, 404, 409, 503),
            parameters=[_NAME],
        )
    },
    "/api/models/{name}/preview": {
        "get": _operation(
            "preview",
            "A short sound of it",
            _answers(
                {
                    "200": {
                        "description": "a sound file",
                        "content": {
                            kind: {"schema": _FILE}
                            for kind in ("audio/ogg", "audio/flac", "audio/wav")
                        },
                    }
                },
                404,
            ),
            parameters=[_NAME],
        )
    },
    "/api/models/{name}/picture": {
        "get": _operation(
            "picture",
            "What was trained and measured, drawn",
            _answers(
                {"200": {"description": "a PNG", "content": {"image/png": {"schema": _FILE}}}}, 404
            ),
            parameters=[_NAME],
        )
    },
    "/api/models/{name}/rollback": {
        "post": _operation(
            "rollback",
            "The version before comes back",
            _answers(
                _good(_object({"model": _ref("Model"), "playing": _MAYBE_OBJECT})), 404, 409, 503
            ),
            parameters=[_NAME],
        )
    },
    "/api/system": {"get": _operation("system", "How the box is", _answers(_good(_ref("System"))))},
    "/api/logs": {
        "get": _operation(
            "logs",
            "The last lines of the engine's or the panel's log",
            _answers(_good(_list("lines", _TEXT)), 404),
            parameters=[
                _query(
                    "lines",
                    {"type": "integer", "minimum": 1, "maximum": MAX_LOG_LINES},
                    "left out: 200",
                ),
                _query("unit", {"enum": list(UNITS)}, "left out: engine"),
            ],
        )
    },
}


def description() -> Json:
    """Return the description, OpenAPI 3.1. It leaves out the WebSocket /ws (docs/panel.md)."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "ddsp-edge panel", "version": ddsp_edge.__version__},
        "paths": _PATHS,
        "security": [{"token": []}],
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
