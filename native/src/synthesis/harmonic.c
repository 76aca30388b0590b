/* The oscillator bank: phase, ramps, who sounds. Few harmonics are summed sample by sample
 * (harmonic_sum.h), many are read from a table of their period (harmonic_table.c). */
#include "synthesis/harmonic.h"

#include <string.h>

#include "common/sanitize.h"
#include "common/cpu_dispatch.h"

#define LOWEST_HZ 10.0f       /* a fundamental below this is silent */
#define FADE 0.05             /* of the sample rate below Nyquist */
#define LARGEST_WEIGHT 1e6f
#define LEAST_AMPLITUDE 3e-8f /* below the last bit of a 24-bit card: not heard, not summed */
#define LEAST_POWER 2.5e-10f  /* -96 dB of the bank's power: what ends the series, not heard */
#define SILENT 1e-5f          /* sum of amplitudes below which f0 may jump */
#define LEAP 1.5              /* a fifth within one ramp is no glide */

enum {
    GROUP = 16,     /* samples summed side by side */
    SUMMED = 32,    /* harmonics; of more a table is the cheaper way */
    LANES = 16      /* partial sums: independent, so that they become SIMD */
};

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

static void sum_harmonics(const float *start, const float *gain, int n, const uint32_t *phase,
                          const float *fraction, float *out, int groups)
{
#ifdef DDSP_HAS_AVX2
    if (ddsp_use_avx2()) {
        sum_avx2(start, gain, n, phase, fraction, out, groups);
        return;
    }
#endif
    sum_portable(start, gain, n, phase, fraction, out, groups);
}

void ddsp_harmonic_prepare(ddsp_harmonic *bank, ddsp_fft *fft, double sample_rate,
                           int n_harmonics, double band_limit_hz)
{
    bank->fft = fft;
    bank->sample_rate = sample_rate;
    bank->n_harmonics = n_harmonics;
    bank->band_limit_hz = band_limit_hz;
    ddsp_harmonic_reset(bank);
}

void ddsp_harmonic_reset(ddsp_harmonic *bank)
{
    bank->phase = bank->step = bank->target_step = 0;
    bank->step_change = 0;
    ddsp_harmonic_silence(bank);
}

