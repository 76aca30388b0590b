/* Everything that a rude host does. Arguments: FOLDER with models, and another model's path, then
 * how many rounds. Prints what is wrong, then "N failures"; the sanitizers and valgrind find the
 * rest. With -DCOUNT and malloc, free and the locks wrapped, each call of them in run() is a
 * failure. test_rude.py compiles and runs it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define EFFECT "urn:ddsp-edge:effect"
#define INSTRUMENT "urn:ddsp-edge:instrument"
#define MODEL "urn:ddsp-edge:model"
#define MORPH "urn:ddsp-edge:morph_model"

static int failures;
static const char *folder, *other, *doing;
static unsigned chance_state = 1;

static unsigned chance(unsigned n)
{
    chance_state = chance_state * 1103515245u + 12345u;
    return (chance_state >> 8) % n;
}

static void check(int holds, const char *what)
{
    if (!holds) {
        printf("FAILED: %s: %s\n", doing, what);
        failures++;
    }
}

#ifdef COUNT
static long forbidden;
#define WRAPPED(result, name, parameters, arguments) \
    result __real_##name parameters; \
    result __wrap_##name parameters; \
    result __wrap_##name parameters \
    { \
        forbidden += host_running; \
        return __real_##name arguments; \
    }
WRAPPED(void *, malloc, (size_t n), (n))
WRAPPED(void *, calloc, (size_t n, size_t size), (n, size))
WRAPPED(void *, realloc, (void *p, size_t n), (p, n))
WRAPPED(void, free, (void *p), (p))
WRAPPED(int, pthread_mutex_lock, (pthread_mutex_t *m), (m))
WRAPPED(FILE *, fopen, (const char *p, const char *m), (p, m))
#endif

static void hear(const host *h, uint32_t n)
{
    int finite = 1;
    for (uint32_t i = 0; i < n; i++)
        finite = finite && isfinite(h->left[i]) && isfinite(h->right[i]);
    check(finite, "what comes out is finite");
}

static float loudest(const host *h, uint32_t n)
{
    float most = 0.0f;
    for (uint32_t i = 0; i < n; i++)
        most = fmaxf(most, fmaxf(fabsf(h->left[i]), fabsf(h->right[i])));
    return most;
}

static void any_midi(host *h, uint32_t n)
{
    for (unsigned i = chance(6); i > 0; i--) {
        const uint8_t kinds[] = {0x90, 0x90, 0x90, 0x80, 0xb0, 0xd0, 0xe0, 0xa0, 0xf8, 0xfe, 0xff, 0};
        const uint8_t bytes[4] = {(uint8_t)(kinds[chance(12)] | chance(3)), (uint8_t)chance(200),
                                  (uint8_t)chance(140), (uint8_t)chance(256)};
        host_midi(h, n ? chance(n) : 0, bytes, chance(5));
    }
}

static void any_position(host *h, uint32_t n)
{
    static const float wild[] = {NAN, INFINITY, -INFINITY, 1e30f, -1.0f, 0.0f, 1.0f, 3.5f, 120.0f};
    host_position(h, n ? chance(n) : 0, wild[chance(9)],
                  chance(2) ? (int64_t)chance(9) : INT64_MIN + (int64_t)chance(2), wild[chance(9)],
                  wild[chance(9)], (int32_t)chance(9) - 1, chance(4) ? 1.0f : wild[chance(9)]);
}

static void any_sound(host *h, uint32_t n)
{
    static const float wild[] = {0.0f, 1.0f, -1.0f, 1e30f, -1e30f, 1e-40f, NAN, INFINITY};
    const int kind = (int)chance(4);
    for (uint32_t i = 0; i < n; i++)
        h->in[i] = kind == 0 ? wild[chance(8)] : 0.3f * sinf((float)i * 0.03f);
}

static void any_control(host *h)
{
    static const float wild[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 0.0f, 0.5f, 1.0f, 3.0f};
    h->control[chance(MOST_PORTS)] = wild[chance(9)];
}

static uint32_t any_length(void)
{
    static const uint32_t lengths[] = {0, 1, 2, 15, 16, 63, 64, 255, 256, 257, 480, 1024, 8192};
    return lengths[chance(13)];
}

/* ---- what hosts do ---- */

