/* A decoder: one voice's steps through a network, from Hz and dB to controls. */
#include <math.h>
#include <string.h>

#include "decoder/network.h"
#include "common/cpu_dispatch.h"
#include "common/sanitize.h"

#define SILENCE_DB (-80.0)
#define LEAST_HZ 1e-3f    /* below it there is no pitch */
#define NOTE_OF_A4 69.0   /* MIDI, at 440 Hz; 127 is the highest */
#define LOG2_OF_A4 8.7813597135246608

#if defined(DDSP_SCALAR)
#define NET_BYTES 4
#define NET_SETS 1
#else
#define NET_BYTES 16
#ifdef __aarch64__
#define NET_SETS 2 /* of 32 registers, 16 are sums */
#else
#define NET_SETS 1
#endif
#endif
#define NET_NAME(name) name##_portable
#define NET_TARGET
#include "decoder/network_step.h"

#ifdef DDSP_HAS_AVX2
#define NET_BYTES 32
#define NET_SETS 2
#define NET_NAME(name) name##_avx2
#define NET_TARGET DDSP_AVX2
#include "decoder/network_step.h"
#endif

static int decode(const ddsp_network *network, float *x, float *state, float gain, float *head,
                  float *amplitude)
{
#ifdef DDSP_HAS_AVX2
    if (ddsp_use_avx2())
        return decode_avx2(network, x, state, gain, head, amplitude);
#endif
    return decode_portable(network, x, state, gain, head, amplitude);
}

void ddsp_decoder_reset(ddsp_decoder_state *state)
{
    memset(state->state, 0, sizeof state->state);
}

/* MIDI note / 127 within 0..1; 0 without a pitch. */
static float scaled_f0(float f0_hz)
{
    if (!(f0_hz > 0.0f))
        return 0.0f;
    const double note = NOTE_OF_A4 + 12.0 * (log2((double)f0_hz) - LOG2_OF_A4);
    return (float)(note < 0.0 ? 0.0 : note > 127.0 ? 1.0 : note / 127.0);
}

static float scaled_loudness(float loudness_db)
{
    if (!(loudness_db > SILENCE_DB)) /* also NaN */
        return 0.0f;
    return loudness_db >= 0.0f ? 1.0f : (float)((double)loudness_db / -SILENCE_DB + 1.0);
}

void ddsp_decoder_step(const ddsp_network *network, ddsp_decoder_state *state,
                       const ddsp_feature_frame *in, ddsp_control_frame *out)
{
    const ddsp_network_weights *facts = &network->facts;
    float x[2 + DDSP_MAX_STATE], head[DDSP_NET_HEAD], amplitude;
    out->f0_hz = in->f0_hz > LEAST_HZ && in->f0_hz < INFINITY ? in->f0_hz : 0.0f;
    const float loudness = scaled_loudness(in->loudness_db);
    x[0] = (scaled_f0(out->f0_hz) - facts->pitch_centre) * facts->pitch_slope;
    x[1] = (loudness - facts->loudness_centre) * facts->loudness_slope;
    const float louder =
        expf((loudness - facts->gain_centre) * facts->gain_slope) - facts->gain_floor;
    const float gain = louder > 0.0f ? louder : 0.0f;
    if (!network->memory
        || !decode(network, x, state->state, gain, head, &amplitude)) {
        state->faults++;
        ddsp_decoder_reset(state);
        out->amplitude = 0.0f;
        memset(out->harmonic_distribution, 0, (size_t)facts->n_harmonics * sizeof(float));
        memset(out->noise_magnitudes, 0, (size_t)facts->n_noise * sizeof(float));
        return;
    }
    const float within = ddsp_within(amplitude, facts->amplitude_low, facts->amplitude_high);
    out->amplitude = ddsp_flush(gain * expf(within), 1e-30f);
    memcpy(out->harmonic_distribution, head, (size_t)facts->n_harmonics * sizeof(float));
    memcpy(out->noise_magnitudes, head + DDSP_NET_ROUND(facts->n_harmonics),
           (size_t)facts->n_noise * sizeof(float));
}
