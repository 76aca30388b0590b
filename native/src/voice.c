/* One voice: ramps of the controls, harmonics, noise. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ddsp_kernel.h"
#include "guard.h"
#include "harmonic.h"
#include "noise.h"

#define MIN_F0_HZ 10.0f        /* below this there is no tone */
#define MAX_GAIN 10.0f
#define MAX_WEIGHT 1e6f
#define INAUDIBLE 1e-9f        /* an amplitude below -180 dB is 0 */
#define SILENT 1e-5f           /* the sum of amplitudes below which f0 jumps */
#define FADE 0.05f             /* harmonics fade over this share of the rate before Nyquist */
#define MAX_RAMP_S 10.0f

struct ddsp_voice {
    double rate, band_limit;
    int max_block, harmonics, bands;
    int ramp, position;        /* samples of the ramp, and how many are behind */
    double f0, f0_slope, f0_target;     /* f0 at the start of the ramp, per sample */
    uint64_t phase;            /* of the fundamental, 2^64 a turn */
    int active;                /* harmonics that sound at either end of the ramp */
    float start[DDSP_MAX_HARMONICS], slope[DDSP_MAX_HARMONICS], target[DDSP_MAX_HARMONICS];
    float noise_start[DDSP_MAX_NOISE_BANDS], noise_slope[DDSP_MAX_NOISE_BANDS],
        noise_target[DDSP_MAX_NOISE_BANDS];
    noise noise;
};

ddsp_voice *ddsp_voice_new(void)
{
    return calloc(1, sizeof(ddsp_voice));
}

void ddsp_voice_free(ddsp_voice *v)
{
    if (!v) return;
    noise_free(&v->noise);
    free(v);
}

int ddsp_voice_prepare(ddsp_voice *v, double sample_rate, int max_block, int n_harmonics,
                       int n_noise, double band_limit_hz, uint32_t seed)
{
    if (!(sample_rate >= 8000.0 && sample_rate <= 384000.0) || max_block < 1 ||
        max_block > DDSP_MAX_BLOCK || n_harmonics < 0 || n_harmonics > DDSP_MAX_HARMONICS ||
        n_noise < 0 || n_noise == 1 || n_noise > DDSP_MAX_NOISE_BANDS ||
        !(band_limit_hz >= 1000.0 && band_limit_hz <= 192000.0))
        return DDSP_BAD_ARGUMENT;
    v->rate = sample_rate;
    v->band_limit = band_limit_hz;
    v->max_block = max_block;
    v->harmonics = n_harmonics;
    v->bands = n_noise;
    if (noise_prepare(&v->noise, sample_rate, n_noise, band_limit_hz, seed) != 0) {
        v->harmonics = v->bands = 0;
        return DDSP_NO_MEMORY;
    }
    ddsp_voice_reset(v);
    return DDSP_OK;
}

void ddsp_voice_reset(ddsp_voice *v)
{
    v->ramp = 1;
    v->position = 1;
    v->f0 = v->f0_slope = v->f0_target = 0.0;
    v->phase = 0;
    v->active = 0;
    memset(v->start, 0, sizeof v->start);
    memset(v->slope, 0, sizeof v->slope);
    memset(v->target, 0, sizeof v->target);
    memset(v->noise_start, 0, sizeof v->noise_start);
    memset(v->noise_slope, 0, sizeof v->noise_slope);
    memset(v->noise_target, 0, sizeof v->noise_target);
    noise_reset(&v->noise);
}

/* The value at the present moment becomes the start of a new ramp. */
static void here(float *start, const float *slope, const float *target, int n, int at, int ramp)
{
    for (int i = 0; i < n; i++) {
        float now = at >= ramp ? target[i] : start[i] + slope[i] * (float)at;
        start[i] = now > 0.0f ? now : 0.0f; /* rounding may end a hair below 0 */
    }
}

