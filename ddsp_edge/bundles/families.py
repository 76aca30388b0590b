"""How each family of instruments is played, for models whose recordings do not teach it."""

from __future__ import annotations

import re

from ddsp_edge.bundles.expression import Expression, Tendency

_T = Tendency


def _family(name: str, **tendencies: Tendency) -> Expression:
    return Expression({**_COMMON, **tendencies}, name)


#: What differs little between the families that sustain.
_COMMON = {
    "vibrato_cents": _T(6.0, 2.0, velocity=3.0, length=1.0),
    "vibrato_db": _T(0.5, 0.15),
    "vibrato_hz": _T(5.4, 0.4),
    "vibrato_delay_s": _T(0.2, 0.08),
    "vibrato_rise_s": _T(0.3, 0.08),
    "vibrato_wander": _T(0.5),
    "detune_cents": _T(0.0, 2.5),
    "drift_cents": _T(1.5, 0.4),
    "scoop_share": _T(0.15),
    "scoop_cents": _T(-20.0, 10.0),
    "scoop_s": _T(0.06, 0.02),
    "slide_share": _T(0.1),
    "slide_s": _T(0.04, 0.01),
    "accent_db": _T(0.0, 0.7),
    "phrase_db": _T(2.0),
    "swell_db": _T(1.5, 0.6, length=0.4),
    "swell_share": _T(0.35, 0.1),
    "fade_db": _T(1.5, 0.6, length=0.4),
    "tremor_db": _T(0.7, 0.2),
    "flicker_db": _T(1.5, 0.3),
    "partials_db": _T(0.0),
    "attack_db": _T(12.0, 1.5, velocity=-8.0),
    "attack_s": _T(0.09, 0.015, velocity=-0.14, pitch=-0.015),
    "attack_noise": _T(0.2, 0.05, velocity=0.3),
    "release_stretch": _T(1.0, 0.1),
    "release_cents": _T(0.0),
    "release_noise": _T(0.0),
}

