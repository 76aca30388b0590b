/* Linear ramps that depend on the sample count alone, never on the block size:
 * one clock for all the values that move together, each with a start and a target. */
#ifndef DDSP_RAMP_H
#define DDSP_RAMP_H

/* A ramp clock. length >= 1 samples; elapsed never passes length. */
typedef struct {
    int length, elapsed;
} ddsp_ramp;

/* Starts the clock: seconds 0..10. */
static inline void ddsp_ramp_begin(ddsp_ramp *ramp, double seconds, double sample_rate)
{
    const int length = (int)(seconds * sample_rate + 0.5);
    ramp->length = length < 1 ? 1 : length;
    ramp->elapsed = 0;
}

/* How far the ramp is `ahead` samples from now, 0..1. The first sample after
 * begin has ahead = 1, so a ramp of one sample is there at once. */
static inline float ddsp_ramp_fraction(const ddsp_ramp *ramp, int ahead)
{
    const int at = ramp->elapsed + ahead;
    return at >= ramp->length ? 1.0f : (float)at / (float)ramp->length;
}

/* How many of the n samples after `ahead` come before the ramp's end (its last sample not
 * counted: there it is at its target). */
static inline int ddsp_ramp_under_way(const ddsp_ramp *ramp, int ahead, int n)
{
    const int left = ramp->length - 1 - (ramp->elapsed + ahead);
    return left < 0 ? 0 : left < n ? left : n;
}

/* ddsp_ramp_fraction of ahead + 1 .. ahead + n, to the rounding. */
static inline void ddsp_ramp_fractions(const ddsp_ramp *ramp, int ahead, float *fraction, int n)
{
    const int moving = ddsp_ramp_under_way(ramp, ahead, n), first = ramp->elapsed + ahead + 1;
    const float each = 1.0f / (float)ramp->length;
    for (int i = 0; i < moving; i++)
        fraction[i] = (float)(first + i) * each;
    for (int i = moving; i < n; i++)
        fraction[i] = 1.0f;
}

static inline void ddsp_ramp_advance(ddsp_ramp *ramp, int n)
{
    ramp->elapsed = n > ramp->length - ramp->elapsed ? ramp->length : ramp->elapsed + n;
}

/* The value at a fraction; exactly the target at its end. */
static inline float ddsp_ramp_value(float start, float target, float fraction)
{
    return fraction >= 1.0f ? target : start + fraction * (target - start);
}

#endif
