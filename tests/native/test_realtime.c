/* What the audio thread calls, under clang's RealtimeSanitizer: a synth part and an effect part with
 * networks, two conditioned models, cross-fades, panics, a test signal, hostile input. In every
 * ddsp_rig_process a call that may block or allocate ends the program (test_realtime.py). With an
 * argument one is made on purpose.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include "ddsp_kernel.h"

#ifdef DDSP_RTSAN
#define NONBLOCKING __attribute__((nonblocking))
#else
#define NONBLOCKING
#endif

enum { RATE = 48000, BLOCK = 96, HARMONICS = 100, BANDS = 65, UNITS = 16, VOICES = 6 };

static uint32_t state = 1;

static float uniform(void)
{
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) * 0x1p-24f;
}

static ddsp_layer layer(int n_in, int n_out)
{
    float *numbers = malloc((size_t)(n_in + 1) * (size_t)n_out * sizeof *numbers);
    if (!numbers)
        exit(3);
    for (int i = 0; i < (n_in + 1) * n_out; i++)
        numbers[i] = uniform() - 0.5f;
    return (ddsp_layer){numbers, numbers + n_in * n_out, n_in, n_out};
}

static ddsp_network *network(void)
{
    ddsp_network_weights w = {
        .n_harmonics = HARMONICS, .n_noise = BANDS, .pitch_centre = 0.5f, .pitch_slope = 8.0f,
        .loudness_centre = 0.6f, .loudness_slope = 4.0f, .leak = 0.1f, .gain_centre = 1.0f,
        .gain_slope = 9.21f, .gain_floor = 1e-4f, .amplitude_low = -6.0f, .amplitude_high = 0.0f,
        .noise_low = -16.0f, .noise_high = -5.0f, .state_size = UNITS, .n_layers = 1};
    w.layers[0] = layer(2, UNITS);
    for (int i = 0; i < 6; i++)
        w.gates[i] = layer(UNITS, UNITS);
    w.merge[0] = layer(UNITS, UNITS);
    w.merge[1] = layer(UNITS, UNITS);
    w.amplitude = layer(UNITS, 1);
    w.harmonics = layer(UNITS, HARMONICS);
    w.noise = layer(UNITS, BANDS);
    ddsp_network *made = ddsp_network_new();
    return ddsp_network_prepare(made, &w) == DDSP_OK ? made : NULL;
}

/* With two models on the way from one to the other. */
static ddsp_part *part(int listens, int two)
{
    const ddsp_conditioned_model one = {network(), HARMONICS, BANDS, 24000.0, 0.005, 300.0,
                                        2.0, 100.0, 4000.0, 24.0, NULL};
    ddsp_conditioned_model other = one;
    other.network = network();
    other.hop_s = 0.002;
    ddsp_conditioner *conditioner = ddsp_conditioner_new();
    ddsp_part *made = ddsp_part_new();
    const int voices = listens ? 1 : VOICES;
    const ddsp_conditioning settings = {.morph = two ? 0.5f : 0.0f};
    if (!one.network || !other.network
        || ddsp_conditioner_prepare(conditioner, voices, &one, two ? &other : NULL, settings)
               != DDSP_OK
        || ddsp_part_prepare(made, RATE, BLOCK, voices, HARMONICS, BANDS, RATE / 2.0, 0.005,
                             listens, 1) != DDSP_OK
        || ddsp_part_set_conditioner(made, conditioner) != DDSP_OK)
        exit(4);
    return made;
}

static void play(ddsp_part *synth)
{
    ddsp_event event = {.kind = DDSP_EVENT_START, .voice = (int)(uniform() * VOICES)};
    const float kind = uniform();
    event.note = (ddsp_note){.version = DDSP_NOTE_VERSION, .pitch = 40.0f + 50.0f * uniform(),
                             .velocity = uniform(), .glide_s = uniform() < 0.3f ? 0.1f : 0.0f,
                             .glide_from = -1.0f};
    if (kind > 0.5f)
        event.kind = kind > 0.8f ? DDSP_EVENT_TOUCH : DDSP_EVENT_RELEASE;
    event.touch = (ddsp_touch){uniform(), uniform(), uniform(), 0.0f, uniform()};
    ddsp_part_send_event(synth, &event);
}

/* What the audio thread does; the sanitizer watches whatever is called from here. */
static void audio(ddsp_rig *rig, const float *in, float *out, int n, int broken) NONBLOCKING;
static void audio(ddsp_rig *rig, const float *in, float *out, int n, int broken)
{
    ddsp_rig_process(rig, in, out, n);
    if (broken) {
        void *volatile memory = malloc((size_t)n);
        free(memory);
    }
}

int main(int argc, char **argv)
{
    static float in[2 * BLOCK], out[2 * BLOCK], signal[RATE], heard[2 * RATE];
    const int broken = argc > 1 && argv[1];
    const int wake_fd = eventfd(0, EFD_NONBLOCK);
    ddsp_rig *rig = ddsp_rig_new();
    ddsp_part *synth = part(0, 0);
    if (ddsp_rig_prepare(rig, RATE, BLOCK, -1) != DDSP_OK
        || ddsp_rig_play(rig, synth, 0.0f, 0.05f) != 1)
        return 2;
    ddsp_rig_set(rig, DDSP_REVERB_WET, 0.3f);
    int good = 1, turns = 0;
    for (int block = 0; block < 4000; block++) {
        for (int i = 0; i < 2 * BLOCK; i++)
            in[i] = 0.3f * sinf(0.03f * (float)(block * BLOCK + i / 2));
        if (block % 97 == 0)
            in[block % BLOCK] = block % 2 ? NAN : INFINITY;
        if (block % 3 == 0)
            play(synth);
        if (block % 500 == 250) { /* another instrument: by turns an ear, and two models */
            ddsp_part *next = part(turns % 2 == 0, turns % 3 == 1);
            if (ddsp_rig_play(rig, next, 0.01f, 0.05f) == 1 && turns % 2)
                synth = next;
            turns++;
        }
        if (block % 700 == 600)
            ddsp_rig_panic(rig);
        if (block == 1000)
            ddsp_rig_test(rig, signal, RATE, 1.0f, 0.5f, heard);
        ddsp_rig_set(rig, DDSP_BYPASS, block % 400 > 350 ? 1.0f : 0.0f);
        ddsp_rig_set(rig, DDSP_GAIN_LEFT, block % 300 > 250 ? 8.0f : 1.0f); /* the limiter works */
        audio(rig, in, out, 1 + block % BLOCK, broken && block == 1500);
        for (int i = 0; i < 2 * (1 + block % BLOCK); i++)
            good &= isfinite(out[i]);
        ddsp_tick ticks[64];
        ddsp_part_read_ticks(synth, ticks, 64);
        for (ddsp_part *left; (left = ddsp_rig_retired(rig)) != NULL;)
            if (left != synth)
                ddsp_part_free(left);
    }
    printf("%s\n", good && turns > 5 ? "good" : "not finite");
    close(wake_fd);
    return !good;
}
