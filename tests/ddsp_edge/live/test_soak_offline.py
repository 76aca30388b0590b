"""A short one of ``make soak-offline``: the engine under random playing, every sample looked at."""

import numpy as np
import pytest
import soak_offline


@pytest.mark.parametrize("seed", [5, 6])
def test_nothing_is_wrong(seed):
    found = soak_offline.soak(400_000, seed)
    assert not found.wrong
    assert found.samples >= 400_000
    assert found.messages > 300
    assert found.instruments > 1
    assert found.loudest > 0.05


def test_what_is_wrong_is_found(monkeypatch):
    """NaN, a denormal number and a sample beyond full scale, each put in on purpose."""
    for value, word in ((np.nan, "NaN"), (1e-42, "denormal"), (1.5, "a sample of 1.5")):
        process = soak_offline.Rig.process

        def broken(self, heard, played, process=process, value=value):
            process(self, heard, played)
            played[3, 1] = value

        with monkeypatch.context() as patch:
            patch.setattr(soak_offline.Rig, "process", broken)
            session = soak_offline.Session(3)
            session.run(1)
        assert word in session.found.wrong[0]
