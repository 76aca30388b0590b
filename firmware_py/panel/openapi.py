"""The OpenAPI description of the API: GET /api/openapi.json. Tests fuzz the server with it."""

from __future__ import annotations

import ddsp_edge
from firmware_py.panel.network_routes import PATHS as NETWORK
from firmware_py.panel.openapi_files import PATHS as FILES
from firmware_py.panel.openapi_words import (
    BOOL,
    FILE,
    MAYBE_NUMBER,
    MAYBE_OBJECT,
    NAME,
    NOTHING,
    OBJECT,
    TEXT,
    Json,
    answers,
    good,
    json_of,
    list_of,
    object_of,
    operation,
    path_text,
    query,
    ref,
)
from firmware_py.panel.power import WAYS
from firmware_py.panel.system import MAX_LOG_LINES, UNITS
from firmware_py.panel.update_routes import PATHS as UPDATE

SCHEMAS: Json = {
    "Error": object_of({"error": TEXT, "remedy": TEXT}),
    "Model": object_of(
        {
            "name": TEXT,
            "origin": {"enum": ["shipped", "user"]},
            "info": MAYBE_OBJECT,
            "problem": TEXT,
            "card": {**TEXT, "description": "Markdown"},
            "has_preview": BOOL,
            "has_picture": BOOL,
            "removable": BOOL,
            "versions": {"type": "integer", "description": "older ones to roll back to"},
        }
    ),
    "Device": object_of({"id": TEXT, "name": TEXT, "paired": TEXT, "this": BOOL}),
    "System": object_of(
        {
            "version": TEXT,
            "python": TEXT,
            "board": TEXT,
            "host": TEXT,
            "uptime_s": MAYBE_NUMBER,
            "cpu": OBJECT,
            "temperature_c": MAYBE_NUMBER,
            "throttling": MAYBE_OBJECT,
            "memory": MAYBE_OBJECT,
            "disk": MAYBE_OBJECT,
        }
    ),
}


