/* A part: a performer that says what is played when, a queue of frames for each voice, and what
 * happens when none come. */
#include "rig/part.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/sanitize.h"
#include "common/smoothed_value.h"
#include "rig/frame_queue.h"
#include "rig/performer.h"
#include "rig/starvation.h"

enum { MOST_FRAME_SLOTS = 256 };
#define GAIN_RAMP_S 0.01
#define BODY_RAMP_S 0.02
#define LARGEST_GAIN 16.0f

struct ddsp_part {
    double sample_rate;         /* 0 until prepared */
    double hop_s;
    int max_block, n_voices, n_harmonics;
    int n_noise, n_bands;       /* of both noises, and of the first */
    float *mono;                /* [max_block] of one voice */
    ddsp_voice *voice[DDSP_MAX_VOICES];
    ddsp_noise_bank *bank;      /* the noise of all voices; NULL where there is one voice */
    ddsp_convolver *response;   /* body and room of the model; NULL: it has none */
    ddsp_frame_queue frames[DDSP_MAX_VOICES];
    ddsp_performer performer;
    /* Audio thread's. */
    ddsp_smoothed_value gain[2];    /* of the sides */
    ddsp_smoothed_value body;       /* how much of the response is heard */
    int body_known;                 /* 0: the next value counts at once */
    int held;                   /* a panic is under way: take no frames */
    ddsp_starvation starvation;
    ddsp_part_events events;
    /* Control thread's. */
    const unsigned *panics;     /* of the rig; NULL before it is played */
    const ddsp_part *predecessor;
    atomic_uint refused;        /* frames that found a full ring */
    _Atomic float asked_gain[2];
};

ddsp_part *ddsp_part_new(void)
{
    return calloc(1, sizeof(ddsp_part));
}

static void release(ddsp_part *part)
{
    ddsp_performer_free(&part->performer);
    free(part->mono);
    ddsp_noise_bank_free(part->bank);
    ddsp_convolver_free(part->response);
    for (int v = 0; v < DDSP_MAX_VOICES; v++) {
        ddsp_voice_free(part->voice[v]);
        ddsp_frame_queue_free(&part->frames[v]);
    }
    memset(part, 0, sizeof *part);
}

void ddsp_part_free(ddsp_part *part)
{
    if (part)
        release(part);
    free(part);
}

/* Queues of all voices, of n_harmonics and n_noise values. */
static int prepare_queues(ddsp_part *part)
{
    /* Answers wait for up to two blocks. */
    const double hop = part->hop_s * part->sample_rate;
    const unsigned slots = (unsigned)fmin(8 + 4 * part->max_block / hop, MOST_FRAME_SLOTS);
    for (int v = 0; v < part->n_voices; v++)
        if (!ddsp_frame_queue_prepare(&part->frames[v], slots, part->n_harmonics, part->n_noise))
            return DDSP_NO_MEMORY;
    /* The first voice runs from the start, as offline; the others only once they are played. */
    part->frames[0].still = INT64_MAX;
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
    if (part->n_voices > 1) {
        part->bank = ddsp_noise_bank_new();
        if (!part->bank)
            return DDSP_NO_MEMORY;
        const int status = ddsp_noise_bank_prepare(part->bank, part->sample_rate, part->max_block,
                                                   part->n_noise, band_limit_hz, seed);
        if (status != DDSP_OK)
            return status;
    }
    return prepare_queues(part);
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
    part->hop_s = hop_s;
    part->sample_rate = sample_rate;
    part->mono = calloc((size_t)max_block, sizeof(float));
    int status = part->mono ? ddsp_performer_prepare(&part->performer, sample_rate, max_block,
                                                     n_voices, hop_s, listens)
                            : DDSP_NO_MEMORY;
    if (status == DDSP_OK)
        status = prepare_voices(part, band_limit_hz, seed);
    if (status != DDSP_OK)
        release(part);
    else
        ddsp_starvation_reset(&part->starvation, sample_rate);
    if (status == DDSP_OK)
        ddsp_part_set_gain(part, 1.0f, 1.0f);
    return status;
}

int ddsp_part_set_gain(ddsp_part *part, float left, float right)
{
    if (!part || part->sample_rate == 0.0)
        return DDSP_BAD_ARGUMENT;
    atomic_store_explicit(&part->asked_gain[0], left, memory_order_relaxed);
    atomic_store_explicit(&part->asked_gain[1], right, memory_order_relaxed);
    return 1;
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
    if (part->bank) {
        const int status = ddsp_noise_bank_prepare_second(part->bank, n_second, second_limit_hz);
        if (status != DDSP_OK)
            return status;
    }
    part->n_noise += n_second;
    return prepare_queues(part);
}

