/* After the voices: room, gain, nothing that is not a number. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ddsp_kernel.h"
#include "guard.h"
#include "reverb.h"
#include "smoother.h"

#define GAIN_RAMP_S 0.01
#define WET_RAMP_S 0.02
#define MAX_GAIN 100.0f

struct ddsp_output {
    int max_block, gain_ramp, wet_ramp;
    smoother left, right, dry, wet;
    reverb room;
};

ddsp_output *ddsp_output_new(void)
{
    return calloc(1, sizeof(ddsp_output));
}

void ddsp_output_free(ddsp_output *o)
{
    if (!o) return;
    reverb_free(&o->room);
    free(o);
}

int ddsp_output_prepare(ddsp_output *o, double sample_rate, int max_block)
{
    if (!(sample_rate >= 8000.0 && sample_rate <= 384000.0) || max_block < 1 ||
        max_block > DDSP_MAX_BLOCK)
        return DDSP_BAD_ARGUMENT;
    o->max_block = max_block;
    o->gain_ramp = (int)lround(GAIN_RAMP_S * sample_rate);
    o->wet_ramp = (int)lround(WET_RAMP_S * sample_rate);
    if (reverb_prepare(&o->room, sample_rate) != 0) return DDSP_NO_MEMORY;
    ddsp_output_set_gain(o, 1.0f, 1.0f);
    ddsp_output_set_reverb(o, 0.5f, 0.5f, 0.0f);
    ddsp_output_reset(o);
    return DDSP_OK;
}

void ddsp_output_reset(ddsp_output *o)
{
    smoother_arrive(&o->left);
    smoother_arrive(&o->right);
    smoother_arrive(&o->dry);
    smoother_arrive(&o->wet);
    reverb_reset(&o->room);
}

void ddsp_output_set_gain(ddsp_output *o, float left, float right)
{
    smoother_set(&o->left, guard_clamp(left, 0.0f, MAX_GAIN), o->gain_ramp);
    smoother_set(&o->right, guard_clamp(right, 0.0f, MAX_GAIN), o->gain_ramp);
}

void ddsp_output_set_reverb(ddsp_output *o, float size, float damping, float wet)
{
    /* Constant power: at 0 exactly 1 and 0. */
    float angle = 1.57079633f * guard_clamp(wet, 0.0f, 1.0f);
    smoother_set(&o->dry, cosf(angle), o->wet_ramp);
    smoother_set(&o->wet, sinf(angle), o->wet_ramp);
    reverb_set(&o->room, size, damping);
}

void ddsp_output_process(ddsp_output *o, const float *in, float *out, int n)
{
    for (int i = 0; i < n; i++) {
        float x = guard_sample(in[i]), left, right;
        reverb_step(&o->room, x, &left, &right);
        float dry = smoother_next(&o->dry), wet = smoother_next(&o->wet);
        left = dry * x + wet * left;
        right = dry * x + wet * right;
        out[2 * i] = guard_tiny(smoother_next(&o->left) * left);
        out[2 * i + 1] = guard_tiny(smoother_next(&o->right) * right);
    }
}
