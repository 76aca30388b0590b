/* A part: when ticks fall due, when frames take effect, what happens when none come.
 *
 * Each voice has its own ring of frames, so that a note that starts now need not wait
 * behind answers to ticks, whose time has not come.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/sanitize.h"
#include "rig/part.h"
#include "rig/ring.h"
#include "rig/starvation.h"

#define SHORTEST_RAMP_S 0.001
#define LONGEST_RAMP_S 10.0f
enum { TICK_SLOTS = 1024, MOST_FRAME_SLOTS = 256 };

typedef struct {
    int64_t position;           /* of the tick that it answers; negative: start now */
    unsigned panic;             /* how many panics there were when it was sent */
    int sounds;                 /* not silent */
    float f0_hz, amplitude, ramp_s;
    float values[];             /* harmonic distribution, noise magnitudes */
} frame;

struct ddsp_part {
    double sample_rate;         /* 0 until prepared */
    int max_block, n_voices, n_harmonics, listens;
    int n_noise, n_bands;       /* of both noises, and of the first */
    double hop;                 /* samples, not always whole */
    ddsp_analyser *analyser;
    ddsp_features *features;
    float *mono;                /* [max_block] of one voice */
    ddsp_voice *voice[DDSP_MAX_VOICES];
    ddsp_ring frames[DDSP_MAX_VOICES], ticks;
    /* Audio thread's. */
    int64_t start, position;    /* where it began, and is; samples of the rig */
    int64_t tick, due;          /* number and position of the next tick */
    int64_t busy[DDSP_MAX_VOICES];  /* end of an onset's ramp */
    int sounds[DDSP_MAX_VOICES];
    int held;                   /* a panic is under way: take no frames */
    ddsp_starvation starvation;
    ddsp_part_events events;
    /* Control thread's. */
    const unsigned *panics;     /* of the rig; NULL before it is played */
    atomic_uint refused;        /* frames that found a full ring */
};

ddsp_part *ddsp_part_new(void)
{
    return calloc(1, sizeof(ddsp_part));
}

static void release(ddsp_part *part)
{
    ddsp_analyser_free(part->analyser);
    free(part->features);
    free(part->mono);
    ddsp_ring_free(&part->ticks);
    for (int v = 0; v < DDSP_MAX_VOICES; v++) {
        ddsp_voice_free(part->voice[v]);
        ddsp_ring_free(&part->frames[v]);
    }
    memset(part, 0, sizeof *part);
}

void ddsp_part_free(ddsp_part *part)
{
    if (part)
        release(part);
    free(part);
}

static int prepare_ear(ddsp_part *part, double hop_s)
{
    if (!part->listens)
        return DDSP_OK;
    part->analyser = ddsp_analyser_new();
    if (!part->analyser)
        return DDSP_NO_MEMORY;
    const int status =
        ddsp_analyser_prepare(part->analyser, part->sample_rate, part->max_block, hop_s);
    if (status != DDSP_OK)
        return status;
    ddsp_analyser_set_eager(part->analyser, 1);
    part->features = calloc((size_t)ddsp_analyser_max_frames(part->analyser),
                            sizeof *part->features);
    return part->features ? DDSP_OK : DDSP_NO_MEMORY;
}

/* Frames of all voices, of n_harmonics and n_noise values. */
static int prepare_rings(ddsp_part *part)
{
    const size_t size = offsetof(frame, values)
                        + (size_t)(part->n_harmonics + part->n_noise) * sizeof(float);
    /* Answers wait for up to two blocks. */
    const double slots = fmin(8 + 4 * part->max_block / part->hop, MOST_FRAME_SLOTS);
    for (int v = 0; v < part->n_voices; v++) {
        if (!ddsp_ring_prepare(&part->frames[v], (unsigned)slots, (size + 7) & ~7u))
            return DDSP_NO_MEMORY;
    }
    return DDSP_OK;
}

static int prepare_voices(ddsp_part *part, double band_limit_hz, uint32_t seed)
{
    for (int v = 0; v < part->n_voices; v++) {
        part->voice[v] = ddsp_voice_new();
        if (!part->voice[v])
            return DDSP_NO_MEMORY;
        const int status =
            ddsp_voice_prepare(part->voice[v], part->sample_rate, part->max_block,
                               part->n_harmonics, part->n_noise, band_limit_hz,
                               seed + (uint32_t)v * 0x9e3779b9u);
        if (status != DDSP_OK)
            return status;
    }
    return prepare_rings(part);
}

