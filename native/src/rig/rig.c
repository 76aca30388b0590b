/* The rig: what the control thread asked for, in the order of samples, and the block
 * through input, parts and output.
 *
 * Controls are atomics, of which the last value counts; panics are a number that grows;
 * only what must not be missed, a new part, goes through a ring.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/sanitize.h"
#include "rig/meter.h"
#include "rig/mixer.h"
#include "rig/part.h"
#include "rig/ring.h"
#include "rig/crossfader.h"
#include "rig/test_tone.h"

#define PANIC_S 0.004
#define TEST_FADE_S 0.01
#define LONGEST_DELAY_S 60.0f
#define LONGEST_FADE_S 10.0f
enum { PLAY_SLOTS = 16 };

typedef struct {
    ddsp_part *part[DDSP_MAX_TOGETHER];
    int n;              /* parts that play together; 0: all are faded out */
    int delay, fade;    /* samples */
} play_command;

struct ddsp_rig {
    double sample_rate;             /* 0 until prepared */
    int max_block, wake_fd;
    _Atomic float control[DDSP_CONTROLS];
    atomic_uint panics_asked;
    ddsp_ring plays, retired;
    ddsp_meter meter;
    ddsp_test_tone tone;
    /* Control thread's. */
    unsigned panics;
    ddsp_part *owned[DDSP_MAX_PARTS];
    unsigned owned_group[DDSP_MAX_PARTS], groups;
    /* Audio thread's. */
    ddsp_mixer mixer;
    ddsp_crossfader crossfader;
    float *wet[2], *work;           /* [max_block] */
    int64_t position;
    int started;
    unsigned panics_done;           /* begun, that is */
    int hushing;                    /* samples until silence; 0: no panic */
};

static const float defaults[DDSP_CONTROLS] = {
    [DDSP_TRIM] = 1.0f, [DDSP_WET] = 1.0f, [DDSP_GAIN_LEFT] = 1.0f, [DDSP_GAIN_RIGHT] = 1.0f,
    [DDSP_REVERB_SIZE] = 0.5f, [DDSP_REVERB_DAMPING] = 0.5f, [DDSP_INPUT] = 2.0f,
    [DDSP_BODY] = 1.0f,
};

ddsp_rig *ddsp_rig_new(void)
{
    return calloc(1, sizeof(ddsp_rig));
}

static void release(ddsp_rig *rig)
{
    for (int i = 0; i < DDSP_MAX_PARTS; i++)
        ddsp_part_free(rig->owned[i]);
    ddsp_ring_free(&rig->plays);
    ddsp_ring_free(&rig->retired);
    ddsp_mixer_free(&rig->mixer);
    free(rig->wet[0]);
    memset(rig, 0, sizeof *rig);
}

void ddsp_rig_free(ddsp_rig *rig)
{
    if (rig)
        release(rig);
    free(rig);
}

int ddsp_rig_prepare(ddsp_rig *rig, double sample_rate, int max_block, int wake_fd)
{
    if (!rig || !(sample_rate >= 8000.0 && sample_rate <= 384000.0) || max_block < 1
        || max_block > DDSP_MAX_BLOCK)
        return DDSP_BAD_ARGUMENT;
    release(rig);
    rig->max_block = max_block;
    rig->wake_fd = wake_fd;
    rig->wet[0] = calloc((size_t)max_block * 3, sizeof(float));
    rig->wet[1] = rig->wet[0] ? rig->wet[0] + max_block : NULL;
    rig->work = rig->wet[0] ? rig->wet[1] + max_block : NULL;
    if (!rig->wet[0] || !ddsp_ring_prepare(&rig->plays, PLAY_SLOTS, sizeof(play_command))
        || !ddsp_ring_prepare(&rig->retired, DDSP_MAX_PARTS, sizeof(ddsp_part *))
        || ddsp_mixer_prepare(&rig->mixer, sample_rate, max_block, &rig->meter) != DDSP_OK) {
        release(rig);
        return DDSP_NO_MEMORY;
    }
    for (int c = 0; c < DDSP_CONTROLS; c++)
        atomic_store_explicit(&rig->control[c], defaults[c], memory_order_relaxed);
    ddsp_meter_reset(&rig->meter);
    rig->sample_rate = sample_rate;
    return DDSP_OK;
}

/* ---- control thread ---- */

static void own(ddsp_rig *rig, ddsp_part *part)
{
    int slot = 0;
    while (rig->owned[slot])
        slot++;
    rig->owned[slot] = part;
    rig->owned_group[slot] = rig->groups;
}

/* Groups of which a part is out. */
static int groups_out(const ddsp_rig *rig)
{
    int n = 0;
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        int first = rig->owned[s] != NULL;
        for (int k = 0; k < s; k++)
            first &= !rig->owned[k] || rig->owned_group[k] != rig->owned_group[s];
        n += first;
    }
    return n;
}