#: Means from solo recordings and from what is written of each family's vibrato: the rate lies
#: between 5 and 6.5 Hz; bowed strings and voices move the pitch most, flutes rather the level.
FAMILIES: dict[str, Expression] = {
    "strings": _family(
        "strings",
        vibrato_cents=_T(15.0, 4.0, pitch=1.0, velocity=4.0, length=2.0),
        vibrato_db=_T(0.9, 0.3),
        vibrato_hz=_T(5.7, 0.4, pitch=0.2),
        vibrato_delay_s=_T(0.1, 0.05, length=0.03),
        vibrato_rise_s=_T(0.22, 0.06, length=0.05),
        drift_cents=_T(2.0, 0.5),
        detune_cents=_T(0.0, 3.5),
        scoop_share=_T(0.2),
        scoop_cents=_T(-25.0, 12.0),
        slide_share=_T(0.3),
        slide_s=_T(0.07, 0.02),
        tremor_db=_T(1.4, 0.4),
        flicker_db=_T(3.0, 0.6),
        phrase_db=_T(3.0),
        attack_db=_T(15.0, 2.0, velocity=-9.0),
        attack_s=_T(0.16, 0.03, velocity=-0.22, pitch=-0.02),
        attack_noise=_T(0.3, 0.08, velocity=0.4),
        release_stretch=_T(1.3, 0.15),
    ),
    "reed": _family(
        "reed",
        scoop_share=_T(0.3),
        scoop_cents=_T(-30.0, 15.0),
        attack_s=_T(0.06, 0.012, velocity=-0.08),
        release_cents=_T(8.0, 3.0),
        release_noise=_T(0.15, 0.05),
    ),
    "brass": _family(
        "brass",
        vibrato_cents=_T(4.0, 1.5, velocity=2.0, length=1.0),
        vibrato_delay_s=_T(0.35, 0.1),
        attack_s=_T(0.07, 0.012, velocity=-0.08),
        attack_noise=_T(0.12, 0.04, velocity=0.25),
        release_cents=_T(6.0, 3.0),
        release_noise=_T(0.1, 0.04),
    ),
    "flute": _family(
        "flute",
        vibrato_cents=_T(5.0, 1.5, velocity=3.0, length=1.0),
        vibrato_db=_T(1.0, 0.3, velocity=0.6),
        vibrato_hz=_T(5.2, 0.4),
        tremor_db=_T(0.6, 0.15),
        attack_s=_T(0.08, 0.015, velocity=-0.1),
        attack_noise=_T(0.35, 0.08, velocity=0.3),
        release_cents=_T(10.0, 4.0),
        release_noise=_T(0.3, 0.08),
    ),
    "voice": _family(
        "voice",
        vibrato_cents=_T(28.0, 8.0, velocity=8.0, length=5.0),
        vibrato_db=_T(1.0, 0.3),
        vibrato_delay_s=_T(0.25, 0.08),
        detune_cents=_T(0.0, 5.0),
        drift_cents=_T(4.0, 1.0),
        scoop_share=_T(0.45),
        scoop_cents=_T(-55.0, 25.0),
        scoop_s=_T(0.1, 0.03),
        slide_share=_T(0.6),
        slide_s=_T(0.09, 0.025),
        phrase_db=_T(3.0),
        attack_s=_T(0.11, 0.02, velocity=-0.12),
        attack_noise=_T(0.35, 0.1, velocity=0.2),
        release_cents=_T(15.0, 6.0),
        release_noise=_T(0.3, 0.1),
    ),
    "plucked": _family(
        "plucked",
        vibrato_cents=_T(0.0),
        vibrato_db=_T(0.0),
        drift_cents=_T(0.3),
        detune_cents=_T(0.0, 1.5),
        scoop_share=_T(0.1),
        scoop_cents=_T(8.0, 3.0, velocity=12.0),
        scoop_s=_T(0.05),
        slide_share=_T(0.0),
        phrase_db=_T(1.0),
        swell_db=_T(0.0),
        fade_db=_T(0.0),
        tremor_db=_T(0.0),
        flicker_db=_T(0.4),
        attack_db=_T(0.0),
        attack_noise=_T(0.1, velocity=0.2),
    ),
    "other": _family("other"),
}

#: Words of a model's name, lower case, that tell its family.
_WORDS = {
    "strings": r"violin|fiddle|viola|cello|double.?bass|contrabass|strings?|bowed|erhu|gamba",
    "reed": r"sax\w*|clarinet\w*|oboe|bassoon|cor.anglais|english.horn|duduk|shawm|harmonica",
    "brass": r"trumpet|trombone|horn|tuba|cornet|euphonium|brass|flugel\w*",
    "flute": r"flute\w*|recorder|piccolo|ocarina|whistle|shakuhachi|panpipes?|ney|bansuri",
    "voice": r"voice\w*|sing\w*|choir|vocals?|soprano|alto|tenor|baritone|\w*stimme",
    "plucked": r"guitar\w*|harp\w*|banjo|mandolin|lute|pluck\w*|pizzicato|koto|sitar|piano|kalimba",
}


def family_of(name: str) -> str:
    """The family whose word stands in a model's name ("Alto-Sax": reed), else "other"."""
    text = re.sub(r"[^a-zäöüß]+", " ", name.lower())
    return next(
        (family for family, words in _WORDS.items() if re.search(rf"\b(?:{words})\b", text)),
        "other",
    )


def playing(name: str, learnt: Expression | None = None) -> Expression:
    """How a model of this name is played: as it was learnt, what is missing as its family."""
    family = family_of(name)
    if learnt is None:
        return FAMILIES[family]
    base = FAMILIES.get(learnt.family) or FAMILIES[family]
    return Expression(
        {**base.tendencies, **learnt.tendencies}, base.family, learnt.notes, learnt.phrases
    )
