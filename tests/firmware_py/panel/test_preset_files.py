"""A preset is downloaded as its file, and what is uploaded is checked before the engine has it."""

import tomllib

import pytest

TOML = {"Content-Type": "application/toml"}


def write(box, name, text, **params):
    data = text if isinstance(text, bytes) else text.encode()
    return box.ask("POST", f"/api/presets/{name}", content=data, headers=TOML, params=params)


def test_it_is_downloaded_and_uploaded_under_another_name(box):
    answer = box.ask("GET", "/api/presets/solo")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/")
    assert "attachment" in answer.headers["content-disposition"]
    assert tomllib.loads(answer.text)["settings"] == {"mix": 0.5}
    stored = write(box, "tutti", answer.text)
    assert stored.status_code == 201, stored.text
    assert [row["name"] for row in stored.json()["presets"]] == ["solo", "tutti"]
    assert box.engine.stored["tutti"]["settings"] == {"mix": 0.5}


def test_a_taken_name_is_replaced_where_asked(box):
    assert write(box, "solo", 'model = "cello"').status_code == 409
    assert box.engine.stored["solo"]["model"] == "violin"
    assert write(box, "solo", 'model = "cello"', replace="true").status_code == 201
    assert box.engine.stored["solo"]["model"] == "cello"
    assert write(box, "solo", 'model = "cello"', replace="perhaps").status_code == 400


def test_what_is_not_there_is_404(box):
    assert box.ask("GET", "/api/presets/none").status_code == 404


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "model: is missing"),
        (b"\xff\xfe", "not UTF-8"),
        ("model = ", "not TOML"),
        ('model = "violin"\n[settings]\nmix = nan', "mix"),
        ('model = "violin"\n[settings]\nloud = 1', "no setting is called"),
        ("a = " + "[" * 4000, "nested too deep"),
        ('model = "/etc/passwd"', "may not name paths"),
        ('model = "violin"\nmorph_model = "../x.zip"', "may not name paths"),
        ('model = "violin"\n[[parts]]\nmodel = "/tmp/x"', "may not name paths"),
    ],
)
def test_what_is_no_preset_never_reaches_the_engine(box, text, says):
    answer = write(box, "bad", text)
    assert answer.status_code in (409, 422) and says in answer.json()["error"], answer.text
    assert list(box.engine.stored) == ["solo"]


def test_a_huge_one_is_not_even_read(box):
    assert write(box, "big", b"#" * 70_000).status_code == 413
