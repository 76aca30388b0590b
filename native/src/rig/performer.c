#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "rig/performer.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define SILENCE_DB (-80.0f)
#define SETTLED_S 2.0       /* a model that was shown silence for so long says the same for ever */
enum { TICK_SLOTS = 2048, EVENT_SLOTS = 256 };

typedef struct {
    unsigned panic;         /* how many panics there were when it was sent */
    ddsp_event event;
} sent_event;

/* ---- setup ---- */

void ddsp_performer_free(ddsp_performer *performer)
{
    ddsp_analyser_free(performer->analyser);
    free(performer->features);
    ddsp_effect_free(performer->effect);
    ddsp_synth_free(performer->synth);
    ddsp_ring_free(&performer->ticks);
    ddsp_ring_free(&performer->events);
}

static int prepare_ear(ddsp_performer *performer, double hop_s)
{
    performer->analyser = ddsp_analyser_new();
    performer->effect = ddsp_effect_new(hop_s);
    if (!performer->analyser || !performer->effect)
        return DDSP_NO_MEMORY;
    const int status = ddsp_analyser_prepare(performer->analyser, performer->sample_rate,
                                             performer->max_block, hop_s);
    if (status != DDSP_OK)
        return status;
    ddsp_analyser_set_eager(performer->analyser, 1);
    performer->features = calloc((size_t)ddsp_analyser_max_frames(performer->analyser),
                                 sizeof *performer->features);
    return performer->features ? DDSP_OK : DDSP_NO_MEMORY;
}

int ddsp_performer_set_model(ddsp_performer *performer, double hop_s, double min_db, double max_db)
{
    if (!isfinite(min_db) || !isfinite(max_db))
        return DDSP_BAD_ARGUMENT;
    if (performer->analyser)
        return DDSP_OK;
    ddsp_synth_free(performer->synth);
    performer->synth = ddsp_synth_new(hop_s, min_db, max_db);
    return performer->synth ? DDSP_OK : DDSP_NO_MEMORY;
}

int ddsp_performer_prepare(ddsp_performer *performer, double sample_rate, int max_block,
                           int n_voices, double hop_s, int listens)
{
    performer->n_voices = n_voices;
    performer->sample_rate = sample_rate;
    performer->max_block = max_block;
    performer->hop = hop_s * sample_rate;
    performer->silent_from = 0;
    performer->newest = (ddsp_feature_frame){.loudness_db = SILENCE_DB};
    if (!ddsp_ring_prepare(&performer->ticks, TICK_SLOTS, sizeof(ddsp_tick))
        || !ddsp_ring_prepare(&performer->events, EVENT_SLOTS, sizeof(sent_event)))
        return DDSP_NO_MEMORY;
    return listens ? prepare_ear(performer, hop_s)
                   : ddsp_performer_set_model(performer, hop_s, -60.0, 0.0);
}

/* ---- control thread ---- */

int ddsp_performer_send(ddsp_performer *performer, const ddsp_event *event, unsigned panic)
{
    sent_event *to = ddsp_ring_slot(&performer->events);
    if (!to)
        return 0;
    to->panic = panic;
    to->event = *event;
    ddsp_ring_push(&performer->events);
    return 1;
}

int ddsp_performer_read_ticks(ddsp_performer *performer, ddsp_tick *out, int n)
{
    const unsigned there = ddsp_ring_count(&performer->ticks);
    const unsigned count = there < (unsigned)n ? there : (unsigned)n;
    for (unsigned i = 0; i < count; i++)
        out[i] = *(const ddsp_tick *)ddsp_ring_at(&performer->ticks, i);
    ddsp_ring_pop(&performer->ticks, count);
    return (int)count;
}

void ddsp_performer_states(ddsp_performer *performer, ddsp_voice_state *out)
{
    for (int v = 0; v < DDSP_MAX_VOICES; v++) {
        ddsp_published_voice *voice = &performer->voices[v];
        /* First: what is read next is not older than this event. */
        out[v].serial = atomic_load_explicit(&voice->serial, memory_order_acquire);
        out[v].sounds = atomic_load_explicit(&voice->sounds, memory_order_relaxed);
        out[v].loudness_db = atomic_load_explicit(&voice->loudness_db, memory_order_relaxed);
    }
}

