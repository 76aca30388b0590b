"""Schemathesis on the OpenAPI description: every answer is one that it names, none is a 500."""

import pytest
from hypothesis import HealthCheck, given, settings

from firmware_py.panel.openapi import description

schemathesis = pytest.importorskip("schemathesis", reason="fuzzing needs the extra `test`")

OPERATIONS = [(path, way) for path, ways in description()["paths"].items() for way in ways]
from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402

GOOD, BAD = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
#: What takes nothing but text in its path cannot be asked wrongly.
TAKING = [
    ("/api/power", "post"),
    ("/api/network", "post"),
    ("/api/pair", "post"),
    ("/api/models", "post"),
    ("/api/logs", "get"),
]
#: No schema can say which bytes are a model or a preset's file.
OPAQUE = {("/api/models", "post"), ("/api/presets/{name}", "post"), ("/api/backup", "post")}
OPAQUE |= {("/api/update", "post")}
#: Nor which text is an address that answers, a title or a tag.
OPAQUE |= {(f"/api/collection{each}", "post") for each in ("", "/preview", "/install")}
OPAQUE |= {("/api/models/{name}", "patch"), ("/api/network", "post")}
CASES = [(*each, GOOD) for each in OPERATIONS] + [(*each, BAD) for each in TAKING]


@pytest.mark.parametrize(("path", "way", "mode"), CASES, ids=str)
def test_the_api_is_what_it_says(box, path, way, mode):
    schema = schemathesis.openapi.from_asgi(
        "/api/openapi.json", box.client.app, headers={"Host": "localhost"}
    )
    if mode is BAD:  # else a missing token would count as what is wrong; every case has one
        schema.raw_schema.pop("security")
    operation = schema[path][way.upper()]

    @settings(max_examples=40, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        if not any(each.name == "test" for each in box.devices):  # it took its own token back
            box.token = box.devices.add("test")
        answer = case.call(headers={**box.auth, "Host": "localhost"})
        assert answer.status_code < 500, answer.text
        excluded = [positive_data_acceptance] if (path, way) in OPAQUE else []
        case.validate_response(answer, headers=box.auth, excluded_checks=excluded)

    ask()


def test_the_description_is_openapi():
    schema = schemathesis.openapi.from_dict(description())
    schema.validate()
