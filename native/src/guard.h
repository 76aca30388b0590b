/* Values from outside, made safe. */
#ifndef DDSP_GUARD_H
#define DDSP_GUARD_H

#include <math.h>

/* The nearest value in low..high; a NaN becomes low. */
static inline float guard_clamp(float x, float low, float high)
{
    return x > low ? (x < high ? x : high) : low;
}

/* A sample from outside: NaN and infinity become silence, +-16 is the most. */
static inline float guard_sample(float x)
{
    if (!(fabsf(x) < 3e38f)) return 0.0f;
    return x > 16.0f ? 16.0f : (x < -16.0f ? -16.0f : x);
}

/* A computed sample: too small to hear becomes 0, long before it is a denormal. */
static inline float guard_tiny(float x)
{
    return fabsf(x) < 1e-15f ? 0.0f : x;
}

#endif
