/* The kernel on its own, for the sanitizers and for counting allocations: every
 * function, every block size that matters, sane and hostile input. Prints what is
 * wrong and exits 1; test_kernel_c.py compiles and runs it.
 *
 * malloc and its kin are wrapped (-Wl,--wrap): each call is counted, so that what
 * runs between quiet() and loud() is known to have made none.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ddsp_kernel.h"

static long allocations;
static int failures, refuse;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

/* refuse n > 0: the n-th call from now fails, once. */
static int refused(void)
{
    allocations++;
    return refuse > 0 && --refuse == 0;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refused() ? NULL : __real_realloc(old, size);
}

void __wrap_free(void *memory)
{
    allocations++;
    __real_free(memory);
}

static void check(int holds, const char *what)
{
    if (!holds) {
        printf("FAILED: %s\n", what);
        failures++;
    }
}

static uint32_t state = 1;

static float uniform(void)
{
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 16777216.0f;
}

/* Mostly sane, now and then what no decoder should give. */
static float control(float high)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, -1.0f, 1e-45f, 1e-39f, 3e38f, 0.0f};
    return uniform() < 0.02f ? bad[(int)(uniform() * 8.0f)] : high * uniform();
}

static int clean(const float *x, int n)
{
    for (int i = 0; i < n; i++)
        if (!isfinite(x[i]) || fpclassify(x[i]) == FP_SUBNORMAL)
            return 0;
    return 1;
}

static float mono[DDSP_MAX_BLOCK], stereo[2 * DDSP_MAX_BLOCK];
static const int blocks[] = {0, 1, 15, 16, 17, 64, 127, 480, 1024, DDSP_MAX_BLOCK};
enum { BLOCKS = sizeof blocks / sizeof *blocks };

static void test_voice(double rate, int n_harmonics, int n_noise, double limit_hz)
{
    float weights[DDSP_MAX_HARMONICS], magnitudes[DDSP_MAX_NOISE_BANDS];
    ddsp_voice *voice = ddsp_voice_new();
    ddsp_voice_render(voice, mono, 16); /* before prepare: silence */
    check(ddsp_voice_prepare(voice, rate, DDSP_MAX_BLOCK, n_harmonics, n_noise, limit_hz, 9)
              == DDSP_OK, "voice prepare");
    const long before = allocations;
    int good = 1;
    for (int frame = 0; frame < 400; frame++) {
        for (int k = 0; k < n_harmonics; k++)
            weights[k] = control(1.0f);
        for (int b = 0; b < n_noise; b++)
            magnitudes[b] = frame % 50 < 40 ? control(0.3f) : 0.0f;
        ddsp_voice_set_frame(voice, control(2000.0f), control(1.0f), weights, magnitudes,
                             control(0.02f));
        const int n = blocks[frame % BLOCKS];
        ddsp_voice_render(voice, mono, n);
        good &= clean(mono, n);
        if (frame == 200)
            ddsp_voice_reset(voice);
    }
    check(allocations == before, "the voice allocates nothing after prepare");
    check(good, "the voice's samples are clean");
    /* A second prepare is a new start, not a leak. */
    check(ddsp_voice_prepare(voice, 48000.0, 64, 4, 5, 8000.0, 1) == DDSP_OK, "prepare again");
    check(ddsp_voice_prepare(voice, 1.0, 64, 4, 5, 8000.0, 1) == DDSP_BAD_ARGUMENT, "bad rate");
    ddsp_voice_free(voice);
}

