/* Spectra between two models: heard in dB, so blended in dB. */
#include "decoder/morph.h"

#include <math.h>
#include <string.h>

#define FLOOR 1e-3f      /* of a spectrum of power 1: what is this soft counts as not there */
#define LEAST 1e-30f
#define LARGEST_WEIGHT 1e6f

int ddsp_morph_heard(float f0_hz, int n_harmonics, double band_limit_hz)
{
    if (!(f0_hz > 0.0f))
        return n_harmonics;
    const double count = band_limit_hz / (double)f0_hz;
    if (count > (double)n_harmonics)
        return n_harmonics;
    const int whole = (int)count;
    return (double)whole * (double)f0_hz < band_limit_hz ? whole : whole - 1;
}

void ddsp_morph_partials(const ddsp_control_frame *controls, int n_harmonics,
                         double band_limit_hz, float *out, int room)
{
    const int heard = ddsp_morph_heard(controls->f0_hz, n_harmonics, band_limit_hz);
    double total = 0.0;
    for (int k = 0; k < heard; k++) {
        const float weight = controls->harmonic_distribution[k];
        out[k] = weight > 0.0f ? weight < LARGEST_WEIGHT ? weight : LARGEST_WEIGHT : 0.0f;
        total += out[k];
    }
    const double scale = total > (double)LEAST ? (double)controls->amplitude / total : 0.0;
    for (int k = 0; k < heard; k++)
        out[k] = (float)(out[k] * scale);
    if (heard < room)
        memset(out + heard, 0, (size_t)(room - heard) * sizeof *out);
}

static float power_of(const float *x, int n)
{
    double sum = 0.0;
    for (int k = 0; k < n; k++)
        sum += (double)x[k] * (double)x[k];
    return sqrtf((float)sum);
}

/* Every partial's share between the floors of both, without their power. */
static void between_logarithms(const float *a, const float *b, float power_a, float power_b,
                               float amount, float *out, int n)
{
    const float scale_a = 1.0f / power_a, scale_b = 1.0f / power_b;
    for (int k = 0; k < n; k++) {
        const float shape = (1.0f - amount) * logf(a[k] * scale_a + FLOOR)
                            + amount * logf(b[k] * scale_b + FLOOR);
        const float above = expf(shape) - FLOOR;
        out[k] = above > 0.0f ? above : 0.0f;
    }
}

float ddsp_morph_spectra(const float *a, const float *b, float amount, float *out, int n)
{
    if (amount <= 0.0f || amount >= 1.0f) {
        memcpy(out, amount <= 0.0f ? a : b, (size_t)n * sizeof *out);
    } else {
        const float power_a = power_of(a, n), power_b = power_of(b, n);
        const float level = (1.0f - amount) * power_a + amount * power_b;
        float scale = 1.0f;
        if (power_a > LEAST && power_b > LEAST) {
            between_logarithms(a, b, power_a, power_b, amount, out, n);
            /* Of two spectra without a partial in common only the floor is left. */
            const float power = power_of(out, n);
            scale = level / (power > FLOOR ? power : FLOOR);
        } else {
            for (int k = 0; k < n; k++)
                out[k] = (1.0f - amount) * a[k] + amount * b[k];
        }
        for (int k = 0; k < n; k++)
            out[k] *= scale;
    }
    double sum = 0.0;
    for (int k = 0; k < n; k++)
        sum += out[k] = out[k] < LEAST ? 0.0f : out[k];
    return (float)sum;
}
