#include "rig/mixer.h"

#include <stdlib.h>
#include <string.h>

#include "common/sanitize.h"

#define RAMP_S 0.01
#define LARGEST_GAIN 16.0f
#define FULL_SCALE 0.999969482421875f /* a 16-bit card's largest sample; also in units.py */

int ddsp_mixer_prepare(ddsp_mixer *mixer, double sample_rate, int max_block, ddsp_meter *meter)
{
    ddsp_mixer_free(mixer);
    mixer->sample_rate = sample_rate;
    mixer->meter = meter;
    mixer->output = ddsp_output_new();
    mixer->clean = calloc((size_t)max_block * 5, sizeof(float));
    if (!mixer->output || !mixer->clean)
        return DDSP_NO_MEMORY;
    mixer->room = mixer->clean + 2 * max_block;
    mixer->mono = mixer->room + 2 * max_block;
    ddsp_input_side_reset(&mixer->side, sample_rate);
    mixer->asked = DDSP_SIDE_MEAN;
    ddsp_smoothed_value_jump(&mixer->hush, 1.0f);
    ddsp_limiter_reset(&mixer->limiter, sample_rate);
    return ddsp_output_prepare(mixer->output, sample_rate, max_block);
}

void ddsp_mixer_free(ddsp_mixer *mixer)
{
    ddsp_output_free(mixer->output);
    free(mixer->clean);
    memset(mixer, 0, sizeof *mixer);
}

static void move(ddsp_mixer *mixer, ddsp_smoothed_value *smoothed, float value, float high, int jump)
{
    value = ddsp_flush(ddsp_within(value, 0.0f, high), 1e-10f);
    if (jump)
        ddsp_smoothed_value_jump(smoothed, value);
    else
        ddsp_smoothed_value_to(smoothed, value, RAMP_S, mixer->sample_rate);
}

/* The shares of the input's sides go where they are asked for. */
static void move_sides(ddsp_mixer *mixer, int jump)
{
    static const float sides[3][2] = {{1.0f, 0.0f}, {0.0f, 1.0f}, {0.5f, 0.5f}};
    const int side = mixer->asked == DDSP_SIDE_MEAN ? mixer->side.side : mixer->asked;
    move(mixer, &mixer->left, mixer->trim * sides[side][0], LARGEST_GAIN, jump);
    move(mixer, &mixer->right, mixer->trim * sides[side][1], LARGEST_GAIN, jump);
    atomic_store_explicit(&mixer->meter->input_side, side, memory_order_relaxed);
}

void ddsp_mixer_set(ddsp_mixer *mixer, const float *values, int jump)
{
    mixer->asked = (int)(ddsp_within(values[DDSP_INPUT], 0.0f, 2.0f) + 0.5f);
    mixer->trim = ddsp_within(values[DDSP_TRIM], 0.0f, LARGEST_GAIN);
    move_sides(mixer, jump);
    move(mixer, &mixer->dry, values[DDSP_DRY], LARGEST_GAIN, jump);
    move(mixer, &mixer->wet, values[DDSP_WET], LARGEST_GAIN, jump);
    move(mixer, &mixer->bypass, values[DDSP_BYPASS], 1.0f, jump);
    move(mixer, &mixer->mute, values[DDSP_MUTE], 1.0f, jump);
    move(mixer, &mixer->gain[0], values[DDSP_GAIN_LEFT], LARGEST_GAIN, jump);
    move(mixer, &mixer->gain[1], values[DDSP_GAIN_RIGHT], LARGEST_GAIN, jump);
    ddsp_output_set_reverb(mixer->output, values[DDSP_REVERB_SIZE],
                           values[DDSP_REVERB_DAMPING], values[DDSP_REVERB_WET]);
    if (jump)
        ddsp_output_reset(mixer->output);
}