static void play_anything(const char *uri, double rate, int worker, int rounds)
{
    host *h = host_new(uri, rate, folder, worker, chance(2) != 0);
    check(h != NULL, "it is made");
    if (!h)
        return;
    for (int i = 0; i < rounds; i++) {
        const uint32_t n = any_length();
        if (chance(20) == 0 && h->plugin->deactivate)
            h->plugin->deactivate(h->handle);
        if (chance(20) == 0)
            h->plugin->activate(h->handle);
        if (chance(3) == 0)
            any_control(h);
        if (chance(12) == 0)
            host_set_path(h, 0, chance(3) ? MODEL : MORPH, chance(3) ? other : "/no/such/file");
        if (chance(12) == 0)
            host_get(h, n / 2);
        if (chance(5) == 0)
            any_position(h, n);
        any_midi(h, n);
        any_sound(h, n);
        h->notify_room = chance(4) ? EVENT_ROOM : chance(200);
        host_run(h, n);
        hear(h, n);
    }
    host_settle(h);
    host_free(h);
}

/* Sequences whose sizes lie. */
static void send_nonsense(const char *uri)
{
    host *h = host_new(uri, 48000, folder, WORK_AFTER, 0);
    h->plugin->activate(h->handle);
    for (int i = 0; i < 400; i++) {
        host_set_path(h, 3, MODEL, other);
        any_midi(h, 64);
        lv2_atom_forge_pop(&h->forge, &h->frame);
        const uint32_t size = h->events.sequence.atom.size;
        for (unsigned k = 1 + chance(6); k > 0; k--)
            h->events.bytes[8 + chance(size)] = (uint8_t)(chance(3) ? chance(256) : 0xff);
        h->events.sequence.atom.size = chance(3) ? size : chance(size + 8);
        if (chance(10) == 0)
            h->events.sequence.atom.type = chance(3);
        h->notify.sequence.atom = (LV2_Atom){EVENT_ROOM, 0};
        h->plugin->run(h->handle, 64);
        host_clear(h);
        host_settle(h);
    }
    host_free(h);
}

static void leave_ports_out(const char *uri)
{
    host *h = host_new(uri, 48000, folder, WORK_NONE, 1);
    for (uint32_t port = 0; port < MOST_PORTS; port++)
        h->plugin->connect_port(h->handle, port, NULL);
    h->plugin->connect_port(h->handle, 4000000000u, h->in);
    h->plugin->activate(h->handle);
    h->plugin->run(h->handle, 512);
    h->plugin->run(h->handle, 0);
    host_free(h);
    const LV2_Feature *none[] = {NULL};
    LV2_Handle bare = h == NULL ? NULL : lv2_descriptor(0)->instantiate(lv2_descriptor(0), 44100,
                                                                        "/no/folder", none);
    check(bare != NULL, "it is made without a feature or a model");
    lv2_descriptor(0)->run(bare, 64);
    lv2_descriptor(0)->cleanup(bare);
    bare = lv2_descriptor(1)->instantiate(lv2_descriptor(1), 44100, "", NULL);
    lv2_descriptor(1)->activate(bare);
    lv2_descriptor(1)->run(bare, 64);
    lv2_descriptor(1)->cleanup(bare);
    check(lv2_descriptor(0)->instantiate(lv2_descriptor(0), 0.0, folder, none) == NULL,
          "a rate of 0 is refused");
}

/* Input and output in the same memory. */
static void play_in_place(void)
{
    host *apart = host_new(EFFECT, 48000, folder, WORK_NONE, 1);
    host *same = host_new(EFFECT, 48000, folder, WORK_NONE, 1);
    same->plugin->connect_port(same->handle, 3, same->in);
    apart->control[5] = same->control[5] = 0.0f;    /* bypassed: no noise of their own */
    for (int block = 0; block < 20; block++) {
        for (int i = 0; i < 1000; i++)
            apart->in[i] = same->in[i] = 0.4f * sinf((float)(block * 1000 + i) * 0.05f);
        host_run(apart, 1000);
        host_run(same, 1000);
        check(memcmp(apart->left, same->in, 1000 * sizeof(float)) == 0
                  && memcmp(apart->right, same->right, 1000 * sizeof(float)) == 0,
              "it sounds the same in place");
    }
    host_free(apart);
    host_free(same);
}