int ddsp_part_prepare(ddsp_part *part, double sample_rate, int max_block, int n_voices,
                      int n_harmonics, int n_noise, double band_limit_hz, double hop_s,
                      int listens, uint32_t seed)
{
    if (!part || !(sample_rate >= 8000.0 && sample_rate <= 384000.0) || max_block < 1
        || max_block > DDSP_MAX_BLOCK || n_voices < 1 || n_voices > DDSP_MAX_VOICES
        || n_harmonics < 0 || n_harmonics > DDSP_MAX_HARMONICS || n_noise < 0
        || n_noise > DDSP_MAX_NOISE_BANDS || !(hop_s >= 0.001 && hop_s <= 0.1))
        return DDSP_BAD_ARGUMENT;
    release(part);
    part->max_block = max_block;
    part->n_voices = n_voices;
    part->n_harmonics = n_harmonics;
    part->n_noise = part->n_bands = n_noise;
    part->hop = hop_s * sample_rate;
    part->listens = listens;
    part->sample_rate = sample_rate;
    part->mono = calloc((size_t)max_block, sizeof(float));
    int status = part->mono && ddsp_ring_prepare(&part->ticks, TICK_SLOTS, sizeof(ddsp_tick))
                     ? prepare_ear(part, hop_s) : DDSP_NO_MEMORY;
    if (status == DDSP_OK)
        status = prepare_voices(part, band_limit_hz, seed);
    if (status != DDSP_OK)
        release(part);
    else
        ddsp_starvation_reset(&part->starvation, sample_rate);
    return status;
}

int ddsp_part_prepare_second(ddsp_part *part, int n_second, double second_limit_hz)
{
    if (!part || part->sample_rate == 0.0 || part->n_noise != part->n_bands)
        return DDSP_BAD_ARGUMENT;
    for (int v = 0; v < part->n_voices; v++) {
        const int status = ddsp_voice_prepare_second(part->voice[v], n_second, second_limit_hz);
        if (status != DDSP_OK)
            return status;
    }
    part->n_noise += n_second;
    return prepare_rings(part);
}

/* ---- control thread ---- */

int ddsp_part_join(ddsp_part *part, double sample_rate, int max_block, const unsigned *panics)
{
    if (part->panics || part->sample_rate != sample_rate || part->max_block != max_block)
        return 0;
    part->panics = panics;
    return 1;
}

int ddsp_part_read_ticks(ddsp_part *part, ddsp_tick *out, int n)
{
    if (part->sample_rate == 0.0 || n < 1)
        return 0;
    const unsigned there = ddsp_ring_count(&part->ticks);
    const unsigned count = there < (unsigned)n ? there : (unsigned)n;
    for (unsigned i = 0; i < count; i++)
        out[i] = *(const ddsp_tick *)ddsp_ring_at(&part->ticks, i);
    ddsp_ring_pop(&part->ticks, count);
    return (int)count;
}

int ddsp_part_send_frame(ddsp_part *part, int voice, int64_t position, float f0_hz,
                         float amplitude, const float *harmonic_distribution,
                         const float *noise_magnitudes, float ramp_s)
{
    if (voice < 0 || voice >= part->n_voices)
        return DDSP_BAD_ARGUMENT;
    frame *to = ddsp_ring_slot(&part->frames[voice]);
    if (!to) {
        atomic_fetch_add_explicit(&part->refused, 1, memory_order_relaxed);
        return 0;
    }
    to->position = position;
    to->panic = part->panics ? *part->panics : 0;
    to->f0_hz = f0_hz;
    to->amplitude = amplitude;
    to->ramp_s = ramp_s;
    to->sounds = amplitude > 0.0f;
    memcpy(to->values, harmonic_distribution, (size_t)part->n_harmonics * sizeof(float));
    float *noise = to->values + part->n_harmonics;
    for (int b = 0; b < part->n_noise; b++) {
        noise[b] = noise_magnitudes[b];
        to->sounds |= noise[b] > 0.0f;
    }
    ddsp_ring_push(&part->frames[voice]);
    return 1;
}

/* ---- audio thread ---- */

void ddsp_part_begin(ddsp_part *part, int64_t position)
{
    part->start = part->position = position;
    part->tick = 1;
    part->due = position + llround(part->hop);
}