/* ---- audio thread ---- */

void ddsp_performer_begin(ddsp_performer *performer, int64_t position)
{
    performer->start = performer->position = position;
    performer->tick = 1;
    performer->due = position + llround(performer->hop);
}

/* Seconds of the rig: the players' clock. */
static double seconds(const ddsp_performer *performer, int64_t position)
{
    return (double)position / performer->sample_rate;
}

static void take(ddsp_performer *performer, const sent_event *sent)
{
    const ddsp_event *event = &sent->event;
    const int starts = event->kind == DDSP_EVENT_START || event->kind == DDSP_EVENT_RETARGET;
    if (starts && (int)(sent->panic - performer->panic) < 0)
        return; /* of before the panic */
    if (event->kind == DDSP_EVENT_CONDITION && performer->conditioner)
        ddsp_conditioner_set(performer->conditioner, event->conditioning);
    else if (performer->synth)
        ddsp_synth_event(performer->synth, event, seconds(performer, performer->position));
    else if (event->kind == DDSP_EVENT_EFFECT)
        ddsp_effect_set(performer->effect, &event->effect);
    else if (event->kind == DDSP_EVENT_FREEZE)
        ddsp_effect_freeze(performer->effect, event->value);
    else if (event->kind == DDSP_EVENT_RESET)
        ddsp_effect_reset(performer->effect);
}

/* The events, up to number `until` of all that were ever sent. */
static void take_events(ddsp_performer *performer, unsigned until)
{
    for (unsigned n = ddsp_ring_count(&performer->events);
         n > 0 && (int)(until - performer->events_taken) > 0; n--) {
        take(performer, ddsp_ring_at(&performer->events, 0));
        ddsp_ring_pop(&performer->events, 1);
        performer->events_taken++;
    }
}

void ddsp_performer_adopt(ddsp_performer *performer)
{
    ddsp_performer *other = performer->adopts;
    take_events(other, performer->adopts_at);
    if (performer->synth && other->synth)
        ddsp_synth_adopt(performer->synth, other->synth);
    else if (performer->effect && other->effect)
        ddsp_effect_adopt(performer->effect, other->effect);
}

void ddsp_performer_panic(ddsp_performer *performer, unsigned panic)
{
    performer->panic = panic;
    if (performer->conditioner)
        ddsp_conditioner_reset(performer->conditioner);
    if (performer->effect)
        ddsp_effect_reset(performer->effect);
    if (performer->synth)
        ddsp_synth_panic(performer->synth, seconds(performer, performer->position));
}

