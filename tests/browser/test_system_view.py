"""Devices are chosen and tested, the round trip is measured, phones come and go."""

import os
import subprocess

import browser_page
import mido
import numpy as np
import pytest
from browser_sound import RATE, recorded
from panel_pictures import playing

MIDI, VIEW = "jack", "system"
#: What joins the card's outputs and inputs here is JACK, not a plug.
CABLE = ("card-out:out_000", "card-in:in_000")


@pytest.fixture
def system(phone):
    phone.until(lambda: phone.shown("#card-name"))
    return phone


def level_at(samples, hz):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    at = round(hz * len(samples) / RATE)
    return spectrum[at - 3 : at + 4].max() / (len(samples) / 4)


def test_a_tone_is_heard(system, engine, box):
    assert level_at(recorded(box), 440.0) < 1e-4
    system.tap("#tone-left")
    system.until(lambda: engine.call("status")["test_tone"])
    assert level_at(recorded(box), 440.0) > 0.01
    system.tap("#tone-left")  # once more: enough
    system.until(lambda: not engine.call("status")["test_tone"])


def test_the_round_trip_by_a_cable(system, engine, box):
    system.tap("#latency")
    system.until(lambda: "nothing came back" in system.text("#latency-told"))
    env = os.environ | box.env
    subprocess.run(["jack_connect", *CABLE], env=env, check=True, capture_output=True)
    system.tap("#latency")
    system.until(lambda: "there and back" in system.text("#latency-told"))
    subprocess.run(["jack_disconnect", *CABLE], env=env, check=True, capture_output=True)
    told = system.text("#latency-told")
    assert "48 kHz" in told and "left input" in told, told


@pytest.mark.parametrize(
    ("beyond", "says"), [(24, "take 0.50 ms"), (0, "take 0.00 ms"), (None, "Not measured")]
)
def test_what_was_not_measured_is_no_figure(system, beyond, says):
    found = {"round_trip_samples": 400, "fraction_samples": 0.25, "round_trip_ms": 8.339}
    found |= {"rate_hz": 48_000, "input": "left", "snr_db": 60.0, "warning": ""}
    told = system.run(
        "const [found, done] = arguments;"
        "import('/static/calibration.js').then((m) => done(m.roundTrip(found)))",
        found | {"beyond_samples": beyond},
        later=True,
    )
    assert says in told and "400.25 samples" in told


def choose(phone, css, value):
    phone.run(
        "const [css, value] = arguments; const e = document.querySelector(css); e.value = value;"
        "e.dispatchEvent(new Event('change'))",
        css,
        value,
    )


def test_the_box_fits_itself_to_the_player(system, engine, box):
    engine.call("model", name="violin", source="effect")
    system.until(lambda: engine.call("status")["source"] == "effect")
    system.tap("#autofit")
    system.until(lambda: "it needs" in system.text("#autofit-told"))  # nobody played
    with playing(box.env):
        system.tap("#autofit")
        system.until(lambda: "Fitted" in system.text("#autofit-told"))
    told = system.text("#autofit-told")
    settings = engine.call("settings")["settings"]
    for name in ("pitch_shift", "input_gain"):
        value = settings[name]["value"]
        assert f"{name.replace('_', ' ')} {value:g}" in told, (told, value)
    assert settings["input_gain"]["value"] != settings["input_gain"]["default"]


def test_the_log_is_read_in_the_page_in_words(system):
    system.tap("#log-fold > summary")
    system.until(lambda: system.shown("#log-words li"))
    rows = system.run(
        "return [...document.querySelectorAll('#log-words li')].map((e) =>"
        "[e.className, e.querySelector('time').dateTime, e.lastChild.textContent])"
    )
    assert rows == [  # the newest first; programs/journalctl has the lines
        [
            "warning",
            "2026-11-29T20:11:02+00:00",
            "The sound card went away: hw:CARD=USB,DEV=0 is gone; waiting for it.",
        ],
        [
            "warning",
            "2026-11-29T20:10:30+00:00",
            "The sound dropped out (xruns): 3 more, 3 since the start.",
        ],
        [
            "info",
            "2026-11-29T20:00:01+00:00",
            "The sound card plays: hw:CARD=USB,DEV=0 at 48000 Hz, 2 periods of 128 samples.",
        ],
        ["info", "2026-11-29T20:00:00+00:00", "The engine started."],
    ]
    assert not system.shown("#log")  # behind a fold
    system.tap("#log-lines summary")
    system.until(lambda: system.shown("#log"))
    assert "python[412]: WARNING 3 xruns" in system.text("#log")
    system.tap("#log-fold > summary")
    system.until(lambda: not system.shown("#log-words"))


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("[audio] take effect after: systemctl restart ddsp-edge",
         "[audio] take effect once the engine is restarted (System)"),
        ("latency: no sound card runs; see: ddsp-edge status",
         "latency: no sound card runs; see System"),
        ("this machine has no ALSA sequencer (/dev/snd/seq): sudo modprobe snd-seq",
         "this machine has no ALSA sequencer (/dev/snd/seq)"),
        ("controls: lgpio is missing (no module); on Raspberry Pi OS: sudo apt-get install -y x",
         "controls: lgpio is missing (no module)"),
        ("models cannot be written; join the group (as root there: usermod -aG ddsp-edge USER)",
         "models cannot be written; join the group"),
        ("wait 60 s, or unlock it at the box: ddsp-edge panel-code --unlock, or a footswitch "
         "with the action pairing_unlock",
         "wait 60 s, or unlock it at the box with a footswitch with the action pairing_unlock"),
        ("no preset is called 'x'; did you mean 'y'?",
         "no preset is called 'x'; did you mean 'y'?"),
    ],
)  # fmt: skip
def test_a_message_on_a_phone_has_no_command_for_a_terminal(system, message, shown):
    told = system.run(
        "const [text, done] = arguments; import('/static/plain.js').then((m) =>"
        "import('/static/link.js').then(({ Refused }) => done([m.plain(text),"
        "new Refused('refused', 'It failed', 'the log has more: journalctl -u x').remedy])))",
        message,
        later=True,
    )
    assert told == [shown, ""]


