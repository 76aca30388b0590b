"""In which order pytest-xdist's workers take the modules (``--dist loadscope``).

A module's tests stay together in one worker, since they share its fixtures; xdist does that. Here
the modules that take longest begin first, and what is short fills the gaps at the end. Modules
that wait (for a paced card, a browser) stand among those that compute, so that the cores are busy
and no two browsers wait for each other.
"""

from __future__ import annotations

import pytest

#: Modules, without tests/ and .py, from the longest.
LONG = (
    "ddsp_edge/cli/test_train",
    "ddsp_edge/training/export/test_build",
    "browser/test_system_view",
    "ddsp_edge/training/export/test_to_tflite",
    "ddsp_edge/cli/test_train_killed",
    "test_uml",
    "native/test_kernel_c",
    "browser/test_library_view",
    "ddsp_edge/cli/test_cli",
    "native/test_paths",
    "native/test_decoder",
    "browser/test_play_view",
    "lv2/test_rude",
    "ddsp_edge/training/fit/test_distillation",
    "ddsp_edge/remote/test_receive",
    "browser/test_sound_view",
    "ddsp_edge/remote/test_deploy",
    "ddsp_edge/demo/test_gallery",
    "ddsp_edge/tflite/test_runtimes",
    "ddsp_edge/training/data/test_dataset",
    "firmware_py/test_service",
)


#: Of all other modules, those in which an engine, a panel and a browser run at once: so heavy that
#: two together are slower than one after the other. They are spread over this part of the run.
HEAVY, SPREAD = "browser/", 0.8


def _module(item: pytest.Item) -> str:
    return item.nodeid.split("::")[0].removeprefix("tests/").removesuffix(".py")


def order(modules: list[str]) -> list[str]:
    """In which order these modules begin, each once."""
    first = [name for name in LONG if name in modules]
    heavy = [name for name in modules if name.startswith(HEAVY) and name not in first]
    others = [name for name in modules if name not in first and name not in heavy]
    step = max(1, int(SPREAD * len(others) / max(1, len(heavy))))
    for at, name in enumerate(heavy):
        others.insert(at * (step + 1), name)
    return first + others


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In one process the order stays as it is."""
    if hasattr(config, "workerinput"):
        place = {
            name: at for at, name in enumerate(order(list(dict.fromkeys(map(_module, items)))))
        }
        items.sort(key=lambda item: place[_module(item)])
