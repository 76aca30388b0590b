/* The oscillator bank. Vectors run across samples: for sixteen samples at a time
 * sin(k x) climbs the harmonics by sin(kx) = 2 cos(x) sin((k-1)x) - sin((k-2)x)
 * (Chebyshev), starting afresh from the exact integer phase k * phase every
 * RESEED harmonics so that rounding stays small. With amplitude
 * start + fraction * gain the sum over k splits into two sums that need no
 * amplitude per sample: sum(start sin) + fraction * sum(gain sin).
 */
#include "harmonic.h"

#include <string.h>

#include "clones.h"
#include "guard.h"

#define RESEED 16
#define LOWEST_HZ 10.0f       /* a fundamental below this is silent */
#define FADE 0.05             /* of the sample rate below Nyquist */
#define LARGEST_WEIGHT 1e6f
#define LEAST_AMPLITUDE 1e-20f
#define SILENT 1e-5f          /* sum of amplitudes below which f0 may jump */

/* sin(2 pi x) = S1 x + S3 x^3 + ..., |x| <= 1/4 */
#define S1 6.28318516f
#define S3 -41.341655f
#define S5 81.6010038f
#define S7 -76.5497744f
#define S9 39.5366423f

enum { GROUP = 16, VECTORS = 2 };

typedef float floats __attribute__((vector_size(32)));
typedef int32_t ints __attribute__((vector_size(32)));
typedef uint32_t phases __attribute__((vector_size(32)));

/* sin(2 pi phase / 2^32): fold to a quarter turn, odd minimax polynomial (error
 * 4e-9). By pointer, since passing vectors by value depends on the target. */
static inline __attribute__((always_inline)) void sine(floats *out, const phases *phase)
{
    const floats turns = __builtin_convertvector((ints)*phase, floats) * 0x1p-32f;
    const ints sign = (ints)turns & INT32_MIN;
    const floats size = (floats)((ints)turns & INT32_MAX);
    const floats past = (floats)((ints)(size - 0.25f) & INT32_MAX);
    const floats x = (floats)((ints)(0.25f - past) ^ sign);
    const floats y = x * x;
    *out = x * (S1 + y * (S3 + y * (S5 + y * (S7 + y * S9))));
}

/* Sum of the harmonics 1..n for `groups` groups of GROUP samples. Not static:
 * gcc's clones need a symbol. */
void ddsp_harmonic_sum(const float *amplitude, int n, const uint32_t *phase,
                       const float *fraction, float *out, int groups);

DDSP_CLONES void ddsp_harmonic_sum(const float *amplitude, int n, const uint32_t *phase,
                                   const float *fraction, float *out, int groups)
{
    for (int g = 0; g < groups * GROUP; g += GROUP) {
        phases turn[VECTORS];
        floats twice_cos[VECTORS], now[VECTORS], before[VECTORS];
        floats start[VECTORS], gain[VECTORS], at[VECTORS];
        memcpy(turn, phase + g, sizeof turn);
        for (int v = 0; v < VECTORS; v++) {
            const phases quarter = turn[v] + 0x40000000u;
            sine(&twice_cos[v], &quarter);
            twice_cos[v] *= 2.0f;
            start[v] = gain[v] = (floats){0};
        }
        for (int first = 0; first < n; first += RESEED) {
            for (int v = 0; v < VECTORS; v++) {
                const phases last = turn[v] * (uint32_t)first;
                const phases this = last + turn[v];
                sine(&before[v], &last);
                sine(&now[v], &this);
            }
            const int end = first + RESEED < n ? first + RESEED : n;
            for (int k = first; k < end; k++) {
                for (int v = 0; v < VECTORS; v++) {
                    start[v] += now[v] * amplitude[2 * k];
                    gain[v] += now[v] * amplitude[2 * k + 1];
                    const floats next = twice_cos[v] * now[v] - before[v];
                    before[v] = now[v];
                    now[v] = next;
                }
            }
        }
        memcpy(at, fraction + g, sizeof at);
        for (int v = 0; v < VECTORS; v++)
            start[v] += at[v] * gain[v];
        memcpy(out + g, start, sizeof start);
    }
}

