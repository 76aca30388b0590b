/* One control on a ramp of its own. */
#ifndef DDSP_SMOOTHED_VALUE_H
#define DDSP_SMOOTHED_VALUE_H

#include "common/ramp.h"

typedef struct {
    float start, target;
    ddsp_ramp ramp;
} ddsp_smoothed_value;

static inline void ddsp_smoothed_value_jump(ddsp_smoothed_value *smoothed, float value)
{
    *smoothed = (ddsp_smoothed_value){value, value, {1, 1}};
}

/* The value `ahead` samples from now (1: the next sample). */
static inline float ddsp_smoothed_value_at(const ddsp_smoothed_value *smoothed, int ahead)
{
    return ddsp_ramp_value(smoothed->start, smoothed->target,
                           ddsp_ramp_fraction(&smoothed->ramp, ahead));
}

static inline void ddsp_smoothed_value_to(ddsp_smoothed_value *smoothed, float value, double seconds,
                                 double sample_rate)
{
    if (value == smoothed->target)
        return; /* it goes there already */
    smoothed->start = ddsp_smoothed_value_at(smoothed, 0);
    smoothed->target = value;
    ddsp_ramp_begin(&smoothed->ramp, seconds, sample_rate);
}

/* Holds one value for the next n samples. */
static inline int ddsp_smoothed_value_still(const ddsp_smoothed_value *smoothed)
{
    return smoothed->start == smoothed->target || smoothed->ramp.elapsed == smoothed->ramp.length;
}

/* The values of the n samples after `ahead`. */
static inline void ddsp_smoothed_value_fill(const ddsp_smoothed_value *smoothed, int ahead,
                                            float *to, int n)
{
    if (ddsp_smoothed_value_still(smoothed)) {
        for (int i = 0; i < n; i++)
            to[i] = smoothed->target;
        return;
    }
    for (int i = 0; i < n; i++)
        to[i] = ddsp_smoothed_value_at(smoothed, ahead + i + 1);
}

static inline void ddsp_smoothed_value_advance(ddsp_smoothed_value *smoothed, int n)
{
    ddsp_ramp_advance(&smoothed->ramp, n);
}

#endif