static float sum_of(const float *x, int n)
{
    float lane[LANES] = {0}, sum = 0.0f;
    int k = 0;
    for (; k + LANES <= n; k += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += x[k + j];
    for (; k < n; k++)
        sum += x[k];
    for (int j = 0; j < LANES; j++)
        sum += lane[j];
    return sum;
}

/* How many harmonics of f0_hz, at most n, lie below limit_hz. */
static int below(double f0_hz, double limit_hz, int n)
{
    while (n > 0 && n * f0_hz >= limit_hz)
        n--;
    return n;
}

/* The harmonics that end the series are dropped, as long as all their power together is
 * -96 dB of the whole: the number of those that are left. */
static int audible(float *targets, int n)
{
    float squares[DDSP_MAX_HARMONICS];
    for (int k = 0; k < n; k++)
        squares[k] = targets[k] * targets[k];
    const float least = LEAST_POWER * sum_of(squares, n);
    for (float dropped = 0.0f; n > 0; n--) {
        dropped += squares[n - 1];
        if (dropped > least)
            break;
        targets[n - 1] = 0.0f;
    }
    return n;
}

/* Amplitudes of the harmonics of f0_hz into targets: masked above the model's band,
 * shared out by weight, faded below the card's Nyquist. How many there are; beyond are zeros. */
static int share_out(const ddsp_harmonic *bank, double f0_hz, double amplitude,
                     const float *weights, float *targets)
{
    memset(targets, 0, DDSP_MAX_HARMONICS * sizeof *targets);
    if (!(amplitude > 0.0))
        return 0;
    const int n = below(f0_hz, bank->band_limit_hz, bank->n_harmonics);
    for (int k = 0; k < n; k++)
        targets[k] = ddsp_within(weights[k], 0.0f, LARGEST_WEIGHT);
    const double sum = sum_of(targets, n);
    const float scale = sum > 0.0 ? (float)(amplitude / sum) : 0.0f;
    for (int k = 0; k < n; k++)
        targets[k] *= scale;
    for (int k = below(f0_hz, (0.5 - FADE) * bank->sample_rate, n); k < n; k++) {
        const double room = 0.5 - (k + 1) * f0_hz / bank->sample_rate;
        targets[k] *= room >= FADE ? 1.0f : room > 0.0 ? (float)(room / FADE) : 0.0f;
    }
    for (int k = 0; k < n; k++)
        targets[k] = ddsp_flush(targets[k], LEAST_AMPLITUDE);
    return audible(targets, n);
}

/* The amplitudes at a fraction of the ramp become its start; they are summed. */
static float stop_at(ddsp_harmonic *bank, float fraction)
{
    for (int k = 0; k < bank->n_active; k++)
        bank->start[k] = ddsp_flush(bank->start[k] + fraction * bank->gain[k], LEAST_AMPLITUDE);
    return sum_of(bank->start, bank->n_active);
}

/* The table of a ramp from start to targets, where there was a ramp in the table or not. */
static void fill_table(ddsp_harmonic *bank, const float *targets, int n_targets, float fraction)
{
    float period[DDSP_TABLE_SIZE];
    if (!bank->tabled) {
        ddsp_harmonic_table_make(bank->fft, bank->start, bank->n_active, bank->table.start);
        fraction = 0.0f;
        memset(bank->table.gain, 0, sizeof bank->table.gain);
    }
    ddsp_harmonic_table_make(bank->fft, targets, n_targets, period);
    ddsp_harmonic_table_turn(&bank->table, fraction, period);
}

void ddsp_harmonic_target(ddsp_harmonic *bank, float f0_hz, float amplitude,
                          const float *weights, float fraction, int length)
{
    float targets[DDSP_MAX_HARMONICS];
    const float nyquist = (float)(0.5 * bank->sample_rate);
    f0_hz = ddsp_within(f0_hz, 0.0f, nyquist);
    const int pitched = f0_hz >= LOWEST_HZ;
    const int n_targets = share_out(bank, f0_hz, pitched ? amplitude : 0.0f, weights, targets);
    const float sum = stop_at(bank, fraction);
    int n = bank->n_active;
    while (n > 0 && bank->start[n - 1] == 0.0f)
        n--;
    bank->n_active = n = n > n_targets ? n : n_targets;
    if (n > SUMMED)
        fill_table(bank, targets, n_targets, fraction);
    bank->tabled = n > SUMMED;
    for (int k = 0; k < bank->n_harmonics; k++)
        bank->gain[k] = targets[k] - bank->start[k];
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
    return sum_of(bank->start, bank->n_active) + fraction * sum_of(bank->gain, bank->n_active);
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
    memset(bank->start, 0, sizeof bank->start);
    memset(bank->gain, 0, sizeof bank->gain);
    bank->n_active = bank->tabled = 0;
}

/* The phases of n samples. Integers, sample by sample: the same however the blocks fall. */
static void advance(ddsp_harmonic *bank, const ddsp_ramp *ramp, int ahead, uint32_t *phase, int n)
{
    const int moving = ddsp_ramp_under_way(ramp, ahead, n);
    uint64_t at = bank->phase, step = bank->step;
    for (int i = 0; i < moving; i++) {
        step += (uint64_t)bank->step_change;
        phase[i] = (uint32_t)(at >> 32);
        at += step;
    }
    if (moving < n)
        step = bank->target_step;
    for (int i = moving; i < n; i++) {
        phase[i] = (uint32_t)(at >> 32);
        at += step;
    }
    bank->phase = at;
    bank->step = step;
}

void ddsp_harmonic_render(ddsp_harmonic *bank, const ddsp_ramp *ramp, int ahead, float *out,
                          int n)
{
    uint32_t phase[DDSP_HARMONIC_CHUNK];
    float fraction[DDSP_HARMONIC_CHUNK], sum[DDSP_HARMONIC_CHUNK];
    advance(bank, ramp, ahead, phase, n);
    if (bank->n_active == 0) {
        memset(out, 0, (size_t)n * sizeof *out);
        return;
    }
    ddsp_ramp_fractions(ramp, ahead, fraction, n);
    const int whole = (n + GROUP - 1) / GROUP * GROUP;
    for (int i = n; i < whole; i++) { /* rendered, but not heard */
        phase[i] = 0;
        fraction[i] = 0.0f;
    }
    float *to = n == whole ? out : sum;
    if (bank->tabled)
        ddsp_harmonic_table_render(&bank->table, phase, fraction, to, whole);
    else
        sum_harmonics(bank->start, bank->gain, bank->n_active, phase, fraction, to,
                      whole / GROUP);
    if (to == sum)
        memcpy(out, sum, (size_t)n * sizeof *out);
}
