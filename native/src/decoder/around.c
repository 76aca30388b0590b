/* Shifts, gains and silence around a decoder. */
#include "decoder/around.h"

#include <math.h>

#include "common/sanitize.h"
#include "decoder/loudness_map.h"
#include "decoder/morph.h"
#include "decoder/partials.h"
#include "decoder/unpitched.h"

#define SILENCE_DB (-80.0f)
#define FADE_IN_DB 6.0f          /* above silence: so no gate is heard */
#define LEAST 1e-30f
#define LEAST_HZ 1e-3f           /* below it there is no pitch, nor above the largest */
#define LARGEST_HZ 1e6f
#define LOG10_20 0.11512925f       /* log(10) / 20 */
#define THIN_DB 1.0f             /* so much softer a semitone, where nobody could play a note ... */
#define THINNEST_DB 12.0f        /* ... and no softer than this */
#define SILENT_WITHIN 3.0f       /* semitones, from full to silent */
#define LARGEST_CONTROL 1e6f     /* of an answer, whatever a foreign model says */

static float level_of(const ddsp_settings_ramp *ramp, const ddsp_feature_frame *in)
{
    if (!(in->loudness_db > SILENCE_DB)) /* input_gain wakes no silence; also NaN */
        return SILENCE_DB;
    return ddsp_within(in->loudness_db + ramp->now.input_gain_db, SILENCE_DB, 0.0f);
}

static float brightness_of(const ddsp_feature_frame *in)
{
    return ddsp_within(in->brightness_db, -80.0f, 80.0f);
}

/* How far a pitch lies outside of the model's range, in semitones; below it negative. */
static double outside(const ddsp_conditioned_model *model, double hz)
{
    if (model->lowest_hz > 0.0 && hz < model->lowest_hz)
        return 12.0 * log2(hz / model->lowest_hz);
    if (model->highest_hz > 0.0 && hz > model->highest_hz)
        return 12.0 * log2(hz / model->highest_hz);
    return 0.0;
}

/* What becomes of a note so far outside of the range, in semitones: it is thin, and where that is
 * set silent. */
static float fading(const ddsp_conditioned_model *model, const ddsp_settings_ramp *ramp, double far)
{
    const float thin_from = (float)(far - 0.5 * model->reach);
    const float silent_from = (float)(far - model->reach) - 1.0f;
    if (!(thin_from > 0.0f))
        return 1.0f;
    const float thin = expf(-LOG10_20 * fminf(thin_from * THIN_DB, THINNEST_DB));
    const float left = 1.0f - ddsp_within(silent_from / SILENT_WITHIN, 0.0f, 1.0f);
    return thin * (1.0f + ramp->now.beyond * (left - 1.0f));
}

void ddsp_around_show(const ddsp_conditioned_model *model, const ddsp_settings_ramp *ramp,
                      double shift, double shown_shift, const ddsp_feature_frame *in,
                      ddsp_question *question)
{
    ddsp_feature_frame *shown = &question->shown;
    *shown = *in;
    const double f0_hz =
        in->f0_hz > LEAST_HZ && in->f0_hz < LARGEST_HZ ? (double)in->f0_hz : model->usual_hz;
    /* Far outside of its range a model answers anything, mostly far too loud. */
    double learnt_hz = f0_hz * shift;
    const double far = outside(model, learnt_hz);
    if (far != 0.0) {
        const double near = model->reach > 0.0 ? model->reach * tanh(far / model->reach) : 0.0;
        learnt_hz *= exp2((near - far) / 12.0);
    }
    question->learnt_hz = (float)learnt_hz;
    shown->f0_hz = (float)(learnt_hz * (shown_shift / shift));

    /* Brighter is what the model plays when it is louder, turned down by as much. */
    const float brighter = brightness_of(in), wanted = level_of(ramp, in) + (float)model->offset_db;
    const float asked = ddsp_within(wanted + brighter, SILENCE_DB, 0.0f);
    float gain_db = brighter != 0.0f ? wanted - asked : 0.0f;
    shown->loudness_db = asked;
    question->noise_gain = 1.0f;
    if (model->loudness_map) {
        const float note = 69.0f + 12.0f * log2f((float)(learnt_hz / 440.0));
        const ddsp_mapped mapped = ddsp_loudness_map_at(model->loudness_map, note, asked);
        shown->loudness_db = mapped.shown_db;
        gain_db += mapped.gain_db;
        if (mapped.noise_db != 0.0f)
            question->noise_gain = expf(mapped.noise_db * LOG10_20);
    }
    question->gain = gain_db != 0.0f ? expf(gain_db * LOG10_20) : 1.0f;
    question->gain *= fading(model, ramp, fabs(far));
}