/* Voices of one noise, their frames falling anywhere in the block. */
static void test_noise_bank(double rate)
{
    enum { VOICES = 3 };
    static float weights[DDSP_MAX_HARMONICS], magnitudes[2 * DDSP_MAX_NOISE_BANDS];
    static float piece[DDSP_MAX_BLOCK];
    ddsp_voice *voice[VOICES];
    ddsp_noise_bank *bank = ddsp_noise_bank_new();
    ddsp_noise_bank_render(bank, mono, 16); /* before prepare: nothing is added */
    check(ddsp_noise_bank_prepare(bank, rate, DDSP_MAX_BLOCK, 65, 8000.0, 9) == DDSP_OK
              && ddsp_noise_bank_prepare_second(bank, 33, 24000.0) == DDSP_OK, "bank prepare");
    for (int v = 0; v < VOICES; v++) {
        voice[v] = ddsp_voice_new();
        ddsp_voice_render_shared(voice[v], bank, 0, mono, 16); /* before prepare: silence */
        check(ddsp_voice_prepare(voice[v], rate, DDSP_MAX_BLOCK, 60, 65, 8000.0, 1) == DDSP_OK
                  && ddsp_voice_prepare_second(voice[v], 33, 24000.0) == DDSP_OK,
              "voice prepare");
    }
    const long before = allocations;
    int good = 1;
    for (int round = 0; round < 200; round++) {
        const int n = blocks[round % BLOCKS];
        for (int i = 0; i < n; i++)
            mono[i] = 0.0f;
        for (int v = 0; v < VOICES; v++)
            for (int done = 0; done < n;) {
                for (int k = 0; k < 60; k++)
                    weights[k] = control(1.0f);
                for (int b = 0; b < 65 + 33; b++)
                    magnitudes[b] = round % 50 < 40 ? control(0.3f) : 0.0f;
                ddsp_voice_set_frame(voice[v], control(2000.0f), control(1.0f), weights,
                                     magnitudes, control(0.02f));
                const int left = n - done, asked = 1 + (int)(uniform() * 700.0f);
                const int count = asked < left ? asked : left;
                ddsp_voice_render_shared(voice[v], bank, done, piece, count);
                for (int i = 0; i < count; i++)
                    mono[done + i] += piece[i];
                done += count;
            }
        ddsp_noise_bank_render(bank, mono, n);
        good &= clean(mono, n);
        if (round == 100)
            ddsp_noise_bank_reset(bank);
    }
    check(allocations == before, "the noise bank allocates nothing after prepare");
    check(good, "samples of a shared noise are clean");
    check(ddsp_noise_bank_prepare(bank, 48000.0, 64, 5, 8000.0, 1) == DDSP_OK, "prepare again");
    check(ddsp_noise_bank_prepare(bank, 1.0, 64, 5, 8000.0, 1) == DDSP_BAD_ARGUMENT, "bad rate");
    for (int v = 0; v < VOICES; v++)
        ddsp_voice_free(voice[v]);
    ddsp_noise_bank_free(bank);
}

static void test_output(double rate)
{
    ddsp_output *output = ddsp_output_new();
    ddsp_output_process(output, mono, stereo, 16);
    check(ddsp_output_prepare(output, rate, DDSP_MAX_BLOCK) == DDSP_OK, "output prepare");
    const long before = allocations;
    int good = 1;
    for (int frame = 0; frame < 200; frame++) {
        ddsp_output_set_gain(output, control(2.0f), control(2.0f));
        ddsp_output_set_reverb(output, control(1.0f), control(1.0f),
                               frame % 20 < 5 ? 0.0f : control(1.0f));
        const int n = blocks[frame % BLOCKS];
        for (int i = 0; i < n; i++)
            mono[i] = control(2.0f) - 1.0f;
        ddsp_output_process(output, mono, stereo, n);
        good &= clean(stereo, 2 * n);
        if (frame == 100)
            ddsp_output_reset(output);
    }
    check(allocations == before, "the output allocates nothing after prepare");
    check(good, "the output's samples are clean");
    check(ddsp_output_prepare(output, 44100.0, 64) == DDSP_OK, "prepare again");
    ddsp_output_free(output);
}

/* A response of n samples: blocks of every size, hostile input, silence in which it falls asleep. */
static void test_convolver(int n)
{
    static float response[DDSP_MAX_RESPONSE];
    ddsp_convolver *convolver = ddsp_convolver_new();
    for (int i = 0; i < n; i++)
        response[i] = control(0.1f);
    ddsp_convolver_process(convolver, stereo, mono, 16);
    check(clean(mono, 16) && mono[7] == 0.0f, "a convolver without a response is silent");
    check(ddsp_convolver_prepare(convolver, 48000, response, n, 48000) == DDSP_OK, "convolver prepare");
    const long before = allocations;
    int good = 1;
    for (int turn = 0; turn < 60; turn++) {
        const int size = blocks[turn % 10];
        for (int i = 0; i < size; i++)
            mono[i] = turn % 20 < 12 ? control(1.0f) : 0.0f;
        ddsp_convolver_process(convolver, mono, mono, size);
        good &= clean(mono, size);
        if (turn == 30)
            ddsp_convolver_reset(convolver);
    }
    check(allocations == before, "the convolver allocates nothing after prepare");
    check(good, "the convolver's samples are clean");
    check(ddsp_convolver_prepare(convolver, 48000, response, 0, 48000) == DDSP_BAD_ARGUMENT
              && ddsp_convolver_prepare(convolver, 48000, response, 8001, 8000) == DDSP_BAD_ARGUMENT
              && ddsp_convolver_prepare(convolver, NAN, response, 1, 48000) == DDSP_BAD_ARGUMENT
              && ddsp_convolver_prepare(convolver, 48000, NULL, 1, 48000) == DDSP_BAD_ARGUMENT,
          "a convolver says what it does not take");
    check(ddsp_convolver_prepare(convolver, 8000, response, n, 48000) == DDSP_OK
              && ddsp_convolver_prepare(convolver, 96000, response, 1, 48000) == DDSP_OK,
          "prepare again, at other rates");
    ddsp_convolver_free(convolver);
}

