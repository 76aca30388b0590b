/* The sum of many harmonics from a table: a period is made of their amplitudes by an inverse
 * FFT, once a frame, and read at any phase by eight taps. What the taps do to a harmonic's
 * level is undone in its amplitude beforehand, so that only images of it remain: with four
 * points or more a period of the highest harmonic they lie below -120 dB of each. (This is the
 * gridding of non-uniform FFTs; the kernel is the "exponential of semicircle" of Barnett,
 * Magland and af Klinteberg 2019.) Amplitudes are linear in time, and so is the period: two
 * tables and a fraction are the whole ramp.
 */
#include "synthesis/harmonic_table.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "ddsp_kernel.h"
#include "common/cpu_dispatch.h"

#if defined(DDSP_HAS_AVX2)
#include <immintrin.h>
#elif defined(__aarch64__) && !defined(DDSP_SCALAR)
#include <arm_neon.h>
#endif

#define POINTS DDSP_TABLE_POINTS
#define TAPS DDSP_TABLE_TAPS
#define SHAPE 18.4          /* of the kernel, for 8 taps and a band of half the points */
#define PI 3.14159265358979323846

enum {
    POINT_SHIFT = 32 - 9,   /* phase to point */
    ROWS = 256,             /* places between two points; between the places it is linear */
    ROW_SHIFT = POINT_SHIFT - 8,
    BEFORE = TAPS / 2 - 1   /* taps before the point */
};

/* Weights of the taps at each place, and what they leave of each harmonic, inverted. Written
 * once, by prepare. */
static float taps[ROWS + 1][TAPS];
static float level[DDSP_MAX_HARMONICS + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static double kernel(double x)
{
    const double inside = 1.0 - 4.0 * x * x / (TAPS * TAPS);
    return inside > 0.0 ? exp(SHAPE * (sqrt(inside) - 1.0)) : 0.0;
}

static void compute(void)
{
    enum { STEPS = 32 }; /* a point, of the integral */
    for (int r = 0; r <= ROWS; r++)
        for (int t = 0; t < TAPS; t++)
            taps[r][t] = (float)kernel((double)r / ROWS + BEFORE - t);
    for (int k = 0; k <= DDSP_MAX_HARMONICS; k++) {
        double sum = 0.0;
        for (int i = 0; i < STEPS * TAPS / 2; i++) {
            const double x = (i + 0.5) / STEPS;
            sum += 2.0 * kernel(x) * cos(2.0 * PI * k * x / POINTS) / STEPS;
        }
        level[k] = (float)(1.0 / sum);
    }
}

void ddsp_harmonic_table_prepare(void)
{
    pthread_once(&once, compute);
}

void ddsp_harmonic_table_make(ddsp_fft *fft, const float *amplitude, int n, float *period)
{
    memset(fft->re, 0, POINTS / 2 * sizeof(float));
    memset(fft->im, 0, POINTS / 2 * sizeof(float));
    for (int k = 1; k <= n; k++)
        fft->im[k] = -0.5f * level[k] * amplitude[k - 1];
    ddsp_fft_inverse(fft, period + BEFORE);
    memcpy(period, period + POINTS, BEFORE * sizeof(float));
    memcpy(period + BEFORE + POINTS, period + BEFORE, (TAPS - BEFORE) * sizeof(float));
}

void ddsp_harmonic_table_turn(ddsp_harmonic_table *table, float fraction, const float *target)
{
    for (int i = 0; i < DDSP_TABLE_SIZE; i++) {
        table->start[i] += fraction * table->gain[i];
        table->gain[i] = target[i] - table->start[i];
    }
}

/* Where a phase lies: the table's point, the row of taps, and how far to the next row. */
#define POINT(phase) ((phase) >> POINT_SHIFT)
#define ROW(phase) ((phase) >> ROW_SHIFT & (ROWS - 1))
#define BETWEEN(phase) ((float)(int32_t)((phase) & ((1u << ROW_SHIFT) - 1)) * (1.0f / (1 << ROW_SHIFT)))

#ifdef DDSP_HAS_AVX2
static DDSP_AVX2 void render_avx2(const ddsp_harmonic_table *table, const uint32_t *phase,
                                  const float *fraction, float *out, int n)
{
    float between[4];
    for (int i = 0; i < n; i += 4) {
        const __m128i turn = _mm_loadu_si128((const __m128i *)(phase + i));
        const __m128i low = _mm_and_si128(turn, _mm_set1_epi32((1 << ROW_SHIFT) - 1));
        _mm_storeu_ps(between, _mm_mul_ps(_mm_cvtepi32_ps(low),
                                          _mm_set1_ps(1.0f / (1 << ROW_SHIFT))));
        __m256 product[4];
        for (int s = 0; s < 4; s++) {
            const uint32_t at = phase[i + s];
            const float *row = taps[ROW(at)];
            const __m256 here = _mm256_loadu_ps(row), next = _mm256_loadu_ps(row + TAPS);
            const __m256 weights = _mm256_fmadd_ps(_mm256_set1_ps(between[s]),
                                                   _mm256_sub_ps(next, here), here);
            const __m256 points =
                _mm256_fmadd_ps(_mm256_set1_ps(fraction[i + s]),
                                _mm256_loadu_ps(table->gain + POINT(at)),
                                _mm256_loadu_ps(table->start + POINT(at)));
            product[s] = _mm256_mul_ps(weights, points);
        }
        const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(product[0], product[1]),
                                            _mm256_hadd_ps(product[2], product[3]));
        _mm_storeu_ps(out + i, _mm_add_ps(_mm256_castps256_ps128(pairs),
                                          _mm256_extractf128_ps(pairs, 1)));
    }
}
#endif

