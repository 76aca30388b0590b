/* Smooth irregular motion: a function of time that may be asked for any moment, without memory.
 * Gradient noise in one dimension (K. Perlin, "An image synthesizer", 1985). */
#ifndef DDSP_SMOOTH_NOISE_H
#define DDSP_SMOOTH_NOISE_H

#include <math.h>
#include <stdint.h>

/* A slope in -1..1 of one whole place: M. Mueller's integer mixer over seed and place. */
static inline double ddsp_noise_slope(uint32_t seed, int64_t place)
{
    uint32_t x = seed ^ ((uint32_t)place * 0x9e3779b9u);
    x = ((x >> 16) ^ x) * 0x045d9f3bu;
    x = ((x >> 16) ^ x) * 0x045d9f3bu;
    x = (x >> 16) ^ x;
    return (double)(int32_t)x * (1.0 / 2147483648.0);
}

/* Root mean square 1 over long times, -4..4. Where `place` moves on by `rate` a second, nine tenths of
 * its energy lie between 0.2 and 0.9 times `rate` Hz. It is 0 at every whole place; places are
 * finite and below 2^52. */
#define DDSP_NOISE_TO_UNIT 7.1126
static inline double ddsp_smooth_noise(uint32_t seed, double place)
{
    const double whole = floor(place), part = place - whole;
    const int64_t at = (int64_t)whole;
    const double before = ddsp_noise_slope(seed, at) * part;
    const double after = ddsp_noise_slope(seed, at + 1) * (part - 1.0);
    const double share = part * part * part * (part * (6.0 * part - 15.0) + 10.0);
    return DDSP_NOISE_TO_UNIT * (before + share * (after - before));
}

#endif
