#include "noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define PI 3.14159265358979323846
#define FRAME_S 0.005 /* the shortest frame: shorter ones would blur the filter */

int noise_prepare(noise *n, double sample_rate, int bands, double band_limit_hz, uint32_t seed)
{
    noise_free(n);
    n->bands = bands;
    n->seed = seed;
    if (bands == 0) return 0;
    double least = 2.0 * (bands - 1) * 0.5 * sample_rate / band_limit_hz;
    if (least < FRAME_S * sample_rate) least = FRAME_S * sample_rate;
    n->size = 16;
    while (n->size < least) n->size *= 2;
    n->hop = n->size / 2;
    double limit_bin = band_limit_hz / sample_rate * n->size;
    n->bins = limit_bin < n->hop ? (int)floor(limit_bin) + 1 : n->hop;
    /* A bin's two parts have variance 1/3 each; over the bins up to the band limit
     * they must add up to the variance 1/3 of uniform white noise. */
    n->scale = (float)(sqrt(n->size * sample_rate / (4.0 * band_limit_hz)) / n->size);
    size_t size = (size_t)n->size;
    n->low = calloc((size_t)n->bins, sizeof *n->low);
    n->part = calloc((size_t)n->bins, sizeof *n->part);
    n->window = calloc(size, sizeof(float));
    n->spectrum = calloc(size + 2, sizeof(float));
    n->sound = calloc(size, sizeof(float));
    n->tail = calloc(size / 2, sizeof(float));
    n->now = calloc(size / 2, sizeof(float));
    if (!n->low || !n->part || !n->window || !n->spectrum || !n->sound || !n->tail || !n->now ||
        fft_prepare(&n->transform, n->size) != 0) {
        noise_free(n);
        return -1;
    }
    for (int i = 0; i < n->bins; i++) {
        double at = (double)i / limit_bin * (bands - 1);
        int low = (int)at;
        if (low > bands - 2) low = bands - 2;
        n->low[i] = low;
        n->part[i] = (float)fmin(at - low, 1.0);
    }
    for (int i = 0; i < n->size; i++) n->window[i] = (float)sin(PI * (i + 0.5) / n->size);
    noise_reset(n);
    return 0;
}

void noise_free(noise *n)
{
    fft_free(&n->transform);
    free(n->low);
    free(n->part);
    free(n->window);
    free(n->spectrum);
    free(n->sound);
    free(n->tail);
    free(n->now);
    memset(n, 0, sizeof *n);
}

void noise_reset(noise *n)
{
    if (n->bands == 0) return;
    n->frame = 0;
    n->position = n->hop;
    memset(n->tail, 0, sizeof(float) * (size_t)n->hop);
}

void noise_frame(noise *n, const float *magnitudes)
{
    int hop = n->hop;
    float most = 0.0f;
    for (int i = 0; i < n->bands; i++) most = magnitudes[i] > most ? magnitudes[i] : most;
    n->position = 0;
    uint64_t frame = random_frame(n->seed, n->frame++);
    if (most == 0.0f) {
        memcpy(n->now, n->tail, sizeof(float) * (size_t)hop);
        memset(n->tail, 0, sizeof(float) * (size_t)hop);
        return;
    }
    /* Bin 0 and the last one stay 0: no offset, nothing at half the rate. */
    for (int i = 1; i < n->bins; i++) {
        const float *m = magnitudes + n->low[i];
        float gain = (m[0] + (m[1] - m[0]) * n->part[i]) * n->scale;
        uint64_t bits = random_bits(frame, (uint32_t)i);
        n->spectrum[2 * i] = gain * random_uniform((uint32_t)bits);
        n->spectrum[2 * i + 1] = gain * random_uniform((uint32_t)(bits >> 32));
    }
    fft_inverse(&n->transform, n->spectrum, n->sound);
    for (int i = 0; i < hop; i++) {
        n->now[i] = n->tail[i] + n->sound[i] * n->window[i];
        n->tail[i] = n->sound[hop + i] * n->window[hop + i];
    }
}

void noise_add(noise *n, float *out, int count)
{
    const float *from = n->now + n->position;
    for (int i = 0; i < count; i++) out[i] += from[i];
    n->position += count;
}
