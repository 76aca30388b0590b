/* Ring, part and rig with their two threads at full speed, for ThreadSanitizer: an audio
 * thread that processes, a control thread that answers, plays, panics, sets and frees, and a
 * third that reads the counters. Prints what is wrong and exits 1; test_kernel_c.py runs it.
 */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "ddsp_kernel.h"
#include "rig/ring.h"

enum { BLOCK = 64, BLOCKS = 4000, ITEMS = 100000, PARTS = 40 };

static int failures;

static void check(int holds, const char *what)
{
    if (!holds) {
        printf("FAILED: %s\n", what);
        failures++;
    }
}

/* ---- ring: every item arrives once, whole and in order ---- */

typedef struct {
    uint64_t number, squared;
} item;

static ddsp_ring ring;

static void *produce(void *unused)
{
    for (uint64_t i = 0; i < ITEMS;) {
        item *to = ddsp_ring_slot(&ring);
        if (!to)
            continue;
        *to = (item){i, i * i};
        ddsp_ring_push(&ring);
        i++;
    }
    return unused;
}

static void test_ring(void)
{
    pthread_t producer;
    int good = 1;
    check(ddsp_ring_prepare(&ring, 5, sizeof(item)), "memory");
    pthread_create(&producer, NULL, produce, NULL);
    for (uint64_t next = 0; next < ITEMS;) {
        const unsigned there = ddsp_ring_count(&ring);
        good &= there <= 8;
        for (unsigned i = 0; i < there; i++, next++) {
            const item *found = ddsp_ring_at(&ring, i);
            good &= found->number == next && found->squared == next * next;
        }
        ddsp_ring_pop(&ring, there);
    }
    pthread_join(producer, NULL);
    check(good && ddsp_ring_count(&ring) == 0, "the ring keeps order");
    ddsp_ring_free(&ring);
}

/* ---- rig ---- */

static ddsp_rig *rig;
static atomic_int done;

static void *audio(void *clean)
{
    static float in[2 * BLOCK], out[2 * BLOCK];
    int *good = clean;
    for (int b = 0; b < BLOCKS || !atomic_load(&done); b++) {
        for (int i = 0; i < 2 * BLOCK; i++)
            in[i] = 0.5f * sinf(0.03f * (float)(b * BLOCK + i / 2));
        ddsp_rig_process(rig, in, out, BLOCK);
        for (int i = 0; i < 2 * BLOCK; i++)
            *good &= isfinite(out[i]) && fabsf(out[i]) <= 1.0f;
    }
    return NULL;
}

static void *watch(void *unused)
{
    ddsp_rig_stats stats;
    int64_t last = 0;
    while (!atomic_load(&done)) {
        ddsp_rig_read(rig, &stats);
        check(stats.position >= last, "time goes on");
        last = stats.position;
        ddsp_rig_set(rig, DDSP_DRY, stats.load);
    }
    return unused;
}

/* A small network with any weights: the part decodes by itself. */
static ddsp_network *small_network(void)
{
    static float weights[8 * 65], bias[65], shares[2] = {0.3f, 0.1f};
    for (int i = 0; i < 8 * 65; i++)
        weights[i] = 0.01f * (float)(i % 17 - 8);
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

static ddsp_part *new_part(int i, ddsp_conditioner *conditioner)
{
    ddsp_part *part = ddsp_part_new();
    check(part && ddsp_part_prepare(part, 48000.0, BLOCK, 2, 60, 65, 8000.0, 0.002, i % 2,
                                    (uint32_t)i) == DDSP_OK, "part prepare");
    if (conditioner)
        check(ddsp_part_set_conditioner(part, conditioner) == DDSP_OK, "set conditioner");
    return part;
}

static void test_rig(void)
{
    static const float weights[60] = {1, 1, 1, 1, 1, 1, 1, 1}, magnitudes[65] = {0.1f};
    pthread_t player, watcher;
    int good = 1, returned = 0;
    ddsp_tick ticks[16];
    ddsp_voice_state states[DDSP_MAX_VOICES];
    ddsp_part *before = NULL;
    ddsp_network *network = small_network();
    ddsp_conditioner *conditioner[PARTS] = {NULL};
    rig = ddsp_rig_new();
    check(ddsp_rig_prepare(rig, 48000.0, BLOCK, -1) == DDSP_OK, "rig prepare");
    pthread_create(&player, NULL, audio, &good);
    pthread_create(&watcher, NULL, watch, NULL);
    for (int i = 0; i < PARTS; i++) {
        const int decodes = i % 4 == 1; /* one that listens, so that there are ticks to count */
        conditioner[i] = decodes ? small_conditioner(network, 2) : NULL;
        ddsp_part *part = new_part(i, conditioner[i]), *gone;
        if (before)
            ddsp_part_go_on_from(part, before);
        before = part;
        while (ddsp_rig_play(rig, part, 0.0f, 0.01f) != 1)
            if ((gone = ddsp_rig_retired(rig)) != NULL) {
                ddsp_part_free(gone);
                returned++;
            }
        if (i % 5 == 4)
            ddsp_rig_panic(rig);
        for (int answered = 0; answered < 20;) {
            const int n = ddsp_part_read_ticks(part, ticks, 16);
            for (int t = 0; t < n && !decodes; t++)
                ddsp_part_send_frame(part, t % 2, t % 7 ? ticks[t].position : -1, 0, 220.0f, 0.3f,
                                     weights, magnitudes, 0.002f);
            const ddsp_event event = {.kind = 1 + answered % 10, .voice = answered % 2,
                                      .note = {.pitch = 60.0f, .velocity = 0.5f}};
            ddsp_part_send_event(part, &event);
            ddsp_part_voice_states(part, states);
            check(ddsp_part_faults(part) == 0, "no faults");
            answered += n;
        }
    }
    atomic_store(&done, 1);
    pthread_join(player, NULL);
    pthread_join(watcher, NULL);
    check(good, "samples are clean");
    check(returned >= PARTS - DDSP_MAX_GROUPS, "parts come back");
    ddsp_rig_free(rig);
    for (int i = 0; i < PARTS; i++)
        ddsp_conditioner_free(conditioner[i]);
    ddsp_network_free(network);
}

int main(void)
{
    test_ring();
    test_rig();
    printf("%d failures\n", failures);
    return failures != 0;
}
