/* The effect player: analysed sound to what the model is asked for, one frame after the other. */
#include <math.h>
#include <stdlib.h>

#include "ddsp_kernel.h"
#include "common/sanitize.h"
#include "player/gate.h"
#include "player/snap.h"

#define LOWEST_HZ 20.0      /* what is taken for a pitch; everything else holds the last one */
#define HIGHEST_HZ 8000.0
#define VOICED 0.6          /* confidence from which on the pitch is a new one, not the last */
#define FREEZE_S 0.06
#define LEVEL_S 0.08        /* freeze holds the loudness of about the last so many seconds */
#define LONGEST_S 0.1       /* frames that come later than this count as this late */
#define GAP_S 0.03          /* a gap in the pitch that is shorter is none */
#define FADE_S 0.03         /* then the note gives way to noise within this */
#define LARGEST 1000.0f     /* of any setting */

struct ddsp_effect {
    double hop_s;
    double transpose;       /* whole semitones */
    ddsp_gate gate;
    ddsp_snap snap;
    double pitched, without_s;  /* share of a note; how long there was no pitch */
    double time_s;          /* of the last frame */
    double heard;           /* MIDI note of the last pitch; 0: none yet */
    int begins;             /* no pitch yet since the last silence */
    double level;           /* what freeze would hold */
    int frozen;
    double hold;            /* 0: what is played, 1: what is frozen */
    double held_note, held_db;
};

ddsp_effect *ddsp_effect_new(double hop_s)
{
    ddsp_effect *effect = calloc(1, sizeof *effect);
    if (!effect)
        return NULL;
    effect->hop_s = hop_s > 0.0 && hop_s <= LONGEST_S ? hop_s : LONGEST_S;
    const ddsp_effect_settings plain = {.gate_db = (float)DDSP_SILENCE_DB};
    ddsp_effect_set(effect, &plain);
    ddsp_effect_reset(effect);
    return effect;
}

void ddsp_effect_free(ddsp_effect *effect)
{
    free(effect);
}

void ddsp_effect_reset(ddsp_effect *effect)
{
    ddsp_gate_reset(&effect->gate);
    ddsp_snap_reset(&effect->snap);
    effect->pitched = effect->without_s = 0.0;
    effect->time_s = -INFINITY;
    effect->heard = 0.0;
    effect->begins = 1;
    effect->level = DDSP_SILENCE_DB;
    effect->frozen = 0;
    effect->hold = effect->held_note = 0.0;
    effect->held_db = DDSP_SILENCE_DB;
}

static double setting(float value)
{
    return ddsp_within(value, -LARGEST, LARGEST);
}

void ddsp_effect_set(ddsp_effect *effect, const ddsp_effect_settings *settings)
{
    ddsp_gate_set(&effect->gate, setting(settings->gate_db),
                  fmax(0.0, setting(settings->gate_hysteresis_db)));
    effect->transpose = nearbyint(setting(settings->transpose));
    ddsp_snap_set(&effect->snap, settings->snap, settings->snap_notes,
                  setting(settings->snap_offset));
}

void ddsp_effect_freeze(ddsp_effect *effect, int on)
{
    if (on && !effect->frozen) {
        effect->held_note =
            effect->heard != 0.0 ? ddsp_snap_centre(&effect->snap) - effect->transpose : 0.0;
        effect->held_db = effect->level;
    }
    effect->frozen = on != 0;
}

void ddsp_effect_adopt(ddsp_effect *effect, const ddsp_effect *other)
{
    const double hop_s = effect->hop_s;
    *effect = *other;
    effect->hop_s = hop_s;
}

/* Seconds since the last frame; a hop where that makes no sense. */
static double passed(ddsp_effect *effect, double time_s)
{
    const double dt_s = time_s - effect->time_s;
    effect->time_s = time_s;
    return dt_s > 0.0 && dt_s < INFINITY ? fmin(dt_s, LONGEST_S) : effect->hop_s;
}