int ddsp_part_set_response(ddsp_part *part, const float *response, int n, double response_rate)
{
    if (!part || part->sample_rate == 0.0)
        return DDSP_BAD_ARGUMENT;
    ddsp_convolver *made = ddsp_convolver_new();
    const int status = made ? ddsp_convolver_prepare(made, part->sample_rate, response, n,
                                                     response_rate)
                            : DDSP_NO_MEMORY;
    if (status != DDSP_OK) {
        ddsp_convolver_free(made);
        return status;
    }
    ddsp_convolver_free(part->response);
    part->response = made;
    ddsp_smoothed_value_jump(&part->body, 1.0f);
    return DDSP_OK;
}

int ddsp_part_set_loudness(ddsp_part *part, double min_loudness_db, double max_loudness_db)
{
    if (!part || part->sample_rate == 0.0)
        return DDSP_BAD_ARGUMENT;
    return ddsp_performer_set_model(&part->performer, part->hop_s, min_loudness_db,
                                    max_loudness_db);
}

int ddsp_part_set_conditioner(ddsp_part *part, ddsp_conditioner *conditioner)
{
    if (!part || part->sample_rate == 0.0 || !conditioner)
        return DDSP_BAD_ARGUMENT;
    const ddsp_conditioner_sizes sizes = ddsp_conditioner_get_sizes(conditioner);
    if (sizes.n_harmonics != part->n_harmonics
        || sizes.n_noise + sizes.n_second != part->n_noise)
        return DDSP_BAD_ARGUMENT;
    part->performer.conditioner = conditioner;
    part->performer.frames = part->frames;
    return DDSP_OK;
}

/* ---- control thread ---- */

uint32_t ddsp_part_faults(ddsp_part *part)
{
    return atomic_load_explicit(&part->performer.faults, memory_order_relaxed);
}

int ddsp_part_may_join(const ddsp_part *part, double sample_rate, int max_block)
{
    return part && !part->panics && part->sample_rate == sample_rate
           && part->max_block == max_block;
}

void ddsp_part_join(ddsp_part *part, const unsigned *panics)
{
    part->panics = panics;
}

static unsigned panics(const ddsp_part *part)
{
    return part->panics ? *part->panics : 0;
}

int ddsp_part_send_event(ddsp_part *part, const ddsp_event *event)
{
    return part->sample_rate > 0.0 && ddsp_performer_send(&part->performer, event, panics(part));
}

void ddsp_part_voice_states(ddsp_part *part, ddsp_voice_state *out)
{
    ddsp_performer_states(&part->performer, out);
}

void ddsp_part_newest_frame(const ddsp_part *part, ddsp_feature_frame *out)
{
    *out = part->performer.newest;
}

void ddsp_part_go_on_from(ddsp_part *part, ddsp_part *other)
{
    part->predecessor = other;
    part->performer.adopts = &other->performer;
    part->performer.adopts_at =
        atomic_load_explicit(&other->performer.events.written, memory_order_relaxed);
}

int ddsp_part_read_ticks(ddsp_part *part, ddsp_tick *out, int n)
{
    return part->sample_rate > 0.0 && n > 0
               ? ddsp_performer_read_ticks(&part->performer, out, n) : 0;
}

int ddsp_part_send_frame(ddsp_part *part, int voice, int64_t position, int onset, float f0_hz,
                         float amplitude, const float *harmonic_distribution,
                         const float *noise_magnitudes, float ramp_s)
{
    if (voice < 0 || voice >= part->n_voices)
        return DDSP_BAD_ARGUMENT;
    const ddsp_queued_frame head = {
        .position = position,
        .delay = part->max_block,
        .onset = onset || position < 0,
        .panic = panics(part),
        .f0_hz = f0_hz,
        .amplitude = amplitude,
        .ramp_s = ramp_s,
    };
    if (ddsp_frame_queue_push(&part->frames[voice], &head, harmonic_distribution,
                              noise_magnitudes))
        return 1;
    atomic_fetch_add_explicit(&part->refused, 1, memory_order_relaxed);
    return 0;
}

/* ---- audio thread ---- */

static float asked_gain(ddsp_part *part, int side)
{
    const float asked = atomic_load_explicit(&part->asked_gain[side], memory_order_relaxed);
    return ddsp_flush(ddsp_within(asked, 0.0f, LARGEST_GAIN), 1e-10f);
}

void ddsp_part_take_body(ddsp_part *part, float body)
{
    const float asked = ddsp_flush(ddsp_within(body, 0.0f, 1.0f), 1e-6f);
    if (part->body_known)
        ddsp_smoothed_value_to(&part->body, asked, BODY_RAMP_S, part->sample_rate);
    else
        ddsp_smoothed_value_jump(&part->body, asked);
    part->body_known = 1;
}