static const uint8_t note_on[] = {0x90, 69, 100};

/* A model that was asked for plays, and is told. */
static void change_models(int worker)
{
    host *h = host_new(INSTRUMENT, 48000, folder, worker, 0);
    h->plugin->activate(h->handle);
    host_midi(h, 0, note_on, 3);
    host_run(h, 480);
    check(strstr(h->told[0], "violin") != NULL, "the first model is told");
    for (int i = 0; i < 12; i++) {
        host_set_path(h, 5, MODEL, other);
        if (i % 3 == 2)
            host_set_path(h, 6, MORPH, i % 2 ? other : "");
        host_run(h, 480);
        for (int wait = 0; wait < 400 && strcmp(h->told[0], other) != 0; wait++) {
            host_settle(h);
            host_run(h, 480);
        }
        check(strcmp(h->told[0], other) == 0, "the new model is told");
        check(loudest(h, 480) > 1e-4f, "the note goes on");
    }
    host_set_path(h, 0, MODEL, "/no/such/file.ddspw");
    for (int wait = 0; wait < 8; wait++) {
        host_run(h, 480);
        host_settle(h);
    }
    check(h->complaints > 0, "a missing file is logged");
    check(strcmp(h->told[0], other) == 0 && loudest(h, 480) > 1e-4f, "and the model stays");
    host_free(h);
}

static void change_model_without_a_worker(void)
{
    host *h = host_new(INSTRUMENT, 44100, folder, WORK_NONE, 0);
    h->plugin->activate(h->handle);
    host_set_path(h, 0, MODEL, other);
    for (int i = 0; i < 5; i++)
        host_run(h, 256);
    check(strstr(h->told[0], "violin") != NULL, "nothing changes while it runs");
    h->plugin->activate(h->handle);
    host_midi(h, 0, note_on, 3);
    for (int i = 0; i < 5; i++)
        host_run(h, 256);
    check(strcmp(h->told[0], other) == 0, "the model comes with activate");
    check(loudest(h, 256) > 1e-4f, "and sounds");
    host_free(h);
}

static void keep_state(int mapped, int scheduled)
{
    static host_state kept, again;
    host *h = host_new(EFFECT, 48000, folder, WORK_AFTER, 0);
    h->plugin->activate(h->handle);
    host_set_path(h, 0, MODEL, other);
    host_set_path(h, 0, MORPH, other);
    for (int i = 0; i < 3; i++)
        host_run(h, 64);
    check(host_save(h, &kept, mapped) == LV2_STATE_SUCCESS && kept.n == 2, "it is saved");
    check((strncmp(kept.value[0], "session:", 8) == 0) == mapped, "paths are mapped");
    host_free(h);
    h = host_new(EFFECT, 96000, folder, scheduled ? WORK_AFTER : WORK_NONE, 0);
    check(host_restore(h, &kept, mapped, scheduled) == LV2_STATE_SUCCESS, "it is restored");
    host_settle(h);
    h->plugin->activate(h->handle);
    for (int i = 0; i < 3; i++)
        host_run(h, 64);
    check(strcmp(h->told[0], other) == 0 && strcmp(h->told[1], other) == 0, "as it was");
    check(host_save(h, &again, mapped) == LV2_STATE_SUCCESS && again.n == kept.n
              && strcmp(again.value[0], kept.value[0]) == 0, "and saved again");
    strcpy(kept.value[0], "/gone.ddspw");
    kept.size[0] = strlen(kept.value[0]) + 1;
    host_restore(h, &kept, 0, 0);
    host_save(h, &again, 0);
    check(strcmp(again.value[0], "/gone.ddspw") == 0, "a file that is gone is not forgotten");
    kept.size[0] = 5000;
    host_restore(h, &kept, 0, 0);
    kept.type[0] = 0;
    host_restore(h, &kept, 0, 0);
    kept.n = 0;
    check(host_restore(h, &kept, 0, 0) == LV2_STATE_SUCCESS, "an empty state changes nothing");
    host_run(h, 64);
    host_free(h);
}