/* How much of the sound is a note: a pitch is played at once; without one the last goes on for
 * GAP_S and fades in FADE_S, so that after a longer gap the note before is not heard until the
 * new one's pitch is known. */
static double voicing(ddsp_effect *effect, int has_pitch, double dt_s)
{
    if (has_pitch) {
        effect->pitched = 1.0;
        effect->without_s = 0.0;
    } else {
        effect->without_s += dt_s;
        if (effect->without_s > GAP_S)
            effect->pitched = fmax(0.0, effect->pitched - dt_s / FADE_S);
    }
    return effect->pitched;
}

/* What freeze would hold: the loudness of the last moment, not less where it fades. */
static void follow(ddsp_effect *effect, double level, double dt_s)
{
    if (level <= DDSP_SILENCE_DB || effect->level <= DDSP_SILENCE_DB)
        effect->level = level;
    else
        effect->level += (level - effect->level) * (1.0 - exp(-dt_s / LEVEL_S));
}

/* What is played and what is frozen, one fading into the other. */
static void mix(ddsp_effect *effect, double note, double confidence, double level, double pitched,
                float treble_db, double dt_s, ddsp_feature_frame *out)
{
    const double step = dt_s / FREEZE_S, held = effect->held_note;
    effect->hold = effect->frozen ? fmin(1.0, effect->hold + step)
                                  : fmax(0.0, effect->hold - step);
    const double hold = effect->hold;
    if (hold > 0.0) {
        const int silent = level <= DDSP_SILENCE_DB;
        level += hold * (effect->held_db - level);
        confidence += hold * (1.0 - confidence);
        pitched += hold * (1.0 - pitched);
        if (held != 0.0 && (silent || note == 0.0))
            note = held; /* let go into silence: the drone fades, it does not slide */
        else if (held != 0.0)
            note += hold * (held - note);
    }
    double hz = 0.0;
    if (note != 0.0)
        hz = fmin(fmax(440.0 * exp2((note - 69.0) / 12.0), LOWEST_HZ), HIGHEST_HZ);
    *out = (ddsp_feature_frame){
        .f0_hz = (float)hz,
        .loudness_db = (float)level,
        .confidence = ddsp_within((float)confidence, 0.0f, 1.0f),
        .pitched = (float)pitched,
        .treble_db = ddsp_within(treble_db, (float)DDSP_SILENCE_DB, 0.0f),
    };
}

void ddsp_effect_frame(ddsp_effect *effect, const ddsp_features *heard, double time_s,
                       ddsp_feature_frame *out)
{
    const double dt_s = passed(effect, time_s);
    double loudness_db = heard->loudness_db;
    if (!(loudness_db > DDSP_SILENCE_DB)) /* also NaN */
        loudness_db = DDSP_SILENCE_DB;
    else if (loudness_db > 0.0)
        loudness_db = 0.0;
    const double cut_db = ddsp_gate_step(&effect->gate, loudness_db, dt_s);
    const double level = fmax(DDSP_SILENCE_DB, ddsp_gate_knee(loudness_db) + cut_db);
    /* Behind a closed gate is noise: no note of ours. */
    const double f0_hz = heard->f0_hz;
    if (f0_hz >= LOWEST_HZ && f0_hz <= HIGHEST_HZ && effect->gate.open)
        effect->heard = 69.0 + 12.0 * log2(f0_hz / 440.0);
    double note = 0.0;
    if (effect->heard != 0.0)
        note = ddsp_snap_step(&effect->snap, effect->heard + effect->transpose, dt_s,
                              effect->begins)
               - effect->transpose;
    const int has_pitch = heard->confidence >= (float)VOICED;
    if (level <= DDSP_SILENCE_DB)
        effect->begins = 1;
    else if (has_pitch)
        effect->begins = 0;
    follow(effect, level, dt_s);
    const double pitched = voicing(effect, has_pitch, dt_s);
    mix(effect, note, heard->confidence, level, pitched, heard->treble_db, dt_s, out);
}
