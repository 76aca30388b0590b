/* What all voices go through: gain of each side, and the reverb. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ddsp_kernel.h"
#include "common/sanitize.h"
#include "common/cpu_dispatch.h"
#include "synthesis/reverb.h"
#include "common/ramp.h"

#define GAIN_RAMP_S 0.01
#define REVERB_RAMP_S 0.02
#define LARGEST_GAIN 16.0f
#define LARGEST_INPUT 1000.0f

struct ddsp_output {
    double sample_rate;     /* 0 until prepared */
    ddsp_ramp gain_ramp, reverb_ramp;
    float gain_start[2], gain_target[2];
    float size, damping, wet_start, wet_target;
    ddsp_reverb reverb;
};

ddsp_output *ddsp_output_new(void)
{
    return calloc(1, sizeof(ddsp_output));
}

void ddsp_output_free(ddsp_output *output)
{
    if (output)
        ddsp_reverb_free(&output->reverb);
    free(output);
}

int ddsp_output_prepare(ddsp_output *output, double sample_rate, int max_block)
{
    if (!output || !(sample_rate >= 8000.0 && sample_rate <= 384000.0) || max_block < 1
        || max_block > DDSP_MAX_BLOCK)
        return DDSP_BAD_ARGUMENT;
    ddsp_reverb_free(&output->reverb);
    memset(output, 0, sizeof *output);
    if (!ddsp_reverb_prepare(&output->reverb, sample_rate))
        return DDSP_NO_MEMORY;
    output->sample_rate = sample_rate;
    output->gain_target[0] = output->gain_target[1] = 1.0f;
    output->size = output->damping = 0.5f;
    ddsp_reverb_target(&output->reverb, output->size, output->damping, 1.0f);
    ddsp_output_reset(output);
    return DDSP_OK;
}

void ddsp_output_reset(ddsp_output *output)
{
    if (output->sample_rate == 0.0)
        return;
    output->gain_ramp = output->reverb_ramp = (ddsp_ramp){.length = 1, .elapsed = 1};
    ddsp_reverb_clear(&output->reverb);
}

void ddsp_output_set_gain(ddsp_output *output, float left, float right)
{
    const float asked[2] = {ddsp_within(left, 0.0f, LARGEST_GAIN),
                            ddsp_within(right, 0.0f, LARGEST_GAIN)};
    if (output->sample_rate == 0.0
        || (asked[0] == output->gain_target[0] && asked[1] == output->gain_target[1]))
        return; /* the ramp under way goes there already */
    const float fraction = ddsp_ramp_fraction(&output->gain_ramp, 0);
    for (int side = 0; side < 2; side++) {
        output->gain_start[side] = ddsp_ramp_value(output->gain_start[side],
                                                   output->gain_target[side], fraction);
        output->gain_target[side] = asked[side];
    }
    ddsp_ramp_begin(&output->gain_ramp, GAIN_RAMP_S, output->sample_rate);
}

void ddsp_output_set_reverb(ddsp_output *output, float size, float damping, float wet)
{
    size = ddsp_within(size, 0.0f, 1.0f);
    damping = ddsp_within(damping, 0.0f, 1.0f);
    wet = ddsp_flush(ddsp_within(wet, 0.0f, 1.0f), 1e-6f);
    if (output->sample_rate == 0.0
        || (size == output->size && damping == output->damping && wet == output->wet_target))
        return;
    const float fraction = ddsp_ramp_fraction(&output->reverb_ramp, 0);
    output->wet_start = ddsp_ramp_value(output->wet_start, output->wet_target, fraction);
    output->wet_target = wet;
    output->size = size;
    output->damping = damping;
    ddsp_reverb_target(&output->reverb, size, damping, fraction);
    ddsp_ramp_begin(&output->reverb_ramp, REVERB_RAMP_S, output->sample_rate);
}

/* The room's own output at full wet equals the dry level; at little wet it comes in
 * faster than the dry goes. */
static float room_level(float wet)
{
    return wet * (1.5f - 0.5f * wet);
}

/* Samples as they come, made sane. */
DDSP_INLINE void take_body(const float *restrict in, float *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = ddsp_flush(ddsp_within(in[i], -LARGEST_INPUT, LARGEST_INPUT), FLT_MIN);
}

DDSP_CPU_DISPATCH(static, take, (const float *restrict in, float *restrict x, int n), (in, x, n))