void ddsp_harmonic_prepare(ddsp_harmonic *bank, double sample_rate, int n_harmonics,
                           double band_limit_hz)
{
    bank->sample_rate = sample_rate;
    bank->n_harmonics = n_harmonics;
    bank->band_limit_hz = band_limit_hz;
    ddsp_harmonic_reset(bank);
}

void ddsp_harmonic_reset(ddsp_harmonic *bank)
{
    bank->phase = bank->step = bank->target_step = 0;
    bank->glide = 0;
    bank->n_active = 0;
    memset(bank->amplitude, 0, sizeof bank->amplitude);
}

/* Amplitudes of the harmonics of f0_hz into targets: masked above the model's band,
 * shared out by weight, faded below the card's Nyquist. */
static void share_out(const ddsp_harmonic *bank, double f0_hz, double amplitude,
                      const float *weights, float *targets)
{
    double sum = 0.0;
    int n = 0;
    for (; n < bank->n_harmonics && (n + 1) * f0_hz < bank->band_limit_hz; n++)
        sum += targets[n] = ddsp_within(weights[n], 0.0f, LARGEST_WEIGHT);
    const double scale = sum > 0.0 ? amplitude / sum : 0.0;
    for (int k = 0; k < n; k++) {
        const double room = 0.5 - (k + 1) * f0_hz / bank->sample_rate;
        const double fade = room >= FADE ? 1.0 : room > 0.0 ? room / FADE : 0.0;
        targets[k] = ddsp_flush((float)(targets[k] * scale * fade), LEAST_AMPLITUDE);
    }
    for (int k = n; k < bank->n_harmonics; k++)
        targets[k] = 0.0f;
}

void ddsp_harmonic_target(ddsp_harmonic *bank, float f0_hz, float amplitude,
                          const float *weights, float fraction, int length)
{
    float targets[DDSP_MAX_HARMONICS];
    const float nyquist = (float)(0.5 * bank->sample_rate);
    f0_hz = ddsp_within(f0_hz, 0.0f, nyquist);
    const int pitched = f0_hz >= LOWEST_HZ;
    share_out(bank, f0_hz, pitched ? amplitude : 0.0f, weights, targets);
    float sum = 0.0f;
    bank->n_active = 0;
    for (int k = 0; k < bank->n_harmonics; k++) {
        float *a = bank->amplitude + 2 * k;
        const float now = ddsp_flush(ddsp_ramp_value(a[0], a[0] + a[1], fraction),
                                     LEAST_AMPLITUDE);
        sum += now;
        a[0] = now;
        a[1] = targets[k] - now;
        if (now > 0.0f || targets[k] > 0.0f)
            bank->n_active = k + 1;
    }
    if (pitched) /* else hold the present f0 while it fades */
        bank->target_step = (uint64_t)(f0_hz / bank->sample_rate * 0x1p64);
    else
        bank->target_step = bank->step;
    if (sum < SILENT)
        bank->step = bank->target_step;
    bank->glide = ((int64_t)bank->target_step - (int64_t)bank->step) / length;
}

void ddsp_harmonic_render(ddsp_harmonic *bank, const ddsp_ramp *ramp, int ahead, float *out,
                          int n)
{
    uint32_t phase[DDSP_HARMONIC_CHUNK] = {0};
    float fraction[DDSP_HARMONIC_CHUNK] = {0};
    float sum[DDSP_HARMONIC_CHUNK];
    /* Integers, sample by sample: the same phase however the blocks fall. */
    for (int i = 0; i < n; i++) {
        const int at = ramp->elapsed + ahead + i + 1;
        bank->step = at >= ramp->length ? bank->target_step
                                        : bank->step + (uint64_t)bank->glide;
        phase[i] = (uint32_t)(bank->phase >> 32);
        fraction[i] = ddsp_ramp_fraction(ramp, ahead + i + 1);
        bank->phase += bank->step;
    }
    if (bank->n_active == 0) {
        memset(out, 0, (size_t)n * sizeof *out);
        return;
    }
    ddsp_harmonic_sum(bank->amplitude, bank->n_active, phase, fraction, sum,
                      (n + GROUP - 1) / GROUP);
    memcpy(out, sum, (size_t)n * sizeof *out);
}