static void test_analyser(double rate, double hop_s, int eager)
{
    ddsp_analyser *analyser = ddsp_analyser_new();
    check(ddsp_analyser_prepare(analyser, rate, DDSP_MAX_BLOCK, hop_s) == DDSP_OK,
          "analyser prepare");
    ddsp_analyser_set_eager(analyser, eager);
    ddsp_features *found =
        calloc((size_t)ddsp_analyser_max_frames(analyser), sizeof *found);
    const long before = allocations;
    int good = 1, made = 0;
    int64_t heard = 0;
    for (int round = 0; round < 60; round++) {
        const int n = blocks[round % BLOCKS];
        for (int i = 0; i < n; i++)
            mono[i] = round % 7 == 3 ? 0.0f
                      : round % 5 == 4 ? control(2.0f) - 1.0f
                                       : 0.5f * (float)sin(0.03 * (double)(heard + i));
        const int frames = ddsp_analyser_process(analyser, mono, n, found);
        good &= frames <= ddsp_analyser_max_frames(analyser);
        for (int i = 0; i < frames; i++)
            good &= isfinite(found[i].f0_hz) && isfinite(found[i].loudness_db)
                    && found[i].confidence >= 0.0f && found[i].confidence <= 1.0f;
        heard += n;
        made += frames;
    }
    check(allocations == before, "the analyser allocates nothing after prepare");
    check(good, "features are sane");
    const double due = (double)heard / (hop_s * rate);
    check(eager ? made >= (int)due - 1 : fabs(made - due) < 1.5, "no frame is lost");
    ddsp_analyser_reset(analyser);
    free(found);
    check(ddsp_analyser_prepare(analyser, 44100.0, 64, 0.01) == DDSP_OK, "prepare again");
    ddsp_analyser_free(analyser);
}

static float input[2 * DDSP_MAX_BLOCK];

/* Answers every tick of a part with hostile frames, some of them onsets. */
static int answer(ddsp_part *part, int n_voices)
{
    static float weights[DDSP_MAX_HARMONICS], magnitudes[DDSP_MAX_NOISE_BANDS];
    ddsp_tick ticks[8];
    int taken = 0;
    for (int n; (n = ddsp_part_read_ticks(part, ticks, 8)) > 0; taken += n)
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < 60; k++)
                weights[k] = control(1.0f);
            for (int b = 0; b < 65; b++)
                magnitudes[b] = control(0.1f);
            const int64_t position = uniform() < 0.1f ? -1 : uniform() < 0.02f ? INT64_MAX / 4
                                                          : ticks[i].position;
            ddsp_part_send_frame(part, (int)(uniform() * (float)n_voices), position,
                                 uniform() < 0.1f, control(2000.0f), control(1.0f), weights, magnitudes,
                                 control(0.02f));
        }
    return taken;
}

/* Any event with any values, most of them for voices and kinds that are there. */
static void play(ddsp_part *part)
{
    ddsp_event event = {
        .kind = (int)(uniform() * 13.0f) - 1,
        .voice = (int)(uniform() * 20.0f) - 2,
        .value = uniform() < 0.5f,
        .note = {DDSP_NOTE_VERSION, control(127.0f), control(1.0f), control(-6.0f), control(0.1f),
                 control(127.0f)},
        .touch = {control(48.0f), control(1.0f), control(1.0f), control(-20.0f), control(1.0f)},
        .synth = {control(0.1f), control(0.1f), control(1.0f), control(0.1f), control(440.0f),
                  control(30.0f), control(5.0f), control(2.0f)},
        .conditioning = {control(12.0f), control(12.0f), control(6.0f), control(3.0f),
                         control(3.0f), control(1.0f), control(1.0f)},
        .effect = {control(-40.0f), control(6.0f), control(1.0f), control(12.0f),
                   (int)(uniform() * 4.0f), (uint32_t)(uniform() * 4096.0f)},
    };
    ddsp_voice_state states[DDSP_MAX_VOICES];
    ddsp_part_send_event(part, &event);
    ddsp_part_voice_states(part, states);
}