_INSTALLED = object_of(
    {
        "model": ref("Model"),
        "news": {**BOOL, "description": "false: this very file was installed already"},
        "runtime": {**TEXT, "description": "in which it was tried"},
        "playing": MAYBE_OBJECT,
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

_CHANGE: Json = {
    "type": "object",
    "properties": {"title": TEXT, "tags": {"type": "array", "items": TEXT}},
    "additionalProperties": False,
}

_ENTRY = object_of(
    {
        "time": {**TEXT, "description": "ISO 8601"},
        "level": {"enum": ["info", "warning", "error"]},
        "text": TEXT,
        "count": {"type": "integer", "description": "how often it came, one after the other"},
    }
)
_POWER: Json = {
    "type": "object",
    "properties": {"do": {"enum": list(WAYS)}},
    "required": ["do"],
    "additionalProperties": False,
}

_PATHS: Json = {
    "/api/openapi.json": {
        "get": operation(
            "openapi", "This description", answers(good(OBJECT), token=False), security=[]
        )
    },
    "/api/pair": {
        "post": operation(
            "pair",
            "Exchange the code on the box's display for a token",
            answers(good(object_of({"token": TEXT})), 409, 415, token=False),
            requestBody={"required": True, "content": json_of(_PAIR)},
            security=[],
        ),
        "get": operation(
            "show_code",
            "The code, for another browser, and for how long one has asked tuners to show it",
            answers(
                good(
                    object_of(
                        {"code": TEXT, "for_s": {"type": "number"}, "asked_s": {"type": "number"}}
                    )
                )
            ),
        ),
        "delete": operation("unpair", "Take this token back", answers(NOTHING, 404)),
    },
    "/api/pair/ask": {
        "post": operation(
            "ask_pair",
            "Have the tuner of the box and of paired browsers show the code for two minutes",
            answers(NOTHING, token=False),
            security=[],
        )
    },
    "/api/devices": {
        "get": operation(
            "devices", "Who is paired", answers(good(list_of("devices", ref("Device"))))
        )
    },
    "/api/devices/{id}": {
        "delete": operation(
            "remove_device",
            "Take a device's token back",
            answers(NOTHING, 404),
            parameters=[path_text("id", "of the device")],
        )
    },
    "/api/models": {
        "get": operation(
            "models",
            "Every model that can be named, broken ones with their problem",
            answers(good(list_of("models", ref("Model"))), 503),
        ),
        "post": operation(
            "upload",
            "Install a model, checked as deployment does; what plays is loaded anew",
            answers(
                {**good(_INSTALLED, 201), **good(_INSTALLED, 200, "it was there already")},
                409,
                422,
                503,
            ),
            parameters=[query("allow_downgrade", BOOL, "also an older version")],
            requestBody={
                "required": True,
                "content": {
                    "application/octet-stream": {"schema": FILE},
                    "multipart/form-data": {"schema": object_of({"file": FILE})},
                },
            },
        ),
    },
    "/api/models/{name}": {
        "patch": operation(
            "change_model",
            "Give a model another title or other tags",
            answers(good(ref("Model")), 404, 409, 422, 503),
            parameters=[NAME],
            requestBody={"required": True, "content": json_of(_CHANGE)},
        ),
        "delete": operation(
            "remove_model",
            "Remove an uploaded model and its older versions",
            answers(NOTHING, 404, 409, 503),
            parameters=[NAME],
        ),
    },
    "/api/models/{name}/file": {
        "get": operation(
            "model_file",
            "The whole file of a model",
            answers(
                {
                    "200": {
                        "description": "a bundle",
                        "content": {"application/octet-stream": {"schema": FILE}},
                    }
                },
                404,
            ),
            parameters=[NAME],
        )
    },
    "/api/models/{name}/preview": {
        "get": operation(
            "preview",
            "A short sound of it",
            answers(
                {
                    "200": {
                        "description": "a sound file",
                        "content": {
                            kind: {"schema": FILE}
                            for kind in ("audio/ogg", "audio/flac", "audio/wav")
                        },
                    }
                },
                404,
            ),
            parameters=[NAME],
        )
    },
    "/api/models/{name}/picture": {
        "get": operation(
            "picture",
            "What was trained and measured, drawn",
            answers(
                {"200": {"description": "a PNG", "content": {"image/png": {"schema": FILE}}}}, 404
            ),
            parameters=[NAME],
        )
    },
    "/api/models/{name}/rollback": {
        "post": operation(
            "rollback",
            "The version before comes back",
            answers(
                good(object_of({"model": ref("Model"), "playing": MAYBE_OBJECT})), 404, 409, 503
            ),
            parameters=[NAME],
        )
    },
    "/api/system": {"get": operation("system", "How the box is", answers(good(ref("System"))))},
    "/api/power": {
        "get": operation(
            "show_power",
            "Whether the panel may restart and shut down the box, and why not",
            answers(good(object_of({"reboot": BOOL, "power_off": BOOL, "reason": TEXT}))),
        ),
        "post": operation(
            "power",
            "Restart the box, or shut it down",
            answers(NOTHING, 409),
            requestBody={"required": True, "content": json_of(_POWER)},
        ),
    },
    "/api/logs": {
        "get": operation(
            "logs",
            "The last lines of the engine's or the panel's log, and what they say in sentences",
            answers(
                good(
                    object_of(
                        {
                            "unit": TEXT,
                            "entries": {"type": "array", "items": _ENTRY},
                            "lines": {"type": "array", "items": TEXT},
                        }
                    )
                ),
                404,
            ),
            parameters=[
                query(
                    "lines",
                    {"type": "integer", "minimum": 1, "maximum": MAX_LOG_LINES},
                    "left out: 200",
                ),
                query("unit", {"enum": list(UNITS)}, "left out: engine"),
            ],
        )
    },
}


def description() -> Json:
    """Return the description, OpenAPI 3.1. It leaves out the WebSocket /ws (docs/panel.md)."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "ddsp-edge panel", "version": ddsp_edge.__version__},
        "paths": _PATHS | NETWORK | FILES | UPDATE,
        "security": [{"token": []}],
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