#ifdef DDSP_SCALAR
static void render_portable(const ddsp_harmonic_table *table, const uint32_t *phase,
                            const float *fraction, float *out, int n)
{
    for (int i = 0; i < n; i++) {
        const float *row = taps[ROW(phase[i])], between = BETWEEN(phase[i]);
        const float *start = table->start + POINT(phase[i]), *gain = table->gain + POINT(phase[i]);
        float sum = 0.0f;
        for (int t = 0; t < TAPS; t++)
            sum += (row[t] + between * (row[t + TAPS] - row[t])) * (start[t] + fraction[i] * gain[t]);
        out[i] = sum;
    }
}
#else
typedef float floats __attribute__((vector_size(16)));

/* The sums of four vectors, side by side. */
DDSP_INLINE floats sums(floats a, floats b, floats c, floats d)
{
#ifdef __aarch64__
    return (floats)vpaddq_f32(vpaddq_f32((float32x4_t)a, (float32x4_t)b),
                              vpaddq_f32((float32x4_t)c, (float32x4_t)d));
#else
    return (floats){a[0], b[0], c[0], d[0]} + (floats){a[1], b[1], c[1], d[1]}
           + ((floats){a[2], b[2], c[2], d[2]} + (floats){a[3], b[3], c[3], d[3]});
#endif
}

DDSP_INLINE floats four(const float *from)
{
    floats x;
    memcpy(&x, from, sizeof x);
    return x;
}

static void render_portable(const ddsp_harmonic_table *table, const uint32_t *phase,
                            const float *fraction, float *out, int n)
{
    for (int i = 0; i < n; i += 4) {
        floats product[4];
        for (int s = 0; s < 4; s++) {
            const uint32_t at = phase[i + s];
            const float *row = taps[ROW(at)], between = BETWEEN(at), share = fraction[i + s];
            const float *start = table->start + POINT(at), *gain = table->gain + POINT(at);
            const floats low = four(row), high = four(row + 4);
            product[s] = (low + between * (four(row + TAPS) - low))
                             * (four(start) + share * four(gain))
                         + (high + between * (four(row + TAPS + 4) - high))
                               * (four(start + 4) + share * four(gain + 4));
        }
        const floats sum = sums(product[0], product[1], product[2], product[3]);
        memcpy(out + i, &sum, sizeof sum);
    }
}
#endif

void ddsp_harmonic_table_render(const ddsp_harmonic_table *table, const uint32_t *phase,
                                const float *fraction, float *out, int n)
{
#ifdef DDSP_HAS_AVX2
    if (ddsp_use_avx2()) {
        render_avx2(table, phase, fraction, out, n);
        return;
    }
#endif
    render_portable(table, phase, fraction, out, n);
}
