"""The settings of a training run, and its progress."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ddsp_edge.training.profiles import EDGE, Profile

#: Steps of the two stages (the controls, then the sound) of `train`: without a teacher, and with.
STEPS, STEPS_TAUGHT = (2500, 6000), (6000, 2500)
STEPS_ON = 1000  #: of the second stage, for a network that is trained on
RATE_ON = 5e-4  #: and its learning rate there
LEVEL_ON = 1.0  #: and the weight of its level
TIMBRE_ON = 0.4  #: and that of its timbre's statistics


@dataclass(frozen=True)
class Plan:
    """Length and settings of a run; together with the data it determines the model.

    Frames are the edge profile's, 200 a second; :meth:`of` has those of another.
    """

    warm_steps: int = 2500
    steps: int = 6000
    seed: int = 1
    warm_batch: int = 16
    warm_frames: int = 400
    batch: int = 8
    frames: int = 101  #: of a crop: half a second
    context: int = 100  #: frames that the network hears before a crop
    warm_rate: float = 8e-3
    rate: float = 1e-3
    run_in: int = 50  #: steps of each stage in which the rate rises
    average: float = 0.995  #: of the weights, in the second stage
    patience: int = 2000  #: steps of the second stage without a better held-out loss end it
    room: bool = False  #: learn the recording's room apart from the instrument
    #: Learn an impulse response of body and room with the instrument, which the device plays.
    response: bool = False
    start: str = ""  #: the instrument whose network is trained on; "": one with random weights
    size: str = "large"  #: of the network (model.SIZES)
    #: Hear every frame in the second stage, at the pitch that is shown live, not only where one
    #: pitch is clear: joins, double stops and the room's tails are played on stage too.
    all_frames: bool = False
    brightness: float = 1.0  #: weight of the penalty on getting duller with loudness
    #: Weight of the difference in level: by a spectral loss alone it may follow loudness less.
    level: float = 0.0
    #: Weight of the difference in timbre's statistics: by a spectral loss alone it is duller than
    #: the recordings, and moves less (docs/training.md).
    timbre: float = 0.0
    #: Weight of the penalty on leaving what ``start`` answers where nothing was recorded.
    hold: float = 1.0
    teacher: str = ""  #: whose controls the first stage learns; "": those that were analysed

    @classmethod
    def of(cls, profile: Profile, **changes: Any) -> Plan:
        """The usual plan in the profile's own frames, with ``changes``."""
        plan = cls(**changes)
        ratio = profile.frame_rate / EDGE.frame_rate
        # A room is heard in what was played before: more of it.
        context = plan.context * (3 if plan.room or plan.response else 1)
        return replace(
            plan,
            warm_frames=max(2, round(plan.warm_frames * ratio)),
            frames=max(2, round((plan.frames - 1) * ratio) + 1),
            context=round(context * ratio),
        )


@dataclass(frozen=True)
class Progress:
    """The state of a run that is reported after each step."""

    stage: str
    step: int
    steps: int
    loss: float
    held_out: float | None  #: multi-scale spectral loss, when it was measured
    rate: float = 0.0  #: learning rate
    seconds: float = 0.0  #: spent so far, over all runs
