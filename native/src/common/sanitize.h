/* What keeps NaN, infinity and denormals out of the sound. */
#ifndef DDSP_SANITIZE_H
#define DDSP_SANITIZE_H

#include <float.h>
#include <math.h>

/* x within low..high; NaN becomes what is nearest to 0 there. */
static inline float ddsp_within(float x, float low, float high)
{
    if (x != x)
        x = 0.0f;
    return x < low ? low : x > high ? high : x;
}

/* 0 in place of anything smaller than `least`. */
static inline float ddsp_flush(float x, float least)
{
    return fabsf(x) < least ? 0.0f : x;
}

#endif