/* Harmonics that a lower note has within the band and this one has not are missing: a voice would
 * share out their amplitude among the others, and be louder. The noise gives way by as much. */
static void thin_out(const ddsp_conditioned_model *model, float learnt_hz,
                     ddsp_control_frame *controls, float *noise_gain)
{
    const int all = ddsp_morph_heard(learnt_hz, model->n_harmonics, model->band_limit_hz);
    const int heard =
        ddsp_morph_heard(controls->f0_hz, model->n_harmonics, model->band_limit_hz);
    if (heard >= all)
        return;
    const float *weights = controls->harmonic_distribution;
    double sum = 0.0, squares = 0.0, sum_heard = 0.0, squares_heard = 0.0;
    for (int k = 0; k < all; k++) {
        sum += weights[k];
        squares += (double)weights[k] * (double)weights[k];
        if (k + 1 == heard) {
            sum_heard = sum;
            squares_heard = squares;
        }
    }
    if (!(sum > 0.0))
        return;
    controls->amplitude *= (float)(sum_heard / sum);
    *noise_gain *= (float)sqrt(squares_heard / squares);
}

/* What no model should answer, made sane: a foreign one may. */
static void clean(const ddsp_conditioned_model *model, ddsp_control_frame *controls)
{
    controls->amplitude = ddsp_within(controls->amplitude, 0.0f, LARGEST_CONTROL);
    for (int k = 0; k < model->n_harmonics; k++)
        controls->harmonic_distribution[k] =
            ddsp_within(controls->harmonic_distribution[k], 0.0f, LARGEST_CONTROL);
    for (int b = 0; b < model->n_noise; b++)
        controls->noise_magnitudes[b] =
            ddsp_within(controls->noise_magnitudes[b], 0.0f, LARGEST_CONTROL);
}

void ddsp_around_tell(const ddsp_conditioned_model *model, const ddsp_settings_ramp *ramp,
                      double shift, const ddsp_feature_frame *in,
                      const ddsp_question *question, ddsp_control_frame *controls)
{
    if (!model->network)
        clean(model, controls);
    const float level = level_of(ramp, in);
    /* Whatever a model answers to silence (DDSP-VST's hiss a little), it is silent. */
    float gain = (level - SILENCE_DB) / FADE_IN_DB;
    gain = gain < 1.0f ? gain : 1.0f;
    gain *= question->gain;
    float noise_gain = ramp->noise_gain * question->noise_gain;
    const float f0_hz = (float)((double)in->f0_hz * shift);
    controls->f0_hz = f0_hz > LEAST_HZ && f0_hz < LARGEST_HZ ? f0_hz : 0.0f;
    if (controls->f0_hz > question->learnt_hz * 1.0001f)
        thin_out(model, question->learnt_hz, controls, &noise_gain);
    ddsp_partials_move(in->partials_db, in->partials_at, model->n_harmonics, controls);
    const float share =
        1.0f - ramp->now.unpitched * (1.0f - ddsp_within(in->pitched, 0.0f, 1.0f));
    if (share < 1.0f)
        ddsp_unpitched_give_way(model, share, in->treble_db, controls);
    controls->amplitude = ddsp_flush(controls->amplitude * (ramp->harmonic_gain * gain), LEAST);
    noise_gain *= gain;
    for (int b = 0; b < model->n_noise; b++)
        controls->noise_magnitudes[b] = ddsp_flush(controls->noise_magnitudes[b] * noise_gain,
                                                   LEAST);
}
