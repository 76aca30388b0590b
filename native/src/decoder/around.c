/* Shifts, gains and silence around a decoder. */
#include "decoder/around.h"

#include <math.h>

#include "common/sanitize.h"
#include "decoder/unpitched.h"

#define SILENCE_DB (-80.0f)
#define FADE_IN_DB 6.0f          /* above silence: so no gate is heard */
#define LEAST 1e-30f
#define LEAST_HZ 1e-3f           /* below it there is no pitch, nor above the largest */
#define LARGEST_HZ 1e6f
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

void ddsp_around_show(const ddsp_conditioned_model *model, const ddsp_settings_ramp *ramp,
                      double shift, double shown_shift, const ddsp_feature_frame *in,
                      ddsp_feature_frame *shown)
{
    *shown = *in;
    /* Brighter is what the model plays when it is louder, turned down by as much. */
    shown->loudness_db = ddsp_within(
        level_of(ramp, in) + (float)model->offset_db + brightness_of(in), SILENCE_DB, 0.0f);
    const double f0_hz =
        in->f0_hz > LEAST_HZ && in->f0_hz < LARGEST_HZ ? (double)in->f0_hz : model->usual_hz;
    /* Far outside of its range a model answers anything, mostly far too loud. */
    double played_hz = f0_hz * shift;
    if (model->lowest_hz > 0.0 && played_hz < model->lowest_hz)
        played_hz = model->lowest_hz;
    if (model->highest_hz > 0.0 && played_hz > model->highest_hz)
        played_hz = model->highest_hz;
    shown->f0_hz = (float)(played_hz * (shown_shift / shift));
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
                      const ddsp_feature_frame *shown, ddsp_control_frame *controls)
{
    if (!model->network)
        clean(model, controls);
    const float level = level_of(ramp, in);
    /* Whatever a model answers to silence (DDSP-VST's hiss a little), it is silent. */
    float gain = (level - SILENCE_DB) / FADE_IN_DB;
    gain = gain < 1.0f ? gain : 1.0f;
    if (brightness_of(in) != 0.0f)
        gain *= expf((level + (float)model->offset_db - shown->loudness_db) * 0.11512925f);
    const float f0_hz = (float)((double)in->f0_hz * shift);
    controls->f0_hz = f0_hz > LEAST_HZ && f0_hz < LARGEST_HZ ? f0_hz : 0.0f;
    const float share =
        1.0f - ramp->now.unpitched * (1.0f - ddsp_within(in->pitched, 0.0f, 1.0f));
    if (share < 1.0f)
        ddsp_unpitched_give_way(model, share, in->treble_db, controls);
    controls->amplitude = ddsp_flush(controls->amplitude * (ramp->harmonic_gain * gain), LEAST);
    const float noise_gain = ramp->noise_gain * gain;
    for (int b = 0; b < model->n_noise; b++)
        controls->noise_magnitudes[b] = ddsp_flush(controls->noise_magnitudes[b] * noise_gain,
                                                   LEAST);
}