void ddsp_voice_set_frame(ddsp_voice *v, float f0_hz, float amplitude,
                          const float *harmonic_distribution, const float *noise_magnitudes,
                          float ramp_s)
{
    float nyquist = (float)(0.5 * v->rate);
    int at = v->position, old = v->ramp, n = v->harmonics;
    here(v->start, v->slope, v->target, n, at, old);
    here(v->noise_start, v->noise_slope, v->noise_target, v->bands, at, old);
    v->f0 = at >= old ? v->f0_target : v->f0 + v->f0_slope * at;

    ramp_s = guard_clamp(ramp_s, 0.0f, MAX_RAMP_S);
    int ramp = (int)lround(ramp_s * v->rate);
    v->ramp = ramp > 1 ? ramp : 1;
    v->position = 0;
    float per_sample = 1.0f / (float)v->ramp;

    float f0 = guard_clamp(f0_hz, 0.0f, nyquist);
    amplitude = f0 < MIN_F0_HZ ? 0.0f : guard_clamp(amplitude, 0.0f, MAX_GAIN);
    float sum = 0.0f, sounding = 0.0f;
    for (int k = 0; k < n; k++) {
        int masked = (double)(k + 1) * f0 >= v->band_limit;
        v->target[k] = masked ? 0.0f : guard_clamp(harmonic_distribution[k], 0.0f, MAX_WEIGHT);
        sum += v->target[k];
        sounding += v->start[k];
    }
    float scale = sum > 1e-20f ? amplitude / sum : 0.0f;
    v->active = 0;
    for (int k = 0; k < n; k++) {
        /* Nothing is made louder in place of what the card cannot play. */
        float fade = (nyquist - (float)(k + 1) * f0) / (FADE * (float)v->rate);
        float a = v->target[k] * scale * guard_clamp(fade, 0.0f, 1.0f);
        v->target[k] = a < INAUDIBLE ? 0.0f : a;
        v->slope[k] = (v->target[k] - v->start[k]) * per_sample;
        if (v->target[k] > 0.0f || v->start[k] > 0.0f) v->active = k + 1;
    }
    for (int i = 0; i < v->bands; i++) {
        float m = guard_clamp(noise_magnitudes[i], 0.0f, MAX_GAIN);
        v->noise_target[i] = m < INAUDIBLE ? 0.0f : m;
        v->noise_slope[i] = (v->noise_target[i] - v->noise_start[i]) * per_sample;
    }
    if (f0 < MIN_F0_HZ) f0 = (float)v->f0; /* no pitch: keep the one there is */
    if (sounding < SILENT) v->f0 = f0;
    v->f0_target = f0;
    v->f0_slope = (f0 - v->f0) / v->ramp;
}

/* The ramp is over: hold its end exactly. */
static void hold(ddsp_voice *v)
{
    memcpy(v->start, v->target, sizeof v->start);
    memset(v->slope, 0, sizeof v->slope);
    memcpy(v->noise_start, v->noise_target, sizeof v->noise_start);
    memset(v->noise_slope, 0, sizeof v->noise_slope);
    v->f0 = v->f0_target;
    v->f0_slope = 0.0;
    for (v->active = v->harmonics; v->active > 0 && v->start[v->active - 1] == 0.0f;) v->active--;
}

/* Up to HARMONIC_BLOCK samples inside one ramp (or after it). */
static void render_harmonics(ddsp_voice *v, float *out, int n)
{
    uint32_t phase[HARMONIC_BLOCK] = {0};
    float sound[HARMONIC_BLOCK];
    const double turn = 18446744073709551616.0; /* 2^64 */
    int at = v->position + 1;
    for (int i = 0; i < n; i++) {
        phase[i] = (uint32_t)(v->phase >> 32);
        v->phase += (uint64_t)((v->f0 + v->f0_slope * (at + i)) / v->rate * turn);
    }
    if (v->active == 0) {
        memset(out, 0, sizeof(float) * (size_t)n);
        return;
    }
    harmonic_block(phase, v->start, v->slope, v->active, (float)at, sound);
    memcpy(out, sound, sizeof(float) * (size_t)n);
}

static void next_noise_frame(ddsp_voice *v)
{
    float magnitudes[DDSP_MAX_NOISE_BANDS];
    int at = v->position + v->noise.hop; /* a frame sounds loudest one hop ahead */
    for (int i = 0; i < v->bands; i++) {
        float m = at >= v->ramp ? v->noise_target[i]
                                : v->noise_start[i] + v->noise_slope[i] * (float)at;
        magnitudes[i] = m > 0.0f ? m : 0.0f;
    }
    noise_frame(&v->noise, magnitudes);
}

void ddsp_voice_render(ddsp_voice *v, float *out, int n)
{
    for (int done = 0; done < n;) {
        int count = n - done < HARMONIC_BLOCK ? n - done : HARMONIC_BLOCK;
        if (v->position < v->ramp && v->ramp - v->position < count) count = v->ramp - v->position;
        if (v->bands > 0) {
            if (noise_left(&v->noise) == 0) next_noise_frame(v);
            if (noise_left(&v->noise) < count) count = noise_left(&v->noise);
        }
        render_harmonics(v, out + done, count);
        if (v->bands > 0) noise_add(&v->noise, out + done, count);
        for (int i = done; i < done + count; i++) out[i] = guard_tiny(out[i]);
        if (v->position < v->ramp) {
            v->position += count;
            if (v->position >= v->ramp) hold(v);
        }
        done += count;
    }
}
