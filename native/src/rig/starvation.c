#include "rig/starvation.h"

#include <math.h>

#define HOLD_S 1.0
#define FADE_S 2.0          /* to -60 dB */
#define SILENT 1e-6f        /* -120 dB: zero from there */

void ddsp_starvation_reset(ddsp_starvation *starvation, double sample_rate)
{
    *starvation = (ddsp_starvation){
        .hold = (int)(HOLD_S * sample_rate),
        .decay = (float)pow(10.0, -3.0 / (FADE_S * sample_rate)),
        .gain = 1.0f,
    };
}

void ddsp_starvation_frame(ddsp_starvation *starvation, int64_t position, int ramp, int sounding)
{
    if (starvation->gain < 1.0f && !starvation->back) {
        starvation->back_from = position;
        starvation->back = ramp;
        starvation->back_gain = starvation->gain;
    }
    starvation->last = position;
    starvation->sounding = sounding;
    starvation->stalled = 0;
}

/* The gain of the sample at a position. */
static float gain_at(ddsp_starvation *starvation, int64_t at)
{
    if (starvation->back && at >= starvation->back_from) {
        const int64_t step = at - starvation->back_from + 1;
        if (step >= starvation->back) {
            starvation->back = 0;
            return 1.0f;
        }
        return starvation->back_gain
               + (1.0f - starvation->back_gain) * (float)step / (float)starvation->back;
    }
    if (at < starvation->last + starvation->hold || !starvation->sounding)
        return starvation->gain;
    const float gain = starvation->gain * starvation->decay;
    return gain < SILENT ? 0.0f : gain;
}

int ddsp_starvation_process(ddsp_starvation *starvation, int64_t position, float *out, int n)
{
    const int due = starvation->sounding && position + n > starvation->last + starvation->hold;
    if (starvation->gain == 1.0f && !due)
        return 0;
    for (int i = 0; i < n; i++) {
        starvation->gain = gain_at(starvation, position + i);
        out[i] *= starvation->gain;
    }
    const int began = due && !starvation->stalled;
    starvation->stalled |= due;
    return began;
}
