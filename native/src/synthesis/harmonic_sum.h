/* The sum of harmonics: a template, included once for each kind of vector with
 * SUM_BYTES (of a vector), SUM_NAME(name) and SUM_TARGET (function attribute).
 *
 * Vectors run across samples: for GROUP samples at a time sin(k x) climbs the
 * harmonics by sin(kx) = 2 cos(x) sin((k-1)x) - sin((k-2)x) (Chebyshev), starting
 * afresh from the exact integer phase k * phase every RESEED harmonics so that
 * rounding stays small. With amplitude start + fraction * gain the sum over k splits
 * in two that need no amplitude per sample: sum(start sin) + fraction * sum(gain sin).
 */
#define RESEED 16
#define VECTORS (GROUP * 4 / SUM_BYTES)
#define FLOATS SUM_NAME(floats)
#define INTS SUM_NAME(ints)
#define PHASES SUM_NAME(phases)

typedef float FLOATS __attribute__((vector_size(SUM_BYTES)));
typedef int32_t INTS __attribute__((vector_size(SUM_BYTES)));
typedef uint32_t PHASES __attribute__((vector_size(SUM_BYTES)));

/* sin(2 pi phase / 2^32): fold to a quarter turn, odd minimax polynomial (error
 * 4e-9). By pointer, since how a vector is passed depends on the target. */
SUM_TARGET DDSP_INLINE void SUM_NAME(sine)(FLOATS *out, const PHASES *phase)
{
    const FLOATS turns = __builtin_convertvector((INTS)*phase, FLOATS) * 0x1p-32f;
    const INTS sign = (INTS)turns & INT32_MIN;
    const FLOATS size = (FLOATS)((INTS)turns & INT32_MAX);
    const FLOATS past = (FLOATS)((INTS)(size - 0.25f) & INT32_MAX);
    const FLOATS x = (FLOATS)((INTS)(0.25f - past) ^ sign);
    const FLOATS y = x * x;
    *out = x * (6.28318516f + y * (-41.341655f + y * (81.6010038f
                + y * (-76.5497744f + y * 39.5366423f))));
}

/* Harmonics 1..n for `groups` groups of samples: amplitudes from, and what they gain. */
SUM_TARGET static void SUM_NAME(sum)(const float *from, const float *gains, int n,
                                     const uint32_t *phase, const float *fraction, float *out,
                                     int groups)
{
    for (int g = 0; g < groups * GROUP; g += GROUP) {
        PHASES turn[VECTORS];
        FLOATS twice_cos[VECTORS], now[VECTORS], before[VECTORS];
        FLOATS start[VECTORS], gain[VECTORS];
        for (int v = 0; v < VECTORS; v++) {
            memcpy(&turn[v], phase + g + v * (SUM_BYTES / 4), SUM_BYTES);
            const PHASES quarter = turn[v] + 0x40000000u;
            SUM_NAME(sine)(&twice_cos[v], &quarter);
            twice_cos[v] *= 2.0f;
            start[v] = gain[v] = (FLOATS){0};
        }
        for (int first = 0; first < n; first += RESEED) {
            for (int v = 0; v < VECTORS; v++) {
                const PHASES last = turn[v] * (uint32_t)first;
                const PHASES this = last + turn[v];
                SUM_NAME(sine)(&before[v], &last);
                SUM_NAME(sine)(&now[v], &this);
            }
            const int end = first + RESEED < n ? first + RESEED : n;
            for (int k = first; k < end; k++) {
                for (int v = 0; v < VECTORS; v++) {
                    const FLOATS next = twice_cos[v] * now[v] - before[v];
                    start[v] += now[v] * from[k];
                    gain[v] += now[v] * gains[k];
                    before[v] = now[v];
                    now[v] = next;
                }
            }
        }
        for (int v = 0; v < VECTORS; v++) {
            FLOATS at;
            memcpy(&at, fraction + g + v * (SUM_BYTES / 4), SUM_BYTES);
            start[v] += at * gain[v];
            memcpy(out + g + v * (SUM_BYTES / 4), &start[v], SUM_BYTES);
        }
    }
}

#undef SUM_BYTES
#undef SUM_NAME
#undef SUM_TARGET
#undef RESEED
#undef VECTORS
#undef FLOATS
#undef INTS
#undef PHASES
