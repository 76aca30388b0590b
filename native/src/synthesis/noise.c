/* Filtered noise by overlap-add. Bin f of a frame is H(f) (u1 + i u2) with u uniform
 * in [-1, 1); neighbouring frames are independent, so the window is a root Hann,
 * whose overlapping squares sum to 1: the power is even.
 *
 * Level: a bin of X = s H (u1 + i u2) and its mirror give the variance
 * 2 E|X|^2 = 4/3 s^2 H^2 over sample_rate / n Hz. White noise, uniform in [-1, 1], of
 * the model's rate has the variance 1/3 over band_limit_hz. So
 * s^2 = sample_rate / (4 n band_limit_hz).
 */
#include "synthesis/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/sanitize.h"
#include "common/cpu_dispatch.h"
#include "synthesis/random.h"

#define SHORTEST_FRAME_S 0.005
#define LARGEST_GAIN 10.0f
#define LEAST_GAIN 1e-12f

int ddsp_noise_prepare(ddsp_noise *noise, double sample_rate, int n_bands,
                       double band_limit_hz, uint32_t seed)
{
    noise->n_bands = n_bands;
    noise->seed = seed;
    if (n_bands == 0)
        return DDSP_OK;
    /* Long enough that a band is at least two bins wide. */
    const double least = fmax(SHORTEST_FRAME_S * sample_rate,
                              (n_bands - 1) * sample_rate / band_limit_hz);
    int n = 16;
    while (n < least)
        n *= 2;
    noise->hop = n / 2;
    if (!ddsp_fft_prepare(&noise->fft, n))
        return DDSP_NO_MEMORY;
    noise->window = calloc((size_t)n, sizeof(float));
    noise->overlap = calloc((size_t)n, sizeof(float));
    noise->frame_out = calloc((size_t)n, sizeof(float));
    noise->share = calloc((size_t)noise->hop, sizeof(float));
    noise->band = calloc((size_t)noise->hop, sizeof(int));
    if (!noise->window || !noise->overlap || !noise->frame_out || !noise->share || !noise->band)
        return DDSP_NO_MEMORY;
    const double level = sqrt(sample_rate / (4.0 * n * band_limit_hz));
    for (int i = 0; i < n; i++)
        noise->window[i] = (float)(level * sin(3.14159265358979323846 * (i + 0.5) / n));
    noise->n_bins = 0;
    for (int k = 1; k < noise->hop && k * sample_rate / n <= band_limit_hz; k++) {
        const double place = k * sample_rate / n / band_limit_hz * (n_bands - 1);
        const int band = place >= n_bands - 1 ? n_bands - 2 : (int)place;
        noise->band[k] = band;
        noise->share[k] = (float)(place - band);
        noise->n_bins = k;
    }
    return DDSP_OK;
}

void ddsp_noise_free(ddsp_noise *noise)
{
    ddsp_fft_free(&noise->fft);
    free(noise->window);
    free(noise->overlap);
    free(noise->frame_out);
    free(noise->share);
    free(noise->band);
    memset(noise, 0, sizeof *noise);
}

void ddsp_noise_reset(ddsp_noise *noise)
{
    noise->at = noise->sounding = 0;
    noise->frame = 0;
    memset(noise->start, 0, sizeof noise->start);
    memset(noise->target, 0, sizeof noise->target);
    if (noise->n_bands)
        memset(noise->overlap, 0, (size_t)noise->hop * 2 * sizeof(float));
}

void ddsp_noise_target(ddsp_noise *noise, const float *magnitudes, float fraction)
{
    for (int b = 0; b < noise->n_bands; b++) {
        noise->start[b] = ddsp_ramp_value(noise->start[b], noise->target[b], fraction);
        noise->target[b] = ddsp_flush(ddsp_within(magnitudes[b], 0.0f, LARGEST_GAIN), LEAST_GAIN);
    }
}

/* The random spectrum of one frame. */
DDSP_INLINE void spectrum_body(const ddsp_noise *noise, const float *gains,
                               float *restrict re, float *restrict im)
{
    const uint64_t keys = ddsp_random_keys(noise->seed, noise->frame);
    const int *restrict band = noise->band;
    const float *restrict share = noise->share;
    for (int k = 1; k <= noise->n_bins; k++) {
        const float low = gains[band[k]], high = gains[band[k] + 1];
        const float gain = low + share[k] * (high - low);
        const uint32_t bits = ddsp_random_bits(keys, (uint32_t)k);
        re[k] = gain * ddsp_random_low(bits);
        im[k] = gain * ddsp_random_high(bits);
    }
    for (int k = noise->n_bins + 1; k < noise->hop; k++)
        re[k] = im[k] = 0.0f;
}

DDSP_CPU_DISPATCH(static, spectrum,
         (const ddsp_noise *noise, const float *gains, float *restrict re, float *restrict im),
         (noise, gains, re, im))

void ddsp_noise_gains(const ddsp_noise *noise, float fraction, float *gains)
{
    if (fraction >= 1.0f) {
        memcpy(gains, noise->target, (size_t)noise->n_bands * sizeof *gains);
        return;
    }
    for (int b = 0; b < noise->n_bands; b++)
        gains[b] = noise->start[b] + fraction * (noise->target[b] - noise->start[b]);
}

void ddsp_noise_frame(ddsp_noise *noise, const float *gains)
{
    const int hop = noise->hop;
    float loudest = 0.0f;
    for (int b = 0; b < noise->n_bands; b++)
        loudest = gains[b] > loudest ? gains[b] : loudest;
    float *overlap = noise->overlap;
    if (noise->sounding) {
        memcpy(overlap, overlap + hop, (size_t)hop * sizeof(float));
        memset(overlap + hop, 0, (size_t)hop * sizeof(float));
    }
    if (loudest > 0.0f) {
        spectrum(noise, gains, noise->fft.re, noise->fft.im);
        ddsp_fft_inverse(&noise->fft, noise->frame_out);
        const float *restrict x = noise->frame_out, *restrict window = noise->window;
        for (int i = 0; i < hop; i++)
            overlap[i] += x[i] * window[i];
        for (int i = hop; i < 2 * hop; i++)
            overlap[i] = x[i] * window[i];
    }
    /* 2: this frame sounds, 1: only the end of the last one. */
    noise->sounding = loudest > 0.0f ? 2 : noise->sounding == 2 ? 1 : 0;
    noise->frame++;
}

int ddsp_noise_until_frame(const ddsp_noise *noise)
{
    return noise->at == 0 ? 0 : noise->hop - noise->at;
}

int ddsp_noise_add(ddsp_noise *noise, float *out, int n)
{
    const int left = noise->hop - noise->at;
    const int count = n < left ? n : left;
    if (noise->sounding)
        for (int i = 0; i < count; i++)
            out[i] += noise->overlap[noise->at + i];
    noise->at = count == left ? 0 : noise->at + count;
    return count;
}

void ddsp_noise_render(ddsp_noise *noise, const ddsp_ramp *ramp, float *out, int n)
{
    if (noise->n_bands == 0)
        return;
    for (int done = 0; done < n;) {
        if (noise->at == 0) {
            float gains[DDSP_MAX_NOISE_BANDS];
            ddsp_noise_gains(noise, ddsp_ramp_fraction(ramp, done + 1 + noise->hop), gains);
            ddsp_noise_frame(noise, gains);
        }
        done += ddsp_noise_add(noise, out + done, n - done);
    }
}
