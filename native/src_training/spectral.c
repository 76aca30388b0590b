/* One window size of the multi-scale spectral loss with its gradient, in one pass. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/cpu_dispatch.h"
#include "ddsp_training.h"

enum { CHUNK = 64 };

#define LEAST_POWER 1e-14f /* |0| has no gradient */

/* Natural logarithm of a positive normal number; error below 1e-7 of its size or of 1. */
DDSP_INLINE float logarithm(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits -= 0x3f3504f3u; /* sqrt(1/2): the mantissa to within half an octave of 1 */
    const float exponent = (float)((int32_t)bits >> 23);
    bits = (bits & 0x007fffffu) + 0x3f3504f3u;
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1.0f) / (m + 1.0f), y = s * s;
    const float series = 2.0f + y * (2.0f / 3 + y * (2.0f / 5 + y * (2.0f / 7 + y * (2.0f / 9))));
    return exponent * 0.693147181f + s * series;
}

DDSP_INLINE float sign(float x)
{
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
}

DDSP_INLINE void ddsp_training_spectral_body(float *ours, const float *theirs, long frames,
                                             int bins, float floor, double *sums)
{
    double linear = 0.0, logarithmic = 0.0;
    for (long f = 0; f < frames; f++) {
        float *row = ours + 2 * bins * f;
        const float *target = theirs + 2 * bins * f;
        for (int first = 0; first < bins; first += CHUNK) {
            const int size = bins - first < CHUNK ? bins - first : CHUNK;
            float *restrict a = row + 2 * first;
            const float *restrict b = target + 2 * first;
            float d[CHUNK], l[CHUNK];
            for (int v = 0; v < size; v++) {
                const float re = a[2 * v], im = a[2 * v + 1];
                const float x = sqrtf(re * re + im * im + LEAST_POWER);
                const float y = sqrtf(b[2 * v] * b[2 * v] + b[2 * v + 1] * b[2 * v + 1]);
                const float difference = x - y;
                const float ratio = logarithm(x + floor) - logarithm(y + floor);
                const float slope = 0.5f * (sign(difference) + sign(ratio) / (x + floor)) / x;
                a[2 * v] = re * slope;
                a[2 * v + 1] = im * slope;
                d[v] = fabsf(difference);
                l[v] = fabsf(ratio);
            }
            float d_sum = 0.0f, l_sum = 0.0f;
            for (int v = 0; v < size; v++) {
                d_sum += d[v];
                l_sum += l[v];
            }
            linear += d_sum;
            logarithmic += l_sum;
        }
        /* Half went to each bin's mirror image; the first and the last have none. */
        for (int i = 0; i < 2; i++) {
            row[i] *= 2.0f;
            row[2 * bins - 2 + i] *= 2.0f;
        }
    }
    sums[0] = linear;
    sums[1] = logarithmic;
}

DDSP_CPU_DISPATCH(extern, ddsp_training_spectral,
         (float *ours, const float *theirs, long frames, int bins, float floor, double *sums),
         (ours, theirs, frames, bins, floor, sums))
