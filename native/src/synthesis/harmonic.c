/* The oscillator bank: phase, ramps, who sounds. The sum is in harmonic_sum.h. */
#include "synthesis/harmonic.h"

#include <string.h>

#include "common/sanitize.h"
#include "common/cpu_dispatch.h"

#define LOWEST_HZ 10.0f       /* a fundamental below this is silent */
#define FADE 0.05             /* of the sample rate below Nyquist */
#define LARGEST_WEIGHT 1e6f
#define LEAST_AMPLITUDE 3e-8f /* below the last bit of a 24-bit card: not heard, not summed */
#define SILENT 1e-5f          /* sum of amplitudes below which f0 may jump */
#define LEAP 1.5              /* a fifth within one ramp is no glide */

enum { GROUP = 16 }; /* samples summed side by side */

/* The sum itself, for vectors of the processor's own width: gcc keeps wider ones in
 * memory, which costs a factor of seven. DDSP_SCALAR: for processors without vectors. */
#ifdef DDSP_SCALAR
#define SUM_BYTES 4
#else
#define SUM_BYTES 16
#endif
#define SUM_NAME(name) name##_portable
#define SUM_TARGET
#include "synthesis/harmonic_sum.h"

#ifdef DDSP_HAS_AVX2
#define SUM_BYTES 32
#define SUM_NAME(name) name##_avx2
#define SUM_TARGET DDSP_AVX2
#include "synthesis/harmonic_sum.h"
#endif

static void sum_harmonics(const float *amplitude, int n, const uint32_t *phase,
                          const float *fraction, float *out, int groups)
{
#ifdef DDSP_HAS_AVX2
    if (ddsp_use_avx2()) {
        sum_avx2(amplitude, n, phase, fraction, out, groups);
        return;
    }
#endif
    sum_portable(amplitude, n, phase, fraction, out, groups);
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
    bank->step_change = 0;
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
    const double step = f0_hz / bank->sample_rate * 0x1p64;
    if (pitched) /* else hold the present f0 while it fades */
        bank->target_step = step < 0x1p63 ? (uint64_t)step : INT64_MAX;
    else
        bank->target_step = bank->step;
    if (sum < SILENT)
        bank->step = bank->target_step;
    bank->step_change = ((int64_t)bank->target_step - (int64_t)bank->step) / length;
}

float ddsp_harmonic_level(const ddsp_harmonic *bank, float fraction)
{
    float sum = 0.0f;
    for (int k = 0; k < bank->n_active; k++) {
        const float *a = bank->amplitude + 2 * k;
        sum += ddsp_ramp_value(a[0], a[0] + a[1], fraction);
    }
    return sum;
}

int ddsp_harmonic_leaps(const ddsp_harmonic *bank, float f0_hz, float fraction)
{
    const double step = ddsp_within(f0_hz, 0.0f, (float)(0.5 * bank->sample_rate))
                        / bank->sample_rate * 0x1p64;
    const double now = (double)bank->step;
    return f0_hz >= LOWEST_HZ && now > 0.0 && (step >= LEAP * now || now >= LEAP * step)
           && ddsp_harmonic_level(bank, fraction) >= SILENT;
}

void ddsp_harmonic_silence(ddsp_harmonic *bank)
{
    memset(bank->amplitude, 0, sizeof bank->amplitude);
    bank->n_active = 0;
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
                                        : bank->step + (uint64_t)bank->step_change;
        phase[i] = (uint32_t)(bank->phase >> 32);
        fraction[i] = ddsp_ramp_fraction(ramp, ahead + i + 1);
        bank->phase += bank->step;
    }
    if (bank->n_active == 0) {
        memset(out, 0, (size_t)n * sizeof *out);
        return;
    }
    sum_harmonics(bank->amplitude, bank->n_active, phase, fraction, sum,
                  (n + GROUP - 1) / GROUP);
    memcpy(out, sum, (size_t)n * sizeof *out);
}