/* Dry and room at the wet share of each sample, into left and right, which hold the room. */
DDSP_INLINE void mix_body(const ddsp_output *output, const float *x, const float *y,
                          const float *restrict fraction, float *restrict left,
                          float *restrict right, int n)
{
    for (int i = 0; i < n; i++) {
        const float wet = ddsp_ramp_value(output->wet_start, output->wet_target, fraction[i]);
        const float dry = 1.0f - wet * wet, room = room_level(wet);
        left[i] = dry * x[i] + room * left[i];
        right[i] = dry * y[i] + room * right[i];
    }
}

DDSP_CPU_DISPATCH(static, mix,
         (const ddsp_output *output, const float *x, const float *y,
          const float *restrict fraction, float *restrict left, float *restrict right, int n),
         (output, x, y, fraction, left, right, n))

/* Both sides times their gains, side by side. */
DDSP_INLINE void leave_body(const ddsp_output *output, const float *left, const float *right,
                            const float *restrict fraction, float *restrict out, int n)
{
    const float *from = output->gain_start, *to = output->gain_target;
    for (int i = 0; i < n; i++) {
        const float l = ddsp_ramp_value(from[0], to[0], fraction[i]) * left[i];
        const float r = ddsp_ramp_value(from[1], to[1], fraction[i]) * right[i];
        out[2 * i] = ddsp_flush(l, FLT_MIN);
        out[2 * i + 1] = ddsp_flush(r, FLT_MIN);
    }
}

DDSP_CPU_DISPATCH(static, leave,
         (const ddsp_output *output, const float *left, const float *right,
          const float *restrict fraction, float *restrict out, int n),
         (output, left, right, fraction, out, n))

/* 1 <= n <= DDSP_REVERB_CHUNK samples; the reverb's ramp does not end inside. right NULL: both
 * sides are the left one. The room hears the mean of both. */
static void process_chunk(ddsp_output *output, const float *left, const float *right, float *out,
                          int n)
{
    float x[DDSP_REVERB_CHUNK], z[DDSP_REVERB_CHUNK], fraction[DDSP_REVERB_CHUNK];
    float middle[DDSP_REVERB_CHUNK], side[2][DDSP_REVERB_CHUNK];
    if (n < 1)
        return; /* GCC 14 does not see that n >= 1, and would find x read unset below */
    const float *y = x, *heard = x;
    take(left, x, n);
    if (right) {
        take(right, z, n);
        for (int i = 0; i < n; i++)
            middle[i] = 0.5f * (x[i] + z[i]);
        y = z;
        heard = middle;
    }
    const int room = output->wet_start > 0.0f || output->wet_target > 0.0f;
    if (room) {
        ddsp_ramp_fractions(&output->reverb_ramp, 0, fraction, n);
        ddsp_reverb_process(&output->reverb, heard, fraction, side[0], side[1], n);
        mix(output, x, y, fraction, side[0], side[1], n);
    }
    ddsp_ramp_fractions(&output->gain_ramp, 0, fraction, n);
    leave(output, room ? side[0] : x, room ? side[1] : y, fraction, out, n);
    ddsp_ramp_advance(&output->gain_ramp, n);
    ddsp_ramp_advance(&output->reverb_ramp, n);
    if (output->reverb_ramp.elapsed == output->reverb_ramp.length) {
        if (room && output->wet_target == 0.0f)
            ddsp_reverb_clear(&output->reverb); /* the next room starts empty */
        output->wet_start = output->wet_target;
    }
}

void ddsp_output_process(ddsp_output *output, const float *in, float *out, int n)
{
    ddsp_output_process_sides(output, in, NULL, out, n);
}

void ddsp_output_process_sides(ddsp_output *output, const float *left, const float *right,
                               float *out, int n)
{
    if (output->sample_rate == 0.0) {
        memset(out, 0, (size_t)n * 2 * sizeof *out);
        return;
    }
    for (int done = 0; done < n;) {
        const int rest = output->reverb_ramp.length - output->reverb_ramp.elapsed;
        int count = n - done < DDSP_REVERB_CHUNK ? n - done : DDSP_REVERB_CHUNK;
        if (rest > 0 && count > rest)
            count = rest;
        process_chunk(output, left + done, right ? right + done : NULL, out + 2 * done, count);
        done += count;
    }
}