/* A small network with any weights: the part decodes by itself. */
static ddsp_network *small_network(void)
{
    static float weights[8 * 65], bias[65], shares[2] = {0.3f, 0.1f};
    for (int i = 0; i < 8 * 65; i++)
        weights[i] = control(0.5f) - 0.25f;
    for (int i = 0; i < 65; i++)
        bias[i] = control(0.5f) - 0.25f;
    const ddsp_layer first = {weights, bias, 4, 8}, none = {0};
    const ddsp_network_weights all = {
        .n_harmonics = 60, .n_noise = 65, .state_size = 2, .pitch_slope = 1.0f,
        .loudness_slope = 1.0f, .leak = 0.2f, .gain_slope = 6.0f, .amplitude_low = -10.0f,
        .amplitude_high = 1.0f, .noise_low = -10.0f, .noise_high = 0.0f,
        .mean_shares = shares, .n_means = 2, .n_layers = 1, .layers = {first}, .past = none,
        .amplitude = {weights, bias, 8, 1}, .harmonics = {weights, bias, 8, 60},
        .noise = {weights, bias, 8, 65},
    };
    ddsp_network *network = ddsp_network_new();
    check(ddsp_network_prepare(network, &all) == DDSP_OK, "network prepare");
    return network;
}

static ddsp_conditioner *small_conditioner(const ddsp_network *network, int n_voices)
{
    const ddsp_conditioned_model model = {network, 60, 65, 8000.0, 0.005, 300.0, 0.0, 20.0, 4000.0,
                                          24.0, NULL};
    ddsp_conditioner *conditioner = ddsp_conditioner_new();
    check(ddsp_conditioner_prepare(conditioner, n_voices, &model, NULL,
                                   (ddsp_conditioning){.unpitched = 1.0f}) == DDSP_OK,
          "conditioner prepare");
    return conditioner;
}

static void test_rig(double rate, int max_block)
{
    ddsp_rig *rig = ddsp_rig_new();
    ddsp_rig_process(rig, input, stereo, 16); /* before prepare: silence */
    check(ddsp_rig_play(rig, NULL, 0.0f, 0.0f) == 0, "no play before prepare");
    check(ddsp_rig_prepare(rig, rate, max_block, -1) == DDSP_OK, "rig prepare");
    ddsp_part *part[12] = {NULL};
    ddsp_network *network[6];
    ddsp_conditioner *conditioner[6];
    for (int p = 0; p < 12; p++) {
        part[p] = ddsp_part_new();
        check(ddsp_part_prepare(part[p], rate, max_block, 1 + p % 4, 60, 65, 8000.0, 0.005, p % 2,
                                9) == DDSP_OK, "part prepare");
        if (p < 6) {
            network[p] = small_network();
            conditioner[p] = small_conditioner(network[p], 1 + p % 4);
            check(ddsp_part_set_conditioner(part[p], conditioner[p]) == DDSP_OK, "conditioner");
        }
    }
    const long before = allocations;
    int good = 1, next = 0, returned = 0;
    ddsp_rig_stats stats;
    for (int round = 0; round < 600; round++) {
        const int n = blocks[(round * 7) % (BLOCKS - 1)];
        if (round % 40 == 0 && next < 12) {
            if (next > 0 && part[next - 1])
                ddsp_part_go_on_from(part[next], part[next - 1]);
            next += ddsp_rig_play(rig, part[next], control(0.01f), control(0.05f)) == 1;
        }
        ddsp_rig_set(rig, (int)(uniform() * DDSP_CONTROLS), control(2.0f));
        if (round % 90 == 89)
            ddsp_rig_panic(rig);
        for (int i = 0; i < 2 * n; i++)
            input[i] = control(2.0f) - 1.0f;
        ddsp_rig_process(rig, round % 10 ? input : NULL, stereo, n);
        good &= clean(stereo, 2 * n);
        for (int p = 0; p < next; p++)
            if (part[p] && round % 3) {
                answer(part[p], 1 + p % 4);
                play(part[p]);
            }
        ddsp_part *gone = ddsp_rig_retired(rig);
        for (int p = 0; gone && p < 12; p++)
            if (part[p] == gone) {
                part[p] = NULL;
                returned++;
                const long now = allocations; /* freeing is setup: not counted */
                ddsp_part_free(gone);
                allocations = now;
            }
        ddsp_rig_read(rig, &stats);
    }
    check(allocations == before, "the rig allocates nothing after prepare");
    check(good, "the rig's samples are clean");
    check(returned > 4 && stats.blocks == 600 && stats.position > 0, "parts come and go");
    for (int p = next; p < 12; p++)
        ddsp_part_free(part[p]);
    check(ddsp_rig_prepare(rig, rate, max_block, -1) == DDSP_OK, "prepare again frees the parts");
    for (int p = 0; p < 6; p++) {
        ddsp_conditioner_free(conditioner[p]);
        ddsp_network_free(network[p]);
    }
    ddsp_rig_free(rig);
}

