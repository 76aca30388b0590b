/* Sines of all harmonics at once, many samples side by side.
 *
 * Harmonic k + 1 follows from k by a rotation through the fundamental's angle: four
 * multiplications, no table. Rounding grows with every rotation, so each RESEED
 * harmonics the angle is taken afresh from the integer phase, in which k * phase
 * wraps by itself and is exact. */
#include "harmonic.h"

#include <string.h>

#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wpsabi" /* vectors are passed to inlined functions only */
#endif

#define INLINE static inline __attribute__((always_inline))

enum { LANES = HARMONIC_BLOCK / 2, RESEED = 32 };

/* The compiler splits these for machines with shorter registers. */
typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t ints __attribute__((vector_size(4 * LANES)));
typedef uint32_t phases __attribute__((vector_size(4 * LANES)));

/* sin(2 pi p / 2^32), off by 1e-7 at most: an odd polynomial (minimax, 3.4e-9 on a
 * quarter turn) after folding to the nearest zero crossing. */
INLINE floats sine(phases p)
{
    ints turn = (ints)p;
    /* Beyond a quarter turn mirror at the half: sin(x) = sin(pi - x). */
    ints mirrored = (ints)(UINT32_C(0x80000000) - p);
    ints beyond = (turn > 0x40000000) | (turn < -0x40000000);
    ints folded = (turn & ~beyond) | (mirrored & beyond);
    floats t = __builtin_convertvector(folded, floats) * (1.0f / 4294967296.0f);
    floats t2 = t * t;
    floats y = t2 * 39.53670223501536f - 76.54978181471726f;
    y = y * t2 + 81.60100405361824f;
    y = y * t2 - 41.34165503112392f;
    y = y * t2 + 6.283185160088334f;
    return y * t;
}

INLINE floats cosine(phases p)
{
    return sine(p + UINT32_C(0x40000000));
}

INLINE void block(const uint32_t *phase, const float *start, const float *slope, int count,
                  float at, float *out)
{
    /* Two vectors side by side hide the latency of the rotations. Each has a variable
     * of its own, so that it stays in a register. */
    phases p0, p1;
    memcpy(&p0, phase, sizeof p0);
    memcpy(&p1, phase + LANES, sizeof p1);
    const floats sin0 = sine(p0), sin1 = sine(p1), cos0 = cosine(p0), cos1 = cosine(p1);
    const floats lanes = {0, 1, 2, 3, 4, 5, 6, 7};
    const floats ramp0 = lanes + at, ramp1 = ramp0 + (float)LANES;
    floats sum0 = {0}, sum1 = {0};
    for (int first = 0; first < count; first += RESEED) {
        int last = first + RESEED < count ? first + RESEED : count;
        phases k0 = p0 * (uint32_t)(first + 1), k1 = p1 * (uint32_t)(first + 1);
        floats s0 = sine(k0), s1 = sine(k1), c0 = cosine(k0), c1 = cosine(k1);
        for (int k = first; k < last; k++) {
            sum0 += (ramp0 * slope[k] + start[k]) * s0;
            sum1 += (ramp1 * slope[k] + start[k]) * s1;
            floats next0 = s0 * cos0 + c0 * sin0, next1 = s1 * cos1 + c1 * sin1;
            c0 = c0 * cos0 - s0 * sin0;
            c1 = c1 * cos1 - s1 * sin1;
            s0 = next0;
            s1 = next1;
        }
    }
    memcpy(out, &sum0, sizeof sum0);
    memcpy(out + LANES, &sum1, sizeof sum1);
}

#if defined(__GNUC__) && defined(__x86_64__)
/* The same code for processors with AVX2, chosen where it runs. */
__attribute__((target("avx2,fma"))) static void block_avx2(const uint32_t *phase,
                                                           const float *start, const float *slope,
                                                           int count, float at, float *out)
{
    block(phase, start, slope, count, at, out);
}

void harmonic_block(const uint32_t *phase, const float *start, const float *slope, int count,
                    float at, float *out)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        block_avx2(phase, start, slope, count, at, out);
    else
        block(phase, start, slope, count, at, out);
}
#else
void harmonic_block(const uint32_t *phase, const float *start, const float *slope, int count,
                    float at, float *out)
{
    block(phase, start, slope, count, at, out);
}
#endif