def test_everything_is_downloaded_and_restored(system, engine, tmp_path):
    engine.call("set", values={"reverb_wet": 0.4})
    engine.call("preset_save", name="Solo")
    system.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    system.tap("#backup")
    (file,) = system.until(lambda: list(tmp_path.glob("ddsp-edge-*.zip")))
    engine.call("preset_remove", name="Solo")
    engine.call("set", values={"reverb_wet": 0.15})
    system.find("#restore").send_keys(str(file))
    system.tap("dialog button[type=submit]")
    system.until(lambda: system.text("#restore-done") == "Restored: 1 preset, 0 models.")
    assert engine.call("preset_read", name="Solo")["preset"]["settings"]["reverb_wet"] == 0.4
    assert engine.call("status")["settings"]["reverb_wet"] == 0.4
    file.write_bytes(b"no zip")
    system.find("#restore").send_keys(str(file))
    system.tap("dialog button[type=submit]")
    system.until(lambda: "was not taken" in system.text("#restore-problem"))
    engine.call("preset_remove", name="Solo")
    engine.call("set", values={"reverb_wet": 0.15})


def test_an_input_is_chosen_and_the_configs_comes_back(system, engine):
    choose(system, "#card-input", "left")
    system.until(lambda: engine.call("audio_devices")["active"]["input"] == "left")
    system.until(lambda: system.shown("#card-forget"))
    system.tap("#card-forget")
    system.until(lambda: engine.call("audio_devices")["chosen"] is None)
    system.until(lambda: not system.shown("#card-forget"))


def test_a_card_that_cannot_be_opened_is_refused_and_the_old_one_plays_on(system, engine):
    system.run(
        "const e = document.getElementById('card-name');"
        "e.append(new Option('none such', 'hw:CARD=NoSuch,DEV=0'))"
    )
    choose(system, "#card-name", "hw:CARD=NoSuch,DEV=0")
    system.until(lambda: system.shown(".toast.bad"))
    offered = system.run(
        "return [...document.getElementById('card-name').options].map((o) => o.text)"
    )
    assert not {"null", "lavrate", "speexrate", "upmix"} & set(offered)
    assert engine.call("status")["card"]["state"] == "running"
    system.until(lambda: system.run("return document.getElementById('card-name').value") == "jk")


#: As `audio_devices` tells of ALSA's Dummy card (tests/alsa).
LEVELS = [
    {"card": "id=Dummy", "control": "Master", "direction": "playback", "percent": 80, "db": -9.0},
    {"card": "id=Dummy", "control": "Mic", "direction": "capture", "percent": 50, "db": None},
]


def test_a_cards_levels_are_sliders_and_a_card_without_has_none(system, engine):
    assert engine.call("audio_devices")["levels"] == []  # JACK's
    assert not system.shown("#system .levels")
    asked = system.run(
        "const [levels, done] = arguments; Promise.all([import('/static/levels.js'),"
        "import('/static/link.js')]).then(([{ cardLevels }, { link }]) => {"
        "  const asked = []; const made = cardLevels();"
        "  link.call = (verb, details) => { asked.push([verb, details]);"
        "    return Promise.resolve({ levels: [levels[0], { ...levels[1], percent: 51 }] }); };"
        "  made.root.id = 'tried'; document.getElementById('system').append(made.root);"
        "  made.show(levels);"
        "  const way = document.getElementById('level-capture');"
        "  way.value = 52; way.dispatchEvent(new Event('input'));"
        "  setTimeout(() => { delete link.call; done(asked); }, 0); })",
        LEVELS,
        later=True,
    )
    assert asked == [["audio_level", {"direction": "capture", "level": "52%"}]]
    told = {
        each: system.text(f"#tried [data-level={each}] .value") for each in ("playback", "capture")
    }
    assert told == {"playback": "\N{MINUS SIGN}9.0 dB", "capture": "51 %"}
    assert system.run("return document.getElementById('level-capture').value") == "51"
    system.run("document.getElementById('tried').remove()")


