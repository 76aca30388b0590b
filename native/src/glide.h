/* One control on a ramp of its own. */
#ifndef DDSP_GLIDE_H
#define DDSP_GLIDE_H

#include "smoother.h"

typedef struct {
    float start, target;
    ddsp_ramp ramp;
} ddsp_glide;

static inline void ddsp_glide_jump(ddsp_glide *glide, float value)
{
    *glide = (ddsp_glide){value, value, {1, 1}};
}

/* The value `ahead` samples from now (1: the next sample). */
static inline float ddsp_glide_value(const ddsp_glide *glide, int ahead)
{
    return ddsp_ramp_value(glide->start, glide->target,
                           ddsp_ramp_fraction(&glide->ramp, ahead));
}

static inline void ddsp_glide_to(ddsp_glide *glide, float value, double seconds,
                                 double sample_rate)
{
    if (value == glide->target)
        return; /* it goes there already */
    glide->start = ddsp_glide_value(glide, 0);
    glide->target = value;
    ddsp_ramp_begin(&glide->ramp, seconds, sample_rate);
}

/* Holds one value for the next n samples. */
static inline int ddsp_glide_still(const ddsp_glide *glide)
{
    return glide->start == glide->target || glide->ramp.elapsed == glide->ramp.length;
}

static inline void ddsp_glide_advance(ddsp_glide *glide, int n)
{
    ddsp_ramp_advance(&glide->ramp, n);
}

#endif