void ddsp_mixer_hear(ddsp_mixer *mixer, const float *in, int n)
{
    float *clean = mixer->clean, *mono = mixer->mono, peak = 0.0f;
    unsigned clips = 0, bad = 0;
    if (in) {
        for (int i = 0; i < 2 * n; i++) {
            const int finite = isfinite(in[i]);
            bad += !finite;
            clean[i] = finite ? ddsp_flush(in[i], FLT_MIN) : 0.0f;
        }
    } else {
        memset(clean, 0, (size_t)n * 2 * sizeof *clean);
    }
    const int before = mixer->side.side;
    if (ddsp_input_side_hear(&mixer->side, clean, n) != before)
        move_sides(mixer, 0);
    for (int i = 0; i < n; i++) {
        const float l = clean[2 * i], r = clean[2 * i + 1];
        const float left = ddsp_smoothed_value_at(&mixer->left, i + 1);
        const float right = ddsp_smoothed_value_at(&mixer->right, i + 1);
        /* Limited, so that no later product can overflow. */
        const float x = ddsp_within(left * l + right * r, -1000.0f, 1000.0f);
        mono[i] = ddsp_flush(x, FLT_MIN);
        const float level = fabsf(x);
        peak = level > peak ? level : peak;
        clips += level >= FULL_SCALE || (left > 0.0f && fabsf(l) >= FULL_SCALE)
                 || (right > 0.0f && fabsf(r) >= FULL_SCALE);
    }
    ddsp_smoothed_value_advance(&mixer->left, n);
    ddsp_smoothed_value_advance(&mixer->right, n);
    ddsp_meter_peak(&mixer->meter->input_peak, peak);
    if (clips | bad) {
        atomic_fetch_add_explicit(&mixer->meter->input_clips, clips, memory_order_relaxed);
        atomic_fetch_add_explicit(&mixer->meter->bad_inputs, bad, memory_order_relaxed);
    }
}

void ddsp_mixer_mix(ddsp_mixer *mixer, const float *left, const float *right, float *out, int n)
{
    const float *room = mixer->room, *clean = mixer->clean;
    float peak = 0.0f;
    unsigned clips = 0;
    ddsp_output_process_sides(mixer->output, left, right, mixer->room, n);
    for (int i = 0; i < n; i++) {
        const float hush = ddsp_smoothed_value_at(&mixer->hush, i + 1);
        const float wet = ddsp_smoothed_value_at(&mixer->wet, i + 1) * hush;
        const float dry = ddsp_smoothed_value_at(&mixer->dry, i + 1) * mixer->mono[i];
        const float bypass = ddsp_smoothed_value_at(&mixer->bypass, i + 1);
        const float open = 1.0f - ddsp_smoothed_value_at(&mixer->mute, i + 1);
        float sides[2];
        for (int s = 0; s < 2; s++)
            sides[s] = ddsp_smoothed_value_at(&mixer->gain[s], i + 1) * (wet * room[2 * i + s] + dry);
        const float limit =
            ddsp_limiter_next(&mixer->limiter, fmaxf(fabsf(sides[0]), fabsf(sides[1])));
        for (int s = 0; s < 2; s++) {
            const float played = sides[s];
            /* Rounding may leave a crest just above. */
            const float limited = ddsp_within(limit * played, -1.0f, 1.0f);
            clips += fabsf(played) > 1.0f && bypass < 1.0f;
            const float in = clean[2 * i + s];
            /* Without arithmetic at the end: the input to the bit. */
            float y = bypass == 1.0f ? in : limited + bypass * (in - limited);
            y = open == 1.0f ? y : open * y;
            const float level = fabsf(bypass < 1.0f && fabsf(played) > 1.0f ? played : y);
            peak = level > peak ? level : peak;
            out[2 * i + s] = ddsp_flush(y, FLT_MIN);
        }
    }
    ddsp_smoothed_value *all[] = {&mixer->hush, &mixer->wet, &mixer->dry, &mixer->bypass,
                         &mixer->mute, &mixer->gain[0], &mixer->gain[1]};
    for (unsigned g = 0; g < sizeof all / sizeof *all; g++)
        ddsp_smoothed_value_advance(all[g], n);
    ddsp_meter_peak(&mixer->meter->output_peak, peak);
    if (clips)
        atomic_fetch_add_explicit(&mixer->meter->output_clips, clips, memory_order_relaxed);
}