def test_a_keyboard_is_left_out_and_heard_again(system, engine, box):
    before = {name: os.environ.get(name) for name in box.env}
    os.environ.update(box.env)
    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    with backend.open_output("keys", virtual=True, client_name="keys"):
        row = "#ports li[data-port*=keys]"
        system.until(lambda: system.shown(row))  # it appears by itself
        for heard in (False, True):
            system.tap(f"{row} button")
            system.until(
                lambda heard=heard: (
                    system.value(f"{row} button", "aria-pressed") == str(heard).lower()
                )
            )
            system.until(
                lambda heard=heard: ("keys" in str(engine.call("status")["midi_ports"])) is heard
            )
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def test_a_phone_pairs_by_the_code_of_another_and_is_sent_away(system, new_phone):
    system.tap("#pair-another")
    code = system.until(lambda: system.text("#new-code strong")).replace(" ", "")
    other = new_phone().open()
    other.find("#code").send_keys(code)
    other.tap("#pairing button")
    other.until(lambda: other.text("#instrument") == "Violin")
    system.tap("#tab-play")
    system.tap("#tab-system")
    system.until(lambda: system.shown("#phones li:nth-child(2) button"))
    system.tap("#phones li:last-child button")
    system.tap("dialog button[type=submit]")
    other.until(lambda: other.shown("#pairing"))


def shown_code(phone):
    phone.until(lambda: "code" in phone.text(".tuner-code"))
    return "".join(each for each in phone.text(".tuner-code") if each.isdigit())


def test_the_tuner_shows_the_code_when_a_phone_asks(system, new_phone):
    system.tap("#tab-play")
    system.tap("#tuner")
    system.until(lambda: system.shown(".tuner"))
    other = new_phone().open()
    other.find("#code").send_keys(shown_code(system))
    other.tap("#pairing button")
    other.until(lambda: other.shown("#play > *"))
    system.tap("#tuner")
    system.until(lambda: not system.shown(".tuner"))


def test_a_tuner_that_is_opened_while_a_phone_asks_shows_the_code(system, new_phone):
    outside = (
        "const stage = document.querySelector('.tuner').getBoundingClientRect();"
        "return [...document.querySelectorAll('.tuner > :not(.unseen)')].filter((each) => {"
        "  const box = each.getBoundingClientRect();"
        "  return box.height < 10 || box.top < stage.top || box.bottom > stage.bottom;"
        "}).map((each) => each.className)"
    )
    asking = [new_phone().open() for _ in range(2)]  # the second just after the first
    for each in asking:
        each.until(lambda each=each: each.shown("#code"))
    system.tap("#tab-play")
    system.tap("#tuner")
    shown_code(system)
    for shape in ((844, 390), (800, 480), browser_page.PHONE):
        system.size(*shape)
        system.until(lambda: system.run(outside) == [])
    for each in asking:
        before = shown_code(system)
        each.find("#code").send_keys(before)
        each.tap("#pairing button")
        each.until(lambda each=each: each.shown("#play > *"))
        # Each code is for one phone; the tuner has the next.
        system.until(lambda before=before: shown_code(system) != before)
    system.tap("#tuner")


def test_a_box_that_cannot_be_a_midi_device_says_why(system, engine):
    if engine.call("usb_gadget")["possible"]:
        pytest.skip("this machine has a USB device controller")
    system.until(lambda: "no USB device controller" in system.text("#computer-state"))
    assert not system.shown("#computer-midi")


def test_the_switch_of_the_midi_device(system):
    """No controller is here: the engine's answers are those of a box that has one."""
    told = {"possible": True, "reason": "", "configured": "off"}
    told |= {"active": False, "connected": False}
    system.run(
        "const [told, done] = arguments;"
        "import('/static/link.js').then(({ link }) => { const call = link.call.bind(link);"
        "link.call = async (verb, given) => {"
        "  if (verb === 'usb_choose') told.configured = given.on ? 'midi' : 'off';"
        "  return verb.startsWith('usb_') ? { ...told } : call(verb, given); };"
        "window.computer = told; done() })",
        told,
        later=True,
    )
    system.until(lambda: system.shown("#computer-midi"))
    assert system.text("#computer-midi") == "Off" and system.text("#computer-state") == ""
    system.tap("#computer-midi")
    system.until(lambda: system.text("#computer-midi") == "On")
    assert "One moment" in system.text("#computer-state")
    system.run("computer.active = true")
    system.until(lambda: "Plug the box" in system.text("#computer-state"))
    system.run("computer.connected = true")
    system.until(lambda: "A computer has it" in system.text("#computer-state"))
    system.tap("#computer-midi")
    system.until(lambda: system.text("#computer-midi") == "Off")
