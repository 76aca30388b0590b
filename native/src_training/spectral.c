/* One window size of the multi-scale spectral loss with its gradient, in one pass. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/cpu_dispatch.h"
#include "ddsp_training.h"

enum { CHUNK = 64 };

#define LEAST_POWER 1e-14f /* |0| has no gradient */

/* log(x / y) of two positive normal numbers, error below 2e-7 of its size or of 1. */
DDSP_INLINE float logarithm_of_ratio(float x, float y)
{
    uint32_t of_x, of_y;
    memcpy(&of_x, &x, sizeof of_x);
    memcpy(&of_y, &y, sizeof of_y);
    of_x -= 0x3f3504f3u; /* sqrt(1/2): the mantissas to within half an octave of 1 */
    of_y -= 0x3f3504f3u;
    const float octaves = (float)(((int32_t)of_x >> 23) - ((int32_t)of_y >> 23));
    of_x = (of_x & 0x007fffffu) + 0x3f3504f3u;
    of_y = (of_y & 0x007fffffu) + 0x3f3504f3u;
    float m, n;
    memcpy(&m, &of_x, sizeof m);
    memcpy(&n, &of_y, sizeof n);
    const float s = (m - n) / (m + n), z = s * s; /* |s| <= 1/3 */
    const float series =
        2.0f
        + z * (2.0f / 3
               + z * (2.0f / 5
                      + z * (2.0f / 7 + z * (2.0f / 9 + z * (2.0f / 11 + z * (2.0f / 13))))));
    return octaves * 0.693147181f + s * series;
}

DDSP_INLINE float sign(float x)
{
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
}

DDSP_INLINE void ddsp_training_spectral_body(float *ours, const float *theirs, long frames,
                                             int bins, float floor, float least, double *sums)
{
    double linear = 0.0, logarithmic = 0.0;
    for (long f = 0; f < frames; f++) {
        float *row = ours + 2 * bins * f;
        const float *target = theirs + 2 * bins * f;
        for (int first = 0; first < bins; first += CHUNK) {
            const int size = bins - first < CHUNK ? bins - first : CHUNK;
            float *restrict a = row + 2 * first;
            const float *restrict b = target + 2 * first;
            float d[CHUNK], l[CHUNK], p[CHUNK], q[CHUNK];
            for (int v = 0; v < size; v++)
                p[v] = a[2 * v] * a[2 * v] + a[2 * v + 1] * a[2 * v + 1] + LEAST_POWER;
            for (int v = 0; v < size; v++)
                q[v] = b[2 * v] * b[2 * v] + b[2 * v + 1] * b[2 * v + 1];
            for (int v = 0; v < size; v++) {
                const float x = sqrtf(p[v]), y = sqrtf(q[v]);
                const float difference = x - y;
                const float heard = (x > least ? x : least) + floor;
                const float wanted = (y > least ? y : least) + floor;
                const float ratio = logarithm_of_ratio(heard, wanted);
                const float by_ratio = x > least ? sign(heard - wanted) : 0.0f;
                const float slope = 0.5f * (sign(difference) * heard + by_ratio) / (x * heard);
                p[v] = slope;
                d[v] = fabsf(difference);
                l[v] = fabsf(ratio);
            }
            for (int v = 0; v < size; v++) {
                a[2 * v] *= p[v];
                a[2 * v + 1] *= p[v];
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
         (float *ours, const float *theirs, long frames, int bins, float floor, float least,
          double *sums),
         (ours, theirs, frames, bins, floor, least, sums))
