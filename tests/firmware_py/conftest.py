"""A box: the program, on jackd's paced card."""

import pytest
from service_box import Box


@pytest.fixture
def make_box(tmp_path):
    made = []

    def make(env=(), audio="card = 'jk'"):
        folder = tmp_path / f"box{len(made)}"
        folder.mkdir()
        made.append(Box(folder, dict(env), audio))
        return made[-1]

    yield make
    for box in made:
        if box.process is not None and box.process.poll() is None:
            box.process.kill()
            box.process.wait()


@pytest.fixture
def box(make_box, jack_card):
    return make_box(jack_card.env)