typedef struct {
    host *h;
    host_state *state;
} restorer;

static void *restore_often(void *user)
{
    const restorer *r = user;
    static host_state saved;
    for (int i = 0; i < 40; i++) {
        host_restore(r->h, r->state, 0, 0);
        host_save(r->h, &saved, 1);
    }
    return NULL;
}

/* As threadSafeRestore allows. */
static void restore_while_it_runs(void)
{
    static host_state kept;
    pthread_t thread;
    host *h = host_new(INSTRUMENT, 48000, folder, WORK_THREAD, 0);
    h->plugin->activate(h->handle);
    host_save(h, &kept, 0);
    restorer r = {h, &kept};
    pthread_create(&thread, NULL, restore_often, &r);
    for (int i = 0; i < 300; i++) {
        if (i % 40 == 0)
            host_midi(h, 0, note_on, 3);
        if (i % 30 == 10)
            host_set_path(h, 0, MODEL, other);
        host_run(h, 128);
        hear(h, 128);
    }
    pthread_join(thread, NULL);
    host_free(h);
}

static void play_many(int n)
{
    host *all[64];
    for (int i = 0; i < n; i++)
        all[i] = host_new(i % 2 ? EFFECT : INSTRUMENT, i % 3 ? 48000 : 44100, folder, WORK_NONE, 1);
    for (int block = 0; block < 12; block++)
        for (int i = 0; i < n; i++) {
            if (block == 0)
                host_midi(all[i], 0, note_on, 3);
            any_sound(all[i], 64);
            host_run(all[i], 64);
            hear(all[i], 64);
        }
    for (int i = 0; i < n; i++)
        host_free(all[i]);
}

/* More messages at once than there is room for: silence at the worst, and then it plays. */
static void storm(void)
{
    host *h = host_new(INSTRUMENT, 48000, folder, WORK_NONE, 1);
    h->control[host_first(h) + 11] = 16.0f;
    for (int i = 0; i < 900; i++) {
        const uint8_t bytes[] = {(uint8_t)(i % 2 ? 0x90 : 0xb0), (uint8_t)(i % 2 ? i % 128 : 126), 90};
        host_midi(h, 0, bytes, 3);
    }
    host_run(h, 16);
    for (int i = 0; i < 40; i++)
        host_run(h, 480);
    host_midi(h, 0, (const uint8_t[]){0xff}, 1);
    host_midi(h, 1, note_on, 3);
    for (int i = 0; i < 10; i++)
        host_run(h, 480);
    check(loudest(h, 480) > 1e-4f, "it plays again");
    host_free(h);
}

int main(int argc, char **argv)
{
    static const double rates[] = {22050, 32000, 44100, 48000, 88200, 96000, 192000};
    if (argc != 4)
        return 2;
    folder = argv[1];
    other = argv[2];
    const int rounds = atoi(argv[3]);
    for (int r = 0; r < 7; r++)
        for (int worker = WORK_NONE; worker <= WORK_THREAD; worker++) {
            doing = "anything";
            play_anything(r % 2 ? EFFECT : INSTRUMENT, rates[r], worker, rounds);
            play_anything(r % 2 ? INSTRUMENT : EFFECT, rates[r], worker, rounds / 4);
        }
    doing = "nonsense";
    send_nonsense(EFFECT);
    send_nonsense(INSTRUMENT);
    doing = "ports left out";
    leave_ports_out(EFFECT);
    leave_ports_out(INSTRUMENT);
    doing = "in place";
    play_in_place();
    for (int worker = WORK_AT_ONCE; worker <= WORK_THREAD; worker++) {
        doing = "models";
        change_models(worker);
    }
    doing = "models without a worker";
    change_model_without_a_worker();
    for (int way = 0; way < 4; way++) {
        doing = "state";
        keep_state(way & 1, way >> 1);
    }
    doing = "state while it runs";
    restore_while_it_runs();
    doing = "64 instances";
    play_many(64);
    doing = "storm";
    storm();
#ifdef COUNT
    doing = "run";
    check(forbidden == 0, "it allocates nothing and takes no lock");
#endif
    printf("%d failures\n", failures);
    return failures != 0;
}
