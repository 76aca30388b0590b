/* A voice: the harmonic bank and the noise, or two of them, on one ramp clock. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ddsp_kernel.h"
#include "common/sanitize.h"
#include "synthesis/harmonic.h"
#include "synthesis/noise.h"
#include "synthesis/noise_bank.h"
#include "synthesis/random.h"
#include "common/ramp.h"

#define LARGEST_AMPLITUDE 10.0f
#define LONGEST_RAMP_S 10.0f
#define LEAST_SAMPLE 1e-30f
#define LONGEST_LEAP_S 0.025   /* in more time it is a glide */

struct ddsp_voice {
    double sample_rate;     /* 0 until prepared */
    ddsp_ramp ramp;
    ddsp_harmonic harmonic;
    ddsp_harmonic left;         /* the pitch before a leap, while it fades */
    ddsp_fft fft;               /* of the harmonics' tables */
    ddsp_noise noise, second;   /* second: of no bands where there is none */
};

ddsp_voice *ddsp_voice_new(void)
{
    return calloc(1, sizeof(ddsp_voice));
}

void ddsp_voice_free(ddsp_voice *voice)
{
    if (voice) {
        ddsp_fft_free(&voice->fft);
        ddsp_noise_free(&voice->noise);
        ddsp_noise_free(&voice->second);
    }
    free(voice);
}

int ddsp_voice_prepare(ddsp_voice *voice, double sample_rate, int max_block,
                       int n_harmonics, int n_noise, double band_limit_hz, uint32_t seed)
{
    if (!voice || !(sample_rate >= 8000.0 && sample_rate <= 384000.0) || max_block < 1
        || max_block > DDSP_MAX_BLOCK || n_harmonics < 0 || n_harmonics > DDSP_MAX_HARMONICS
        || n_noise < 0 || n_noise == 1 || n_noise > DDSP_MAX_NOISE_BANDS
        || !(band_limit_hz >= 1000.0 && band_limit_hz <= 384000.0))
        return DDSP_BAD_ARGUMENT;
    ddsp_noise_free(&voice->noise);
    ddsp_noise_free(&voice->second);
    voice->sample_rate = 0.0;
    ddsp_fft_free(&voice->fft);
    if (!ddsp_fft_prepare(&voice->fft, DDSP_TABLE_POINTS))
        return DDSP_NO_MEMORY;
    ddsp_harmonic_table_prepare();
    ddsp_harmonic_prepare(&voice->harmonic, &voice->fft, sample_rate, n_harmonics,
                          band_limit_hz);
    const int status =
        ddsp_noise_prepare(&voice->noise, sample_rate, n_noise, band_limit_hz, seed);
    if (status != DDSP_OK) {
        ddsp_noise_free(&voice->noise);
        return status;
    }
    voice->sample_rate = sample_rate;
    ddsp_voice_reset(voice);
    return DDSP_OK;
}

int ddsp_voice_prepare_second(ddsp_voice *voice, int n_second, double second_limit_hz)
{
    if (!voice || voice->sample_rate == 0.0 || n_second < 2 || n_second > DDSP_MAX_NOISE_BANDS
        || !(second_limit_hz >= 1000.0 && second_limit_hz <= 384000.0))
        return DDSP_BAD_ARGUMENT;
    ddsp_noise_free(&voice->second);
    const int status = ddsp_noise_prepare(&voice->second, voice->sample_rate, n_second,
                                          second_limit_hz, ddsp_second_seed(voice->noise.seed));
    if (status != DDSP_OK) {
        ddsp_noise_free(&voice->second);
        return status;
    }
    if (second_limit_hz > voice->harmonic.band_limit_hz)
        voice->harmonic.band_limit_hz = second_limit_hz;
    ddsp_voice_reset(voice);
    return DDSP_OK;
}