void ddsp_part_begin(ddsp_part *part, int64_t position)
{
    ddsp_performer_begin(&part->performer, position);
    part->body_known = 0;
    for (int s = 0; s < 2; s++)
        ddsp_smoothed_value_jump(&part->gain[s], asked_gain(part, s));
}

int ddsp_part_take_gain(ddsp_part *part)
{
    int apart = 0;
    for (int s = 0; s < 2; s++) {
        ddsp_smoothed_value_to(&part->gain[s], asked_gain(part, s), GAIN_RAMP_S,
                               part->sample_rate);
        apart |= ddsp_smoothed_value_at(&part->gain[s], 0) != 1.0f
                 || asked_gain(part, s) != 1.0f;
    }
    return apart;
}

void ddsp_part_mix(ddsp_part *part, const float *in, float *const sides[2], int n)
{
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < n; i++)
            sides[s][i] += ddsp_smoothed_value_at(&part->gain[s], i + 1) * in[i];
        ddsp_smoothed_value_advance(&part->gain[s], n);
    }
}

const ddsp_part *ddsp_part_predecessor(const ddsp_part *part)
{
    return part->predecessor;
}

void ddsp_part_adopt(ddsp_part *part)
{
    ddsp_performer_adopt(&part->performer);
}

void ddsp_part_match_phases(ddsp_part *part, const ddsp_part *other)
{
    for (int v = 0; v < part->n_voices && v < other->n_voices; v++)
        ddsp_voice_match_phase(part->voice[v], other->voice[v]);
}

/* One voice; what took effect keeps the part from starving. */
static void render(ddsp_part *part, int v, int64_t position, float *out, int n)
{
    ddsp_frame_clock clock = {
        .sample_rate = part->sample_rate,
        .voice = part->voice[v],
        .bank = part->bank,
        .position = position,
        .held = part->held,
        .applied_at = -1,
    };
    ddsp_frame_queue_render(&part->frames[v], &clock, out, n);
    part->events.late += clock.late;
    if (clock.applied_at < 0)
        return;
    int sounding = 0;
    for (int i = 0; i < part->n_voices; i++)
        sounding |= part->frames[i].sounds;
    ddsp_starvation_frame(&part->starvation, clock.applied_at, clock.applied_ramp, sounding);
}

void ddsp_part_overtake(ddsp_part *part)
{
    for (int v = 0; v < part->n_voices && !part->held; v++)
        ddsp_frame_queue_overtake(&part->frames[v]);
}

/* Adds what comes back from body and room to the n samples of all voices. */
static void resound(ddsp_part *part, float *out, int n)
{
    if (!part->response)
        return;
    if (ddsp_smoothed_value_still(&part->body) && part->body.target == 0.0f) {
        ddsp_convolver_reset(part->response);
        return;
    }
    ddsp_convolver_process(part->response, out, part->mono, n);
    for (int i = 0; i < n; i++)
        out[i] += ddsp_smoothed_value_at(&part->body, i + 1) * part->mono[i];
    ddsp_smoothed_value_advance(&part->body, n);
}

void ddsp_part_process(ddsp_part *part, const float *mono, float *out, int n)
{
    const int64_t position = part->performer.position;
    ddsp_performer_process(&part->performer, mono, n);
    render(part, 0, position, out, n);
    for (int v = 1; v < part->n_voices; v++) {
        render(part, v, position, part->mono, n);
        for (int i = 0; i < n; i++)
            out[i] += part->mono[i];
    }
    if (part->bank)
        ddsp_noise_bank_render(part->bank, out, n);
    part->events.stalls +=
        (unsigned)ddsp_starvation_process(&part->starvation, position, out, n);
    resound(part, out, n);
}

void ddsp_part_panic(ddsp_part *part, unsigned panic)
{
    part->held = 1;
    ddsp_performer_panic(&part->performer, panic);
    for (int v = 0; v < part->n_voices; v++)
        ddsp_frame_queue_forget(&part->frames[v], panic);
}

void ddsp_part_silence(ddsp_part *part)
{
    part->held = 0;
    for (int v = 0; v < part->n_voices; v++) {
        ddsp_voice_reset(part->voice[v]);
        ddsp_frame_queue_silence(&part->frames[v]);
    }
    if (part->bank)
        ddsp_noise_bank_reset(part->bank);
    if (part->response)
        ddsp_convolver_reset(part->response);
    ddsp_starvation_reset(&part->starvation, part->sample_rate);
}

ddsp_part_events ddsp_part_take_events(ddsp_part *part)
{
    ddsp_part_events events = part->events;
    events.frame_overruns = atomic_exchange_explicit(&part->refused, 0, memory_order_relaxed);
    events.ticks = part->performer.made;
    events.tick_overruns = part->performer.lost;
    events.frame_overruns += part->performer.refused;
    part->performer.made = part->performer.lost = part->performer.refused = 0;
    part->events = (ddsp_part_events){0};
    return events;
}
