"""The box is found and connected without a terminal: NetworkManager, our unit and polkit's rule, on
radios of mac80211_hwsim; a phone and a home are namespaces beside the box."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from image import debian_box
from image.radio_box import RadioBox

SET_UP = """
set -e
for at in 1:phone 2:home; do
    ip netns add ${at#*:}
    iw phy phy${at%:*} set netns name ${at#*:}
    ip netns exec ${at#*:} ip link set lo up
done
if [ ! -e /etc/ddsp-edge ]; then
cp /program/deploy/sysusers.d/*.conf /usr/lib/sysusers.d/
systemd-sysusers
cp /program/deploy/polkit/*.rules /usr/share/polkit-1/rules.d/
cp /program/deploy/tmpfiles.d/*.conf /usr/lib/tmpfiles.d/
systemd-tmpfiles --create ddsp-edge.conf ddsp-edge-panel.conf
mkdir -p /opt/ddsp-edge/venv/bin /etc/ddsp-edge
printf '#!/bin/sh\\nPYTHONPATH=/program exec /usr/bin/python3 -s -P "$@"\\n' \\
    >/opt/ddsp-edge/venv/bin/python
chmod 755 /opt/ddsp-edge/venv/bin/python
printf '[panel]\\nhost = "0.0.0.0"\\n' >/etc/ddsp-edge/config.toml
for name in network panel; do
    cp /program/deploy/systemd/ddsp-edge-$name.service /etc/systemd/system/
done
systemctl daemon-reload
systemctl enable ddsp-edge-network ddsp-edge-panel 2>/dev/null
fi
"""
ADDRESS = """#!/bin/sh
[ "$1" = bound ] && { ip addr flush dev $interface; ip addr add $ip/24 dev $interface; }
exit 0
"""
NAME, PASSWORD = "Home: 5\\x", "right:pass\\word #1"
HOME = """
cat >/tmp/home.conf <<'END'
interface=wlan2
driver=nl80211
ssid={name}
hw_mode=g
channel=6
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_passphrase={password}
END
ip netns exec home ip addr add 192.168.77.1/24 dev wlan2
ip netns exec home hostapd -B /tmp/home.conf
ip netns exec home dnsmasq --interface=wlan2 --bind-interfaces --port=0 --conf-file=/dev/null \
    --dhcp-range=192.168.77.10,192.168.77.50,1h --pid-file=/tmp/home-dns.pid
"""
PHONE = """
cat >/tmp/phone.conf
cat >/tmp/address <<'END'
{address}END
chmod +x /tmp/address
[ ! -e /tmp/phone.pid ] || kill $(cat /tmp/phone.pid)
ip netns exec phone wpa_supplicant -B -i wlan1 -c /tmp/phone.conf -P /tmp/phone.pid
ip netns exec phone busybox udhcpc -i wlan1 -n -q -t 60 -T 3 -s /tmp/address
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := debian_box.missing():
        pytest.skip(reason)
    return tmp_path_factory.mktemp("radios")


@pytest.fixture(scope="module")
def guest(folder: Path) -> Iterator[list[RadioBox]]:
    """The guest that runs; a test may put the same box after a restart in its place."""
    running = [RadioBox(folder)]
    running[0].check(SET_UP)
    yield running
    running[0].close()


def asked(guest: RadioBox, verb: str, **arguments: Any) -> Any:
    """What the network service answers to a member of the group."""
    call = (
        "import json; from ddsp_edge.network import client; client.ANSWER_S = 60; "
        f"print(json.dumps(client.ask({verb!r}, **{arguments!r})))"
    )
    return json.loads(guest.check(f"PYTHONPATH=/program python3 -c {shlex.quote(call)}"))


def until(guest: RadioBox, what: str, timeout_s: float = 300) -> Any:
    """The service's state once ``what`` (Python, of ``s``) is true of it."""
    call = f"""
import json, time, sys
sys.path.insert(0, "/program")
from ddsp_edge.network import client
client.ANSWER_S = 60
ends = time.monotonic() + {timeout_s}
s = {{}}
while time.monotonic() < ends:
    try:
        s = client.ask("state")
        if {what}:
            print(json.dumps(s)); sys.exit()
    except client.UserError as error:
        s = str(error)
    time.sleep(1)
print(s); sys.exit(1)
"""
    return json.loads(guest.check(f"python3 -c {shlex.quote(call)}", timeout_s + 20))


def read_code(text: str) -> dict[str, str]:
    """A phone's reading of a WIFI: text that has nothing escaped."""
    assert "\\" not in text and '"' not in text
    parts = text.removeprefix("WIFI:").removesuffix(";;").split(";")
    return dict(part.split(":", 1) for part in parts)


def test_a_box_without_a_network_opens_its_hotspot_and_a_phone_gets_to_the_panel(
    guest: list[RadioBox],
) -> None:
    box = guest[0]
    box.check("systemctl start --no-block ddsp-edge-network ddsp-edge-panel")
    state = until(box, "s['hotspot']['open']", 200)
    assert state["possible"] and state["hotspot"]["name"] == "ddsp-1a2b"
    code = box.check("sed -n 3p /run/ddsp-edge-network/hotspot.txt").strip()
    network = read_code(code)
    assert network == {"T": "WPA", "S": "ddsp-1a2b", "P": state["hotspot"]["password"]}
    conf = f'network={{\n ssid="{network["S"]}"\n psk="{network["P"]}"\n}}\n'
    script = PHONE.format(address=ADDRESS).replace(
        "cat >/tmp/phone.conf\n", f"cat >/tmp/phone.conf <<'END'\n{conf}END\n"
    )
    assert "lease of 10.42.0." in box.check(script, 200)
    told = box.check(
        "for n in $(seq 200); do ip netns exec phone curl -sf -m 100 "
        "http://10.42.0.1:8765/api/pair/network && exit 0; sleep 2; done; exit 1", 300
    )  # fmt: skip
    shown = json.loads(told)
    assert shown["hotspot"]["name"] == "ddsp-1a2b" and shown["hotspot"]["code"]["size"] >= 25
    assert shown["page"]["address"] == "http://ddsp-1a2b.local:8765/"


def test_a_wrong_password_brings_the_hotspot_back_and_leaves_nothing(
    guest: list[RadioBox],
) -> None:
    box = guest[0]
    box.check(HOME.format(name=NAME, password=PASSWORD))
    asked(box, "join", name=NAME, password="wrong password", hidden=False)
    state = until(box, "not s['busy']", 200)
    assert (
        state["problem"].startswith(f"{NAME} was not joined: ") and "password" in state["problem"]
    )
    assert state["hotspot"]["open"] and state["known"] == [] and state["joined"] is None
    listed = box.check(
        "nmcli -t -f NAME connection show; ls /etc/NetworkManager/system-connections"
    )
    assert set(listed.split()) <= {"ddsp-edge-hotspot", "ddsp-edge-hotspot.nmconnection", "lo"}


def test_the_right_one_joins_whatever_letters_it_has(guest: list[RadioBox]) -> None:
    box = guest[0]
    asked(box, "join", name=NAME, password=PASSWORD, hidden=False)
    state = until(box, "not s['busy'] and (s['joined'] or s['problem'])", 200)
    assert state["problem"] == "" and state["joined"]["name"] == NAME
    assert [each["name"] for each in state["known"]] == [NAME]
    assert state["addresses"][0].startswith("192.168.77.") and not state["hotspot"]["open"]
    told = box.check(
        f"ip netns exec home curl -sf -m 100 http://{state['addresses'][0]}:8765/api/pair/network"
    )
    assert json.loads(told) == {"hotspot": None}  # outside of the hotspot its password is not told


def test_after_a_restart_it_is_in_that_network_again(guest: list[RadioBox], folder: Path) -> None:
    password = until(guest[0], "True")["hotspot"]["password"]
    guest[0].check("sync")
    guest[0].close()
    guest[0] = RadioBox(folder)
    guest[0].check(SET_UP + HOME.format(name=NAME, password=PASSWORD))
    # On a slow machine it is there before the home is, and opens its hotspot: then it looks for the
    # home every five minutes.
    state = until(guest[0], "s['joined']", 700)
    assert state["joined"]["name"] == NAME and not state["hotspot"]["open"]
    assert state["hotspot"]["password"] == password  # kept


def test_where_the_network_is_gone_the_hotspot_opens(guest: list[RadioBox]) -> None:
    guest[0].check("kill $(ip netns pids home)")
    state = until(guest[0], "s['hotspot']['open']", 300)
    assert [each["name"] for each in state["known"]] == [NAME] and state["joined"] is None