static int play(ddsp_rig *rig, ddsp_part *const *parts, int n, float delay_s, float fade_s)
{
    play_command *to = rig->sample_rate > 0.0 ? ddsp_ring_slot(&rig->plays) : NULL;
    if (!to || (n > 0 && groups_out(rig) == DDSP_MAX_GROUPS))
        return 0;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            if (parts[k] == parts[i])
                return DDSP_BAD_ARGUMENT;
        if (!ddsp_part_may_join(parts[i], rig->sample_rate, rig->max_block))
            return DDSP_BAD_ARGUMENT;
    }
    rig->groups++;
    for (int i = 0; i < n; i++) {
        ddsp_part_join(parts[i], &rig->panics);
        own(rig, parts[i]);
        to->part[i] = parts[i];
    }
    to->n = n;
    to->delay = (int)lround(ddsp_within(delay_s, 0.0f, LONGEST_DELAY_S) * rig->sample_rate);
    to->fade = (int)lround(ddsp_within(fade_s, 0.0f, LONGEST_FADE_S) * rig->sample_rate);
    ddsp_ring_push(&rig->plays);
    return 1;
}

int ddsp_rig_play(ddsp_rig *rig, ddsp_part *part, float delay_s, float fade_s)
{
    return play(rig, &part, part ? 1 : 0, delay_s, fade_s);
}

int ddsp_rig_play_together(ddsp_rig *rig, ddsp_part *const *parts, int n, float delay_s,
                           float fade_s)
{
    if (n < 1 || n > DDSP_MAX_TOGETHER)
        return DDSP_BAD_ARGUMENT;
    return play(rig, parts, n, delay_s, fade_s);
}

ddsp_part *ddsp_rig_retired(ddsp_rig *rig)
{
    if (rig->sample_rate == 0.0 || ddsp_ring_count(&rig->retired) == 0)
        return NULL;
    ddsp_part *part = *(ddsp_part *const *)ddsp_ring_at(&rig->retired, 0);
    ddsp_ring_pop(&rig->retired, 1);
    for (int i = 0; i < DDSP_MAX_PARTS; i++)
        if (rig->owned[i] == part)
            rig->owned[i] = NULL;
    return part;
}

int ddsp_rig_set(ddsp_rig *rig, int control, float value)
{
    if (control < 0 || control >= DDSP_CONTROLS)
        return DDSP_BAD_ARGUMENT;
    atomic_store_explicit(&rig->control[control], value, memory_order_relaxed);
    return 1;
}

int ddsp_rig_panic(ddsp_rig *rig)
{
    /* Released last: the frames sent before carry a smaller number and are seen. */
    atomic_store_explicit(&rig->panics_asked, ++rig->panics, memory_order_release);
    return 1;
}

int ddsp_rig_test(ddsp_rig *rig, const float *signal, int64_t n, float left, float right,
                  float *heard)
{
    ddsp_test_tone *tone = &rig->tone;
    if (n < 1 || !signal || rig->sample_rate == 0.0)
        return DDSP_BAD_ARGUMENT;
    if (!ddsp_rig_test_done(rig))
        return 0;
    tone->signal = signal;
    tone->heard = heard;
    tone->n = n;
    tone->at = 0;
    tone->side[0] = ddsp_within(left, 0.0f, 1.0f);
    tone->side[1] = ddsp_within(right, 0.0f, 1.0f);
    tone->fade = (int)ceil(TEST_FADE_S * rig->sample_rate);
    tone->faded = 0;
    atomic_store_explicit(&tone->ending, 0, memory_order_relaxed);
    atomic_store_explicit(&tone->state, DDSP_TEST_TONE_ARMED, memory_order_release);
    return 1;
}

void ddsp_rig_test_end(ddsp_rig *rig)
{
    atomic_store_explicit(&rig->tone.ending, 1, memory_order_relaxed);
}

int ddsp_rig_test_done(ddsp_rig *rig)
{
    return atomic_load_explicit(&rig->tone.state, memory_order_acquire) != DDSP_TEST_TONE_ARMED;
}

void ddsp_rig_read(ddsp_rig *rig, ddsp_rig_stats *out)
{
    ddsp_meter_read(&rig->meter, out);
}

/* ---- audio thread ---- */

static void take_controls(ddsp_rig *rig)
{
    float values[DDSP_CONTROLS];
    for (int c = 0; c < DDSP_CONTROLS; c++)
        values[c] = atomic_load_explicit(&rig->control[c], memory_order_relaxed);
    ddsp_mixer_set(&rig->mixer, values, !rig->started);
    rig->started = 1;
}

