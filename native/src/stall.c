#include "stall.h"

#include <math.h>

#define HOLD_S 1.0
#define FADE_S 2.0          /* to -60 dB */
#define SILENT 1e-6f        /* -120 dB: zero from there */

void ddsp_stall_reset(ddsp_stall *stall, double sample_rate)
{
    *stall = (ddsp_stall){
        .hold = (int)(HOLD_S * sample_rate),
        .decay = (float)pow(10.0, -3.0 / (FADE_S * sample_rate)),
        .gain = 1.0f,
    };
}

void ddsp_stall_frame(ddsp_stall *stall, int64_t position, int ramp, int sounding)
{
    if (stall->gain < 1.0f && !stall->back) {
        stall->back_from = position;
        stall->back = ramp;
        stall->back_gain = stall->gain;
    }
    stall->last = position;
    stall->sounding = sounding;
    stall->stalled = 0;
}

/* The gain of the sample at a position. */
static float gain_at(ddsp_stall *stall, int64_t at)
{
    if (stall->back && at >= stall->back_from) {
        const int64_t step = at - stall->back_from + 1;
        if (step >= stall->back) {
            stall->back = 0;
            return 1.0f;
        }
        return stall->back_gain
               + (1.0f - stall->back_gain) * (float)step / (float)stall->back;
    }
    if (at < stall->last + stall->hold || !stall->sounding)
        return stall->gain;
    const float gain = stall->gain * stall->decay;
    return gain < SILENT ? 0.0f : gain;
}

int ddsp_stall_process(ddsp_stall *stall, int64_t position, float *out, int n)
{
    const int due = stall->sounding && position + n > stall->last + stall->hold;
    if (stall->gain == 1.0f && !due)
        return 0;
    for (int i = 0; i < n; i++) {
        stall->gain = gain_at(stall, position + i);
        out[i] *= stall->gain;
    }
    const int began = due && !stall->stalled;
    stall->stalled |= due;
    return began;
}