static void put_tick(ddsp_performer *performer, ddsp_tick made)
{
    ddsp_tick *to = ddsp_ring_slot(&performer->ticks);
    const int to_answer = !performer->conditioner;
    if (!to) {
        performer->lost += (unsigned)to_answer;
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *to = made;
    to->made_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    ddsp_ring_push(&performer->ticks);
    performer->made += (unsigned)to_answer;
}

/* Decodes a frame that fell due at a position, for the voice to play it from there on. */
static void decode(ddsp_performer *performer, int voice, int64_t position,
                   const ddsp_feature_frame *frame)
{
    ddsp_control_frame controls;
    float offset_s;
    ddsp_queued_frame head = {.onset = frame->onset, .panic = performer->panic};
    ddsp_conditioner_begin(performer->conditioner, voice, frame);
    while (ddsp_conditioner_next(performer->conditioner, voice, &controls, &offset_s,
                                 &head.ramp_s) == 1) {
        head.position = position + llround((double)offset_s * performer->sample_rate);
        head.f0_hz = controls.f0_hz;
        head.amplitude = controls.amplitude;
        performer->refused += !ddsp_frame_queue_push(&performer->frames[voice], &head,
                                                     controls.harmonic_distribution,
                                                     controls.noise_magnitudes);
    }
}

static void hear(ddsp_performer *performer, const float *mono, int n)
{
    const int found = ddsp_analyser_process(performer->analyser, mono, n, performer->features);
    for (int i = 0; i < found; i++) {
        const ddsp_features *heard = &performer->features[i];
        ddsp_tick tick = {
            .position = performer->start + heard->position,
            .f0_hz = heard->f0_hz,
            .confidence = heard->confidence,
            .loudness_db = heard->loudness_db,
        };
        ddsp_effect_frame(performer->effect, heard, seconds(performer, tick.position),
                          &tick.frame);
        performer->newest = tick.frame;
        if (tick.frame.loudness_db > SILENCE_DB)
            performer->silent_from = -1;
        else if (performer->silent_from < 0)
            performer->silent_from = tick.position;
        tick.settled =
            performer->silent_from >= 0
            && tick.position - performer->silent_from > SETTLED_S * performer->sample_rate;
        put_tick(performer, tick);
        if (performer->conditioner && !tick.settled)
            decode(performer, 0, tick.position, &tick.frame);
    }
}

static void put_frames(ddsp_performer *performer, const ddsp_voice_frame *frames, int n,
                       int64_t position, int settled)
{
    for (int i = 0; i < n; i++) {
        if (frames[i].voice >= performer->n_voices)
            continue;
        if (!performer->conditioner)
            put_tick(performer, (ddsp_tick){.position = position,
                                            .loudness_db = SILENCE_DB,
                                            .voice = frames[i].voice,
                                            .settled = settled,
                                            .frame = frames[i].frame});
        else if (!settled)
            decode(performer, frames[i].voice, position, &frames[i].frame);
    }
}

/* Of a tick's frames, the one of the loudest voice. */
static void keep_loudest(ddsp_performer *performer, const ddsp_voice_frame *frames, int n)
{
    performer->newest.loudness_db = SILENCE_DB;
    for (int i = 0; i < n; i++)
        if (frames[i].voice < performer->n_voices
            && frames[i].frame.loudness_db > performer->newest.loudness_db)
            performer->newest = frames[i].frame;
}

/* Ticks and onsets of the notes, in their order. */
static void play(ddsp_performer *performer, int n)
{
    ddsp_voice_frame frames[DDSP_MAX_VOICES];
    const int64_t begin = performer->position, end = begin + n;
    for (;;) {
        const double due_s = ddsp_synth_due(performer->synth);
        int64_t onset = INT64_MAX;
        if (due_s < seconds(performer, end)) {
            onset = llround(due_s * performer->sample_rate);
            onset = onset < begin ? begin : onset;
        }
        if (onset <= performer->due && onset < end) {
            const int made = ddsp_synth_onsets(performer->synth, due_s, frames);
            put_frames(performer, frames, made, onset, 0);
        } else if (performer->due <= end) {
            const double time_s = seconds(performer, performer->due);
            const int made = ddsp_synth_frames(performer->synth, time_s, frames);
            keep_loudest(performer, frames, made);
            put_frames(performer, frames, made, performer->due,
                       ddsp_synth_rests(performer->synth, time_s));
            performer->due = performer->start + llround((double)++performer->tick * performer->hop);
        } else {
            return;
        }
    }
}

static void publish(ddsp_performer *performer)
{
    ddsp_voice_state states[DDSP_MAX_VOICES];
    ddsp_synth_states(performer->synth, states);
    for (int v = 0; v < DDSP_MAX_VOICES; v++) {
        ddsp_published_voice *voice = &performer->voices[v];
        atomic_store_explicit(&voice->sounds, states[v].sounds, memory_order_relaxed);
        atomic_store_explicit(&voice->loudness_db, states[v].loudness_db, memory_order_relaxed);
        atomic_store_explicit(&voice->serial, states[v].serial, memory_order_release);
    }
}

void ddsp_performer_process(ddsp_performer *performer, const float *mono, int n)
{
    take_events(performer, performer->events_taken + EVENT_SLOTS);
    if (performer->analyser) {
        hear(performer, mono, n);
    } else {
        play(performer, n);
        publish(performer);
    }
    if (performer->conditioner)
        atomic_store_explicit(&performer->faults,
                              ddsp_conditioner_faults(performer->conditioner),
                              memory_order_relaxed);
    performer->position += n;
}
