"""`ddsp-edge copy-in` beside the running box: presets are stored, the outcome is shown."""

import json
import subprocess
import sys

from bundle_versions import make_version


def copy_in(box, folder, *options):
    policy = box.folder / "deploy.toml"
    policy.write_text(f'models = "{box.folder}/state/models"\nsocket = "{box.socket_path}"\n')
    command = [sys.executable, "-m", "ddsp_edge", "copy-in", str(folder), "--json"]
    command += ["--policy", str(policy), "--show", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def results(told):
    return {each["file"]: each["result"] for each in told["files"]}


def test_a_stick_is_copied_played_and_shown(box, tmp_path):
    stick = tmp_path / "stick"
    (stick / "presets").mkdir(parents=True)
    make_version(stick / "flute.zip", 1)
    preset = stick / "presets" / "Warm.toml"
    preset.write_text('model = "toy-flute"\n[settings]\nmix = 0.5\n')
    with box.start().client() as client:
        code, told, _ = copy_in(box, stick)
        assert code == 0 and set(results(told).values()) == {"copied"}
        assert "USB stick: 1 model and 1 preset copied" in client.call("status")["warnings"]
        client.call("preset", name="Warm")
        status = client.call("status")
        assert status["model"] == "toy-flute" and status["settings"]["mix"] == 0.5
        code, told, _ = copy_in(box, stick)
        assert code == 0 and set(results(told).values()) == {"already there"}
        assert "USB stick: nothing new" in client.call("status")["warnings"]
        # A preset of that name which differs is the box's until somebody says otherwise.
        preset.write_text('model = "cello"\n')
        code, told, _ = copy_in(box, stick)
        assert code == 1 and results(told)["presets/Warm.toml"] == "refused"
        assert client.call("preset_read", name="Warm")["preset"]["settings"] == {"mix": 0.5}
        code, told, _ = copy_in(box, stick, "--replace")
        assert code == 0 and results(told)["presets/Warm.toml"] == "copied"
        assert client.call("preset_read", name="Warm")["preset"]["model"] == "cello"
        code, _, words = copy_in(box, tmp_path / "nothing")
        assert code == 2 and "cannot be read" in words and "Traceback" not in words
        client.call("notice")
        assert not any("USB stick" in each for each in client.call("status")["warnings"])
