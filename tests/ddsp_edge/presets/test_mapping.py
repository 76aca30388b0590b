"""Controls to settings and actions: every setting, both ways of every control, any position."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from ddsp_edge.presets.actions import Action
from ddsp_edge.presets.mapping import KINDS, Bindings, Change, ControlMapping, parse_control
from ddsp_edge.settings import SETTINGS, Choice, Settings

NOW = Settings()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("cc 11", ("cc", "11", "move")),
        ("cc  064 long", ("cc", "64", "long")),
        ("switch left", ("switch", "left", "short")),
        ("switch left down", ("switch", "left", "down")),
        ("expression swell", ("expression", "swell", "move")),
        ("encoder tone", ("encoder", "tone", "turn")),
        ("encoder tone short", ("encoder", "tone", "short")),
    ],
)
def test_controls_are_read(text, parts):
    control = parse_control(text)
    assert (control.kind, control.name, control.gesture) == parts
    assert parse_control(str(control)) == control


@pytest.mark.parametrize(
    "text",
    ["", "cc", "cc 128", "cc x", "cc ²", "switch left twice", "expression a long", "knob a",
     "switch ../x", "switch a b c"],
)  # fmt: skip
def test_what_is_no_control_is_refused(text):
    with pytest.raises(UserError, match="control"):
        parse_control(text)


@given(st.text(max_size=30) | st.builds("{} {}".format, st.sampled_from([*KINDS]), st.text()))
def test_any_text_is_a_control_or_one_line(text):
    message = ""
    try:
        control = parse_control(text)
        assert control.gesture in KINDS[control.kind]
    except UserError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1


@pytest.mark.parametrize("name", SETTINGS)
@given(position=st.floats())
def test_any_position_gives_a_value_that_the_setting_takes(name, position):
    for curve in ("linear", "slow", "fast"):
        value = ControlMapping("cc 1", set=name, curve=curve).at(position)
        assert getattr(NOW.changed({name: value}), name) == value


@pytest.mark.parametrize("name", SETTINGS)
def test_the_ends_of_a_pedal_are_the_ends_of_the_setting(name):
    setting = SETTINGS[name]
    mapping = ControlMapping("expression a", set=name)
    if isinstance(setting, Choice):
        ends = (setting.choices[0], setting.choices[-1])
        count = len(setting.choices)
        picked = [mapping.at((i + 0.5) / count) for i in range(count)]
        assert picked == list(setting.choices)
    else:
        ends = (setting.minimum, setting.maximum)
    assert (mapping.at(0.0), mapping.at(1.0)) == ends


def test_a_range_may_be_turned_round_and_curves_bend():
    mapping = ControlMapping("cc 1", set="output_gain", range=(0.0, -60.0))
    assert [mapping.at(p) for p in (0, 0.5, 1)] == [0, -30, -60]
    assert ControlMapping("cc 1", set="mix", curve="slow").at(0.5) == 0.25
    assert ControlMapping("cc 1", set="mix", curve="fast").at(0.5) == 0.75


def test_a_press_takes_the_next_value():
    mapping = ControlMapping("switch a", set="mix", values=(0.3, 0.6, 1.0))
    assert [mapping.pressed(v) for v in (0.3, 0.6, 1.0, 0.123)] == [0.6, 1.0, 0.3, 0.3]
    assert ControlMapping("switch a", set="snap").pressed("soft") == "hard"
    assert ControlMapping("switch a", set="voices", values=(1, 4)).pressed(1) == 4


@pytest.mark.parametrize("name", SETTINGS)
@given(clicks=st.integers(-200, 200))
def test_an_encoder_stays_inside(name, clicks):
    now = getattr(NOW, name)
    value = ControlMapping("encoder a", set=name).turned(now, clicks)
    assert getattr(NOW.changed({name: value}), name) == value
    if clicks == 0 and not isinstance(SETTINGS[name], Choice):
        assert math.isclose(value, now, abs_tol=1e-9)


def test_an_encoder_clicks_through_wholes_and_choices():
    assert ControlMapping("encoder a", set="voices").turned(3, 1) == 4
    assert ControlMapping("encoder a", set="snap").turned("soft", -1) == "off"
    assert ControlMapping("encoder a", set="mix", range=(1.0, 0.0)).turned(0.5, 24) == 0.0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"control": "cc 1"}, "either set or do"),
        ({"control": "cc 1", "set": "mix", "do": "panic"}, "either set or do"),
        ({"control": "cc 1", "do": "panic"}, "write 'cc 1 short'"),
        ({"control": "expression a", "do": "panic"}, "it has set, not do"),
        ({"control": "switch a", "do": "panik"}, "did you mean 'panic'"),
        ({"control": "switch a", "do": "panic", "values": (1.0, 2.0)}, "no range or values"),
        ({"control": "cc 1", "set": "mixx"}, "did you mean 'mix'"),
        ({"control": "cc 1", "set": "mix", "range": (0.0, 2.0)}, "outside 0 to 1"),
        ({"control": "cc 1", "set": "snap", "range": (0.0, 1.0)}, "values, not a range"),
        ({"control": "cc 1", "set": "mix", "values": (0.5,)}, "at least two"),
        ({"control": "switch a", "set": "mix"}, "give values"),
        ({"control": "switch a", "set": "snap", "values": ("off", "firm")}, "off, soft, hard"),
    ],
)
def test_what_is_wrong_is_said(words, says):
    with pytest.raises(UserError, match=says):
        ControlMapping(**words)


def test_a_preset_wins_over_the_device_gesture_by_gesture():
    device = [
        ControlMapping("switch left", do="bypass"),
        ControlMapping("switch left long", do="tuner"),
        ControlMapping("expression main", set="mix"),
    ]
    bindings = Bindings(device)

    def answer(text, value=0.0):
        return bindings.answer(parse_control(text), value, NOW)

    assert answer("switch left") == [Action("bypass")]
    bindings.use(
        [
            ControlMapping("switch left", do="freeze"),
            ControlMapping("switch left", set="snap", values=("off", "hard")),
            ControlMapping("cc 1", set="reverb_wet"),
        ]
    )
    assert answer("switch left") == [Action("freeze"), Change("snap", "hard")]
    assert answer("switch left long") == [Action("tuner")]
    assert answer("expression main", 0.25) == [Change("mix", 0.25)]
    assert answer("expression main", 1.0) == []  # it is there already
    assert answer("cc 1", 1.0) == [Change("reverb_wet", 1.0)]
    assert answer("cc 2", 1.0) == []
    assert bindings.knows("switch", "left") == {"short", "long"}
    bindings.use([])
    assert answer("switch left") == [Action("bypass")] and answer("cc 1", 1.0) == []
