/* The oscillator bank and its gradient, vectors across samples: sin(k x) climbs the harmonics
 * by Chebyshev's recurrence and starts afresh from the exact phase every RESEED, as the kernel's
 * does (native/src/harmonic_sum.h). */
#include <stdint.h>
#include <string.h>

#include "common/cpu_dispatch.h"
#include "ddsp_training.h"

enum { GROUP = 32, RESEED = 16, MOST = 512 };

/* sin(2 pi phase / 2^32): folded to a quarter turn, odd polynomial (error 4e-9). */
DDSP_INLINE float sine(uint32_t phase)
{
    const float turns = (float)(int32_t)phase * 0x1p-32f;
    const float size = turns < 0.0f ? -turns : turns;
    const float past = size - 0.25f;
    const float folded = 0.25f - (past < 0.0f ? -past : past);
    const float x = turns < 0.0f ? -folded : folded;
    const float y = x * x;
    return x * (6.28318516f
                + y * (-41.341655f + y * (81.6010038f + y * (-76.5497744f + y * 39.5366423f))));
}

/* Phases of a group; samples past the segment's end repeat the first and are not used. */
DDSP_INLINE void load(uint32_t *turn, float *twice_cos, const uint32_t *phase, int size)
{
    for (int v = 0; v < GROUP; v++)
        turn[v] = phase[v < size ? v : 0];
    for (int v = 0; v < GROUP; v++)
        twice_cos[v] = 2.0f * sine(turn[v] + 0x40000000u);
}

DDSP_INLINE void seed(float *before, float *now, const uint32_t *turn, int first)
{
    for (int v = 0; v < GROUP; v++) {
        const uint32_t last = turn[v] * (uint32_t)first;
        before[v] = sine(last);
        now[v] = sine(last + turn[v]);
    }
}

DDSP_INLINE void climb(float *before, float *now, const float *twice_cos)
{
    for (int v = 0; v < GROUP; v++) {
        const float next = twice_cos[v] * now[v] - before[v];
        before[v] = now[v];
        now[v] = next;
    }
}

DDSP_INLINE void ddsp_training_harmonic_body(const float *amplitudes, const uint32_t *phase,
                                             const int32_t *count, int segments, int hop, int n,
                                             float *out)
{
    for (int s = 0; s < segments; s++) {
        const float *from = amplitudes + (long)s * n, *to = from + n;
        for (int at = 0; at < hop; at += GROUP) {
            const int size = hop - at < GROUP ? hop - at : GROUP;
            const long place = (long)s * hop + at;
            uint32_t turn[GROUP];
            float twice_cos[GROUP], before[GROUP], now[GROUP];
            float start[GROUP] = {0}, end[GROUP] = {0};
            load(turn, twice_cos, phase + place, size);
            for (int k = 0; k < count[s]; k++) {
                if (k % RESEED == 0)
                    seed(before, now, turn, k);
                const float a = from[k], b = to[k];
                for (int v = 0; v < GROUP; v++) {
                    start[v] += now[v] * a;
                    end[v] += now[v] * b;
                }
                climb(before, now, twice_cos);
            }
            for (int v = 0; v < size; v++) {
                const float ramp = (float)(at + v + 1) / (float)hop;
                out[place + v] = start[v] + ramp * (end[v] - start[v]);
            }
        }
    }
}

DDSP_CPU_DISPATCH(extern, ddsp_training_harmonic,
         (const float *amplitudes, const uint32_t *phase, const int32_t *count, int segments,
          int hop, int n, float *out),
         (amplitudes, phase, count, segments, hop, n, out))

enum { LANES = 8 }; /* partial sums of a harmonic, added up at the end of a segment */

DDSP_INLINE void add_products(float *restrict sum, const float *restrict a,
                              const float *restrict b)
{
    for (int part = 0; part < GROUP; part += LANES)
        for (int v = 0; v < LANES; v++)
            sum[v] += a[part + v] * b[part + v];
}

DDSP_INLINE void ddsp_training_harmonic_gradient_body(const float *sample_gradient,
                                                      const uint32_t *phase,
                                                      const int32_t *count, int segments, int hop,
                                                      int n, float *amplitude_gradient)
{
    float whole[MOST][LANES], ramped[MOST][LANES];
    memset(amplitude_gradient, 0, sizeof(float) * (size_t)(segments + 1) * (size_t)n);
    for (int s = 0; s < segments; s++) {
        const int active = count[s] < MOST ? count[s] : MOST;
        memset(whole, 0, sizeof whole[0] * (size_t)active);
        memset(ramped, 0, sizeof ramped[0] * (size_t)active);
        for (int at = 0; at < hop; at += GROUP) {
            const int size = hop - at < GROUP ? hop - at : GROUP;
            const long place = (long)s * hop + at;
            uint32_t turn[GROUP];
            float twice_cos[GROUP], before[GROUP], now[GROUP], g[GROUP] = {0}, gr[GROUP] = {0};
            load(turn, twice_cos, phase + place, size);
            for (int v = 0; v < size; v++) {
                g[v] = sample_gradient[place + v];
                gr[v] = g[v] * (float)(at + v + 1) / (float)hop;
            }
            for (int k = 0; k < active; k++) {
                if (k % RESEED == 0)
                    seed(before, now, turn, k);
                add_products(whole[k], now, g);
                add_products(ramped[k], now, gr);
                climb(before, now, twice_cos);
            }
        }
        float *from = amplitude_gradient + (long)s * n, *to = from + n;
        for (int k = 0; k < active; k++) {
            float sum = 0.0f, later = 0.0f;
            for (int v = 0; v < LANES; v++) {
                sum += whole[k][v];
                later += ramped[k][v];
            }
            from[k] += sum - later;
            to[k] += later;
        }
    }
}

DDSP_CPU_DISPATCH(extern, ddsp_training_harmonic_gradient,
         (const float *sample_gradient, const uint32_t *phase, const int32_t *count, int segments,
          int hop, int n, float *amplitude_gradient),
         (sample_gradient, phase, count, segments, hop, n, amplitude_gradient))