/* Each allocation of new and prepare fails once: an error, no leak, no crash. */
static void test_no_memory(void)
{
    for (int nth = 1; nth <= 12; nth++) {
        refuse = nth;
        ddsp_voice *voice = ddsp_voice_new();
        const int v = voice ? ddsp_voice_prepare(voice, 48000, 64, 60, 65, 8000, 1) : 0;
        check(v == DDSP_OK || v == DDSP_NO_MEMORY, "voice says that memory is short");
        ddsp_voice_free(voice);
        refuse = nth;
        ddsp_noise_bank *bank = ddsp_noise_bank_new();
        const int b = bank ? ddsp_noise_bank_prepare(bank, 48000, 64, 65, 8000, 1) : 0;
        check(b == DDSP_OK || b == DDSP_NO_MEMORY, "noise bank says that memory is short");
        ddsp_noise_bank_free(bank);
        refuse = nth;
        ddsp_output *output = ddsp_output_new();
        const int o = output ? ddsp_output_prepare(output, 48000, 64) : 0;
        check(o == DDSP_OK || o == DDSP_NO_MEMORY, "output says that memory is short");
        ddsp_output_free(output);
        refuse = nth;
        ddsp_convolver *convolver = ddsp_convolver_new();
        const int c = convolver ? ddsp_convolver_prepare(convolver, 44100, &(float){1.0f}, 1, 48000) : 0;
        check(c == DDSP_OK || c == DDSP_NO_MEMORY, "convolver says that memory is short");
        ddsp_convolver_free(convolver);
        refuse = nth;
        ddsp_analyser *analyser = ddsp_analyser_new();
        const int a = analyser ? ddsp_analyser_prepare(analyser, 48000, 64, 0.01) : 0;
        check(a == DDSP_OK || a == DDSP_NO_MEMORY, "analyser says that memory is short");
        ddsp_analyser_free(analyser);
        check(nth > 1 || (!voice && !output && !analyser), "the refusals are real");
    }
    for (int nth = 1; nth <= 60; nth++) {
        refuse = nth;
        ddsp_rig *rig = ddsp_rig_new();
        const int r = rig ? ddsp_rig_prepare(rig, 48000, 64, -1) : 0;
        check(r == DDSP_OK || r == DDSP_NO_MEMORY, "rig says that memory is short");
        ddsp_rig_free(rig);
        refuse = nth;
        ddsp_part *part = ddsp_part_new();
        const int p = part ? ddsp_part_prepare(part, 48000, 64, 3, 60, 65, 8000, 0.005, 1, 1) : 0;
        check(p == DDSP_OK || p == DDSP_NO_MEMORY, "part says that memory is short");
        check(nth > 3 || p != DDSP_OK || !part, "the refusals are real");
        ddsp_part_free(part);
    }
    refuse = 0;
}

#include "test_decoder.h"

int main(void)
{
    static const double rates[] = {8000.0, 22050.0, 48000.0, 192000.0, 384000.0};
    for (int i = 0; i < 5; i++) {
        test_voice(rates[i], 60, 65, 8000.0);
        test_voice(rates[i], DDSP_MAX_HARMONICS, DDSP_MAX_NOISE_BANDS, 24000.0);
        test_voice(rates[i], 0, 2, 1000.0);
        test_voice(rates[i], 1, 0, 24000.0);
        test_noise_bank(rates[i]);
        test_output(rates[i]);
        for (int eager = 0; eager < 2; eager++)
            test_analyser(rates[i], i % 2 ? 0.001 : 0.0053, eager);
    }
    test_rig(48000.0, 128);
    test_rig(44100.0, 64);
    test_rig(192000.0, 1);
    test_convolver(1);
    test_convolver(2500);
    test_convolver(48000);
    test_no_memory();
    test_decoder();
    ddsp_voice_free(NULL);
    ddsp_noise_bank_free(NULL);
    ddsp_output_free(NULL);
    ddsp_convolver_free(NULL);
    ddsp_analyser_free(NULL);
    ddsp_part_free(NULL);
    ddsp_rig_free(NULL);
    check(allocations > 0, "the count works");
    printf("%d failures\n", failures);
    return failures != 0;
}