static void take_plays(ddsp_rig *rig)
{
    for (unsigned n = ddsp_ring_count(&rig->plays); n > 0; n--) {
        const play_command command = *(const play_command *)ddsp_ring_at(&rig->plays, 0);
        ddsp_ring_pop(&rig->plays, 1);
        for (int i = 0; i < command.n; i++)
            ddsp_part_begin(command.part[i], rig->position);
        const unsigned group =
            ddsp_crossfader_add(&rig->crossfader, command.part, command.n);
        ddsp_crossfader_change(&rig->crossfader, group, command.delay, command.fade);
    }
}

static void take_panic(ddsp_rig *rig, unsigned asked)
{
    if (asked == rig->panics_done)
        return;
    rig->panics_done = asked;
    for (int s = 0; s < DDSP_MAX_PARTS; s++)
        if (rig->crossfader.slot[s].part)
            ddsp_part_panic(rig->crossfader.slot[s].part, asked);
    if (rig->hushing == 0) {
        ddsp_smoothed_value_to(&rig->mixer.hush, 0.0f, PANIC_S, rig->sample_rate);
        rig->hushing = rig->mixer.hush.ramp.length;
    }
}

static void end_panic(ddsp_rig *rig)
{
    for (int s = 0; s < DDSP_MAX_PARTS; s++)
        if (rig->crossfader.slot[s].part)
            ddsp_part_silence(rig->crossfader.slot[s].part);
    ddsp_output_reset(rig->mixer.output);
    ddsp_smoothed_value_jump(&rig->mixer.hush, 1.0f); /* nothing sounds: no click */
}

/* n samples in which nothing begins or ends. */
static void process_stretch(ddsp_rig *rig, const float *in, float *out, int n)
{
    ddsp_mixer_hear(&rig->mixer, in, n);
    for (int s = 0; s < 2; s++)
        memset(rig->wet[s], 0, (size_t)n * sizeof *rig->wet[s]);
    const int apart =
        ddsp_crossfader_process(&rig->crossfader, rig->mixer.mono, rig->wet, rig->work, n);
    ddsp_mixer_mix(&rig->mixer, rig->wet[0], apart ? rig->wet[1] : NULL, out, n);
    ddsp_test_tone_process(&rig->tone, rig->mixer.clean, out, n);
    ddsp_meter_sides(rig->meter.input_sides, rig->mixer.clean, n);
    ddsp_meter_sides(rig->meter.output_sides, out, n);
    rig->position += n;
    if (rig->hushing > 0 && (rig->hushing -= n) == 0)
        end_panic(rig);
}

/* What the parts have to say, and who leaves; whether the control thread should look. */
static int round_off(ddsp_rig *rig)
{
    int news = 0, parts = 0;
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        ddsp_part *part = rig->crossfader.slot[s].part;
        if (!part)
            continue;
        const ddsp_part_events events = ddsp_part_take_events(part);
        ddsp_meter_events(&rig->meter, events);
        news |= events.ticks > 0 || events.tick_overruns > 0;
        parts++;
    }
    for (ddsp_part *left; (left = ddsp_crossfader_leave(&rig->crossfader)) != NULL; parts--) {
        ddsp_part **to = ddsp_ring_slot(&rig->retired); /* one for each part: never full */
        *to = left;
        ddsp_ring_push(&rig->retired);
        news = 1;
    }
    atomic_store_explicit(&rig->meter.parts, parts, memory_order_relaxed);
    atomic_store_explicit(&rig->meter.position, rig->position, memory_order_relaxed);
    return news;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void ddsp_rig_process(void *user, const float *in, float *out, int n)
{
    ddsp_rig *rig = user;
    if (rig->sample_rate == 0.0) {
        memset(out, 0, (size_t)n * 2 * sizeof *out);
        return;
    }
    const uint64_t began = now_ns();
    take_controls(rig);
    /* Read first: the parts that were played before the panic are there, then. */
    const unsigned panics = atomic_load_explicit(&rig->panics_asked, memory_order_acquire);
    take_plays(rig);
    take_panic(rig, panics);
    const float body = atomic_load_explicit(&rig->control[DDSP_BODY], memory_order_relaxed);
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        ddsp_part *part = rig->crossfader.slot[s].part;
        if (!part)
            continue;
        ddsp_part_take_body(part, body);
        ddsp_part_overtake(part);
    }
    for (int done = 0; done < n;) {
        int count = n - done < rig->max_block ? n - done : rig->max_block;
        count = rig->hushing > 0 && rig->hushing < count ? rig->hushing : count;
        count = ddsp_crossfader_until(&rig->crossfader, count);
        process_stretch(rig, in ? in + 2 * done : NULL, out + 2 * done, count);
        done += count;
    }
    if (round_off(rig) && rig->wake_fd >= 0) {
        const uint64_t one = 1;
        /* A full counter has been seen by nobody yet: the one lost changes nothing. */
        const ssize_t written = write(rig->wake_fd, &one, sizeof one);
        (void)written;
    }
    ddsp_meter_block(&rig->meter, now_ns() - began, n / rig->sample_rate);
}