void ddsp_voice_reset(ddsp_voice *voice)
{
    ddsp_ramp_begin(&voice->ramp, 0.0, voice->sample_rate);
    ddsp_harmonic_reset(&voice->harmonic);
    ddsp_harmonic_reset(&voice->left);
    ddsp_noise_reset(&voice->noise);
    ddsp_noise_reset(&voice->second);
}

/* A leap is a cross-fade: the old pitch fades where it is, the new one comes out of
 * silence. One at a time: a leap within a leap's ramp glides. */
static void leap(ddsp_voice *voice, float f0_hz, float fraction)
{
    if (voice->ramp.length > LONGEST_LEAP_S * voice->sample_rate
        || ddsp_harmonic_level(&voice->left, fraction) > 0.0f
        || !ddsp_harmonic_leaps(&voice->harmonic, f0_hz, fraction))
        return;
    voice->left = voice->harmonic;
    ddsp_harmonic_silence(&voice->harmonic);
}

void ddsp_voice_set_frame(ddsp_voice *voice, float f0_hz, float amplitude,
                          const float *harmonic_distribution, const float *noise_magnitudes,
                          float ramp_s)
{
    if (voice->sample_rate == 0.0)
        return;
    const float fraction = ddsp_ramp_fraction(&voice->ramp, 0);
    ddsp_ramp_begin(&voice->ramp, ddsp_within(ramp_s, 0.0f, LONGEST_RAMP_S),
                    voice->sample_rate);
    leap(voice, f0_hz, fraction);
    if (voice->left.n_active) /* without a pitch: it fades */
        ddsp_harmonic_target(&voice->left, 0.0f, 0.0f, harmonic_distribution, fraction,
                             voice->ramp.length);
    ddsp_harmonic_target(&voice->harmonic, f0_hz,
                         ddsp_within(amplitude, 0.0f, LARGEST_AMPLITUDE),
                         harmonic_distribution, fraction, voice->ramp.length);
    ddsp_noise_target(&voice->noise, noise_magnitudes, fraction);
    ddsp_noise_target(&voice->second, noise_magnitudes + voice->noise.n_bands, fraction);
}

void ddsp_voice_match_phase(ddsp_voice *voice, const ddsp_voice *other)
{
    voice->harmonic.phase = other->harmonic.phase;
    voice->left.phase = other->left.phase;
}

static void render_harmonics(ddsp_voice *voice, float *out, int n)
{
    for (int done = 0; done < n; done += DDSP_HARMONIC_CHUNK) {
        const int count = n - done < DDSP_HARMONIC_CHUNK ? n - done : DDSP_HARMONIC_CHUNK;
        ddsp_harmonic_render(&voice->harmonic, &voice->ramp, done, out + done, count);
        if (voice->left.n_active == 0)
            continue;
        float fading[DDSP_HARMONIC_CHUNK];
        ddsp_harmonic_render(&voice->left, &voice->ramp, done, fading, count);
        for (int i = 0; i < count; i++)
            out[done + i] += fading[i];
    }
}

/* What is rendered is sane, and time goes on. */
static void finish(ddsp_voice *voice, float *out, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = ddsp_flush(out[i], LEAST_SAMPLE);
    ddsp_ramp_advance(&voice->ramp, n);
}

void ddsp_voice_render(ddsp_voice *voice, float *out, int n)
{
    if (voice->sample_rate == 0.0) {
        memset(out, 0, (size_t)n * sizeof *out);
        return;
    }
    render_harmonics(voice, out, n);
    ddsp_noise_render(&voice->noise, &voice->ramp, out, n);
    ddsp_noise_render(&voice->second, &voice->ramp, out, n);
    finish(voice, out, n);
}

void ddsp_voice_render_shared(ddsp_voice *voice, ddsp_noise_bank *bank, int offset, float *out,
                              int n)
{
    if (voice->sample_rate == 0.0) {
        memset(out, 0, (size_t)n * sizeof *out);
        return;
    }
    render_harmonics(voice, out, n);
    ddsp_noise_bank_put(bank, &voice->noise, &voice->second, &voice->ramp, offset, n);
    finish(voice, out, n);
}