static void put_tick(ddsp_part *part, ddsp_tick made)
{
    ddsp_tick *to = ddsp_ring_slot(&part->ticks);
    if (!to) {
        part->events.tick_overruns++;
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *to = made;
    to->made_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    ddsp_ring_push(&part->ticks);
    part->events.ticks++;
}

static void listen(ddsp_part *part, const float *mono, int n)
{
    if (part->listens) {
        const int found = ddsp_analyser_process(part->analyser, mono, n, part->features);
        for (int i = 0; i < found; i++) {
            const ddsp_features *f = &part->features[i];
            put_tick(part, (ddsp_tick){part->start + f->position, 0, f->f0_hz, f->confidence,
                                       f->loudness_db});
        }
        return;
    }
    while (part->due <= part->position + n) {
        put_tick(part, (ddsp_tick){part->due, 0, 0.0f, 0.0f, -80.0f});
        part->due = part->start + llround((double)++part->tick * part->hop);
    }
}

/* Where a frame's ramp starts, when now is the earliest. */
static int64_t frame_start(const ddsp_part *part, int v, const frame *f, int64_t now)
{
    if (f->position < 0)
        return now;
    /* A tick is never of the future. */
    int64_t start = (f->position < now ? f->position : now) + part->max_block;
    start = start < part->busy[v] ? part->busy[v] : start;
    return start < now ? now : start;
}

/* Where its ramp ends. */
static int64_t frame_end(const ddsp_part *part, const frame *f, int64_t now)
{
    const float ramp_s = ddsp_within(f->ramp_s, 0.0f, LONGEST_RAMP_S);
    const int64_t from = f->position < 0 ? now
                         : (f->position < now ? f->position : now) + part->max_block;
    return from + llround((double)ramp_s * part->sample_rate);
}

static int is_late(const ddsp_part *part, const frame *f, int64_t now)
{
    return f->position >= 0 && frame_end(part, f, now) <= now;
}

static void apply(ddsp_part *part, int v, const frame *f, int64_t now)
{
    const int64_t shortest = (int64_t)ceil(SHORTEST_RAMP_S * part->sample_rate);
    const int64_t left = frame_end(part, f, now) - now;
    const int64_t length = left < shortest ? shortest : left;
    part->events.late += (unsigned)is_late(part, f, now);
    if (f->position < 0)
        part->busy[v] = now + length;
    ddsp_voice_set_frame(part->voice[v], f->f0_hz, f->amplitude, f->values,
                         f->values + part->n_harmonics, (float)(length / part->sample_rate));
    part->sounds[v] = f->sounds;
    int sounding = 0;
    for (int i = 0; i < part->n_voices; i++)
        sounding |= part->sounds[i];
    ddsp_starvation_frame(&part->starvation, now, (int)length, sounding);
}

/* One voice, frames taking effect where they fall. */
static void render(ddsp_part *part, int v, float *out, int n)
{
    ddsp_ring *ring = &part->frames[v];
    for (int done = 0; done < n;) {
        const int64_t now = part->position + done;
        unsigned there = part->held ? 0 : ddsp_ring_count(ring);
        /* After a starvation many may be due at once: the last of them is enough. (No
         * answer to a tick replaces an onset: it waits for the end of its ramp.) */
        for (; there > 1; there--) {
            const frame *first = ddsp_ring_at(ring, 0), *second = ddsp_ring_at(ring, 1);
            if ((first->position < 0 && second->position >= 0)
                || frame_start(part, v, second, now) > now)
                break;
            part->events.late += (unsigned)is_late(part, first, now);
            ddsp_ring_pop(ring, 1);
        }
        int until = n - done;
        if (there) {
            const frame *next = ddsp_ring_at(ring, 0);
            const int64_t ahead = frame_start(part, v, next, now) - now;
            if (ahead == 0) {
                apply(part, v, next, now);
                ddsp_ring_pop(ring, 1);
                continue;
            }
            until = ahead < until ? (int)ahead : until;
        }
        ddsp_voice_render(part->voice[v], out + done, until);
        done += until;
    }
}

void ddsp_part_overtake(ddsp_part *part)
{
    for (int v = 0; v < part->n_voices && !part->held; v++) {
        for (unsigned i = ddsp_ring_count(&part->frames[v]); i-- > 1;) {
            if (((const frame *)ddsp_ring_at(&part->frames[v], i))->position < 0) {
                ddsp_ring_pop(&part->frames[v], i);
                break;
            }
        }
    }
}

void ddsp_part_process(ddsp_part *part, const float *mono, float *out, int n)
{
    listen(part, mono, n);
    render(part, 0, out, n);
    for (int v = 1; v < part->n_voices; v++) {
        render(part, v, part->mono, n);
        for (int i = 0; i < n; i++)
            out[i] += part->mono[i];
    }
    part->events.stalls += (unsigned)ddsp_starvation_process(&part->starvation, part->position, out, n);
    part->position += n;
}

void ddsp_part_panic(ddsp_part *part, unsigned panic)
{
    part->held = 1;
    for (int v = 0; v < part->n_voices; v++) {
        ddsp_ring *ring = &part->frames[v];
        unsigned old = 0;
        for (const unsigned there = ddsp_ring_count(ring); old < there; old++)
            if ((int)(((const frame *)ddsp_ring_at(ring, old))->panic - panic) >= 0)
                break;
        ddsp_ring_pop(ring, old);
    }
}

void ddsp_part_silence(ddsp_part *part)
{
    part->held = 0;
    for (int v = 0; v < part->n_voices; v++) {
        ddsp_voice_reset(part->voice[v]);
        part->sounds[v] = 0;
        part->busy[v] = 0;
    }
    ddsp_starvation_reset(&part->starvation, part->sample_rate);
}

ddsp_part_events ddsp_part_take_events(ddsp_part *part)
{
    ddsp_part_events events = part->events;
    events.frame_overruns = atomic_exchange_explicit(&part->refused, 0, memory_order_relaxed);
    part->events = (ddsp_part_events){0};
    return events;
}
