"""What other machines announce is read without trust."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ddsp_edge.remote import discovery
from ddsp_edge.remote.discovery import FoundBox, find_boxes, parse_browsed

LINE = "=;eth0;IPv4;ddsp-edge\\032\\040pedal\\041;_ddsp-edge._tcp;local;pedal.local;10.0.0.7;80;"


def test_a_box_is_found_once_by_its_name() -> None:
    text = f"+;eth0;IPv4;pedal;_ddsp-edge._tcp;local\n{LINE}\n{LINE.replace('IPv4', 'IPv6')}\n"
    assert parse_browsed(text) == [FoundBox("pedal.local", "ddsp-edge (pedal)")]


@pytest.mark.parametrize(
    "text",
    ["", "=", "=;;;;;;;;;", LINE.replace("pedal.local", "-oProxyCommand=sh"),
     LINE.replace("pedal.local", "a b"), LINE.replace("pedal.local", "$(id)"), "\0;=;" * 50],
)  # fmt: skip
def test_odd_answers_are_passed_over(text: str) -> None:
    assert parse_browsed(text) == []


def test_many_boxes_are_too_many() -> None:
    many = "\n".join(LINE.replace("pedal.local", f"pedal{i}.local") for i in range(500))
    assert len(parse_browsed(many)) == discovery.MOST_BOXES


def test_without_avahi_none_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_boxes() == []
    program = tmp_path / discovery.PROGRAM
    program.write_text(f"#!/bin/sh\necho '{LINE}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    assert [box.host for box in find_boxes()] == ["pedal.local"]
