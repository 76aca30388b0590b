/* Conditioner: one or two decoders with all that lies around and between them, frame by frame.
 *
 * A frame is a small machine of questions and targets: the first model is asked, then where a
 * second one joins in it is asked once or (where it is faster) several times, and each answer
 * gives a target. Models with a network answer at once; others are asked by the caller. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decoder/around.h"
#include "decoder/loudness_map.h"
#include "decoder/morph.h"
#include "decoder/network.h"
#include "common/sanitize.h"

#define SILENCE_DB (-80.0f)
#define ONSET_RAMP_S 0.0015   /* a note that starts at once: a click is faster */
#define MORPH_RAMP_S 0.05     /* a jump of the morph from one model to the other */
#define LEAD_S 0.06           /* a model that joins in is asked so long before it is heard */
#define TINY 1e-6             /* rounding of a sum of hops */
#define LEAST 1e-30f

/* Which model waits to be asked, or what the next target is made of. */
typedef enum {
    IDLE,          /* no target is left */
    FIRST,         /* the first model is to be asked */
    SECOND,        /* the second one */
    ALONE,         /* the first model's answer is the target */
    BLEND          /* between both */
} stage;

typedef struct {
    ddsp_decoder_state decoders[2];
    ddsp_settings_ramp ramp;
    ddsp_feature_frame in;         /* the frame that was begun */
    ddsp_feature_frame asked;      /* the frame before it */
    ddsp_feature_frame to_second;  /* what the second model is asked for, before it is shown */
    ddsp_question question;        /* what it or the first one is shown */
    ddsp_control_frame own;        /* the first model's answer */
    ddsp_control_frame answers[2]; /* the second model's last two; `after` is the newer */
    float partials[DDSP_MAX_HARMONICS]; /* the first model's, of its last frame ... */
    float begun[DDSP_MAX_HARMONICS];    /* ... and of the one before */
    double lead_s, phase;          /* phase: of the second model's hop */
    float amount, amount_begun, goal;   /* of the morph, 0..1 */
    float ramp_s;
    int after;                     /* which of the answers is the newer */
    int runs, sounds;              /* the second model is asked; the first one is heard */
    int joins;                     /* the second model has not yet answered since it runs, or
                                    * since the voice was silent */
    int fresh;                     /* the voice was silent: the models forget the note before */
    int step, steps;               /* of the second model within this frame; 0: none */
    stage at;
} voice_state;

struct ddsp_conditioner {
    ddsp_conditioned_model models[2];
    ddsp_loudness_map *maps[2];    /* own copies of the models' */
    ddsp_conditioner_sizes sizes;
    ddsp_conditioning settings;
    double shift, shown_shift, ratio; /* ratio: the second model's frames to one of the first */
    int has_second, masked;        /* masked: the voice masks too far up for the first model */
    int n_voices;                  /* 0 until prepared */
    voice_state *voices;
};

ddsp_conditioner *ddsp_conditioner_new(void)
{
    return calloc(1, sizeof(ddsp_conditioner));
}

void ddsp_conditioner_free(ddsp_conditioner *conditioner)
{
    if (conditioner) {
        ddsp_loudness_map_free(conditioner->maps[0]);
        ddsp_loudness_map_free(conditioner->maps[1]);
        free(conditioner->voices);
    }
    free(conditioner);
}

static int good(const ddsp_conditioned_model *model)
{
    const ddsp_network *network = model->network;
    return model->n_harmonics >= 1 && model->n_harmonics <= DDSP_MAX_HARMONICS
           && model->n_noise >= 2 && model->n_noise <= DDSP_MAX_NOISE_BANDS
           && model->band_limit_hz >= 1000.0 && model->band_limit_hz <= 384000.0
           && model->hop_s >= 0.001 && model->hop_s <= 0.1 && model->usual_hz >= 1.0
           && model->usual_hz <= 100000.0 && fabs(model->offset_db) <= 400.0
           && model->reach >= 0.0 && model->reach <= 24.0
           && ddsp_loudness_map_good(model->loudness_map)
           && (!network
               || (network->memory && network->facts.n_harmonics == model->n_harmonics
                   && network->facts.n_noise == model->n_noise));
}

static void find_sizes(ddsp_conditioner *c)
{
    const ddsp_conditioned_model *first = &c->models[0], *second = &c->models[1];
    c->sizes = (ddsp_conditioner_sizes){first->n_harmonics, first->n_noise,
                                        first->band_limit_hz, 0, 0.0, first->hop_s};
    c->masked = 0;
    if (!c->has_second)
        return;
    if (second->n_harmonics > first->n_harmonics)
        c->sizes.n_harmonics = second->n_harmonics;
    if (second->n_noise != first->n_noise || second->band_limit_hz != first->band_limit_hz) {
        c->sizes.n_second = second->n_noise;
        c->sizes.second_limit_hz = second->band_limit_hz;
        /* The voice masks where the wider model does: the narrower one is masked here. */
        c->masked = second->band_limit_hz > first->band_limit_hz;
    }
    c->ratio = first->hop_s / second->hop_s;
}

int ddsp_conditioner_prepare(ddsp_conditioner *c, int n_voices,
                             const ddsp_conditioned_model *first,
                             const ddsp_conditioned_model *second, ddsp_conditioning settings)
{
    if (!c || !first || n_voices < 1 || n_voices > DDSP_MAX_VOICES || !good(first)
        || (second && !good(second)))
        return DDSP_BAD_ARGUMENT;
    free(c->voices);
    c->n_voices = 0;
    c->voices = calloc((size_t)n_voices, sizeof *c->voices);
    const ddsp_conditioned_model *models[2] = {first, second};
    int copied = c->voices != NULL;
    for (int i = 0; i < 2; i++) {
        const ddsp_loudness_map *map = models[i] ? models[i]->loudness_map : NULL;
        ddsp_loudness_map_free(c->maps[i]);
        c->maps[i] = ddsp_loudness_map_copy(map);
        copied = copied && (!map || c->maps[i]);
    }
    if (!copied)
        return DDSP_NO_MEMORY;
    c->n_voices = n_voices;
    c->has_second = second != NULL;
    c->models[0] = *first;
    c->models[1] = second ? *second : (ddsp_conditioned_model){0};
    for (int i = 0; i < 2; i++)
        c->models[i].loudness_map = c->maps[i];
    find_sizes(c);
    ddsp_conditioner_set(c, settings);
    ddsp_conditioner_reset(c);
    return DDSP_OK;
}

ddsp_conditioner_sizes ddsp_conditioner_get_sizes(const ddsp_conditioner *conditioner)
{
    return conditioner->sizes;
}

void ddsp_conditioner_set(ddsp_conditioner *c, ddsp_conditioning settings)
{
    c->settings = ddsp_sane_conditioning(settings);
    c->shift = exp2((double)c->settings.pitch_shift / 12.0);
    c->shown_shift =
        exp2(((double)c->settings.pitch_shift + (double)c->settings.input_pitch) / 12.0);
}

void ddsp_conditioner_reset(ddsp_conditioner *c)
{
    for (int i = 0; i < c->n_voices; i++) {
        voice_state *voice = &c->voices[i];
        ddsp_decoder_reset(&voice->decoders[0]);
        ddsp_decoder_reset(&voice->decoders[1]);
        voice->runs = voice->sounds = 0;
        voice->at = IDLE;
        ddsp_settings_ramp_move(&voice->ramp, &c->settings, 0.0, 1);
        voice->asked = (ddsp_feature_frame){.loudness_db = SILENCE_DB, .pitched = 1.0f};
    }
}

uint32_t ddsp_conditioner_faults(const ddsp_conditioner *c)
{
    uint32_t faults = 0;
    for (int i = 0; i < c->n_voices; i++)
        faults += c->voices[i].decoders[0].faults + c->voices[i].decoders[1].faults;
    return faults;
}

void ddsp_conditioner_begin(ddsp_conditioner *c, int number, const ddsp_feature_frame *in)
{
    if (number < 0 || number >= c->n_voices)
        return;
    voice_state *voice = &c->voices[number];
    voice->in = *in;
    voice->fresh = !(voice->asked.loudness_db > SILENCE_DB);
    voice->ramp_s = in->onset ? (float)ONSET_RAMP_S : (float)c->models[0].hop_s;
    ddsp_settings_ramp_move(&voice->ramp, &c->settings, c->models[0].hop_s,
                            in->onset || !voice->sounds);
    ddsp_around_show(&c->models[0], &voice->ramp, c->shift, c->shown_shift, in, &voice->question);
    voice->at = FIRST;
}

static void copy_controls(const ddsp_conditioned_model *model, const ddsp_control_frame *from,
                          ddsp_control_frame *to)
{
    to->f0_hz = from->f0_hz;
    to->amplitude = from->amplitude;
    memcpy(to->harmonic_distribution, from->harmonic_distribution,
           (size_t)model->n_harmonics * sizeof(float));
    memcpy(to->noise_magnitudes, from->noise_magnitudes,
           (size_t)model->n_noise * sizeof(float));
}

/* What was asked between two frames of one voice. */
static ddsp_feature_frame part_way(const ddsp_feature_frame *before,
                                   const ddsp_feature_frame *after, float share)
{
    ddsp_feature_frame frame = *after;
    frame.onset = 0;
    if (before->f0_hz > 0.0f && after->f0_hz > 0.0f)
        frame.f0_hz = before->f0_hz * powf(after->f0_hz / before->f0_hz, share);
    if (before->loudness_db > SILENCE_DB && after->loudness_db > SILENCE_DB)
        frame.loudness_db += (share - 1.0f) * (after->loudness_db - before->loudness_db);
    frame.pitched = before->pitched + share * (after->pitched - before->pitched);
    return frame;
}

static void ask_second(const ddsp_conditioner *c, voice_state *voice,
                       const ddsp_feature_frame *frame)
{
    voice->to_second = *frame;
    ddsp_around_show(&c->models[1], &voice->ramp, c->shift, c->shown_shift, frame,
                     &voice->question);
    voice->at = SECOND;
}

/* The second model joins in. */
static void join(const ddsp_conditioner *c, voice_state *voice)
{
    ddsp_control_frame *after = &voice->answers[voice->after];
    voice->runs = voice->joins = 1;
    voice->phase = 1.0 - c->ratio; /* its first step is now */
    voice->lead_s = voice->sounds ? LEAD_S : 0.0;
    voice->asked = voice->in;
    ddsp_decoder_reset(&voice->decoders[1]);
    memset(after, 0, sizeof *after);
}

/* The amount a hop later. */
static float moved(const ddsp_conditioner *c, voice_state *voice)
{
    const float wanted = c->settings.morph, step = (float)(c->models[0].hop_s / MORPH_RAMP_S);
    if (voice->lead_s > 0.0) {
        voice->lead_s -= c->models[0].hop_s;
        return voice->amount;
    }
    return ddsp_within(wanted, voice->amount - step, voice->amount + step);
}

/* The first model has answered: what the frame's targets are. */
static void plan(ddsp_conditioner *c, voice_state *voice)
{
    const ddsp_conditioned_model *first = &c->models[0];
    const float wanted = c->settings.morph;
    voice->steps = voice->step = 0;
    voice->at = ALONE;
    if (!c->has_second)
        return;
    if (!voice->sounds) {
        voice->amount = wanted;
        voice->lead_s = 0.0;
    }
    memcpy(voice->begun, voice->partials, sizeof voice->begun);
    ddsp_morph_partials(&voice->own, first->n_harmonics, first->band_limit_hz, voice->partials,
                        DDSP_MAX_HARMONICS);
    if (voice->amount == 0.0f && wanted == 0.0f) {
        voice->runs = 0;
        return;
    }
    if (!voice->runs) {
        join(c, voice);
    } else if (voice->fresh) {
        ddsp_decoder_reset(&voice->decoders[1]);
        voice->joins = 1;
    }
    voice->amount_begun = voice->amount;
    voice->goal = moved(c, voice);
    voice->at = BLEND;
    if (voice->in.onset) {
        ask_second(c, voice, &voice->in);
        return;
    }
    voice->phase += c->ratio;
    const int steps = (int)(voice->phase + TINY);
    voice->phase -= steps;
    if (c->ratio > 1.0 && steps >= 2) {
        voice->steps = steps;
        voice->step = 1;
        const ddsp_feature_frame frame =
            part_way(&voice->asked, &voice->in, 1.0f / (float)steps);
        ask_second(c, voice, &frame);
    } else if (steps) {
        ask_second(c, voice, &voice->in);
    }
}

int ddsp_conditioner_ask(ddsp_conditioner *c, int number, ddsp_feature_frame *shown)
{
    if (number < 0 || number >= c->n_voices)
        return -1;
    const voice_state *voice = &c->voices[number];
    if (voice->at != FIRST && voice->at != SECOND)
        return -1;
    *shown = voice->question.shown;
    return voice->at == FIRST ? 2 * voice->fresh : 1 + 2 * voice->joins;
}

/* The answer lies in `controls`, which is the voice's own room for it. */
static void answered(ddsp_conditioner *c, voice_state *voice, ddsp_control_frame *controls)
{
    const int second = voice->at == SECOND;
    ddsp_around_tell(&c->models[second], &voice->ramp, c->shift,
                     second ? &voice->to_second : &voice->in, &voice->question, controls);
    if (!second) {
        plan(c, voice);
        return;
    }
    voice->joins = 0;
    voice->after ^= 1;
    if (voice->in.onset)
        copy_controls(&c->models[1], controls, &voice->answers[voice->after ^ 1]);
    voice->at = BLEND;
}

/* Where the answer to the present question goes. */
static ddsp_control_frame *room_for_answer(voice_state *voice)
{
    return voice->at == SECOND ? &voice->answers[voice->after ^ 1] : &voice->own;
}

void ddsp_conditioner_answer(ddsp_conditioner *c, int number, const ddsp_control_frame *controls)
{
    if (number < 0 || number >= c->n_voices)
        return;
    voice_state *voice = &c->voices[number];
    if (voice->at != FIRST && voice->at != SECOND)
        return;
    ddsp_control_frame *room = room_for_answer(voice);
    copy_controls(&c->models[voice->at == SECOND], controls, room);
    answered(c, voice, room);
}

/* The first model's answer as it is, in the room of both. */
static void alone(const ddsp_conditioner *c, const voice_state *voice, ddsp_control_frame *out)
{
    const ddsp_conditioned_model *first = &c->models[0];
    copy_controls(first, &voice->own, out);
    int heard = first->n_harmonics;
    if (c->masked)
        heard = ddsp_morph_heard(voice->own.f0_hz, heard, first->band_limit_hz);
    if (heard < c->sizes.n_harmonics)
        memset(out->harmonic_distribution + heard, 0,
               (size_t)(c->sizes.n_harmonics - heard) * sizeof(float));
    memset(out->noise_magnitudes + first->n_noise, 0,
           (size_t)c->sizes.n_second * sizeof(float));
}

/* Where a slower model's ramp is: `share` of the way to what it said last. */
static const ddsp_control_frame *between_answers(const ddsp_conditioner *c,
                                                 const voice_state *voice, float share,
                                                 ddsp_control_frame *mixed)
{
    const ddsp_control_frame *after = &voice->answers[voice->after];
    const ddsp_control_frame *before = &voice->answers[voice->after ^ 1];
    if (share >= 1.0f)
        return after;
    mixed->f0_hz = after->f0_hz;
    /* Products, not a difference: nothing falls below 0 by rounding. */
    const float rest = 1.0f - share;
    mixed->amplitude = rest * before->amplitude + share * after->amplitude;
    for (int k = 0; k < c->models[1].n_harmonics; k++)
        mixed->harmonic_distribution[k] = rest * before->harmonic_distribution[k]
                                          + share * after->harmonic_distribution[k];
    for (int b = 0; b < c->models[1].n_noise; b++)
        mixed->noise_magnitudes[b] =
            rest * before->noise_magnitudes[b] + share * after->noise_magnitudes[b];
    return mixed;
}

/* The first model's partials, the noise of its last frame, and the other's. */
static void blend(const ddsp_conditioner *c, const voice_state *voice, const float *partials,
                  const ddsp_control_frame *other, float amount, ddsp_control_frame *out)
{
    const ddsp_conditioned_model *first = &c->models[0], *second = &c->models[1];
    const float *own = voice->own.noise_magnitudes, *theirs = other->noise_magnitudes;
    float others[DDSP_MAX_HARMONICS], *noise = out->noise_magnitudes;
    out->f0_hz = voice->own.f0_hz;
    ddsp_morph_partials(other, second->n_harmonics, second->band_limit_hz, others,
                        DDSP_MAX_HARMONICS);
    out->amplitude = ddsp_morph_spectra(partials, others, amount, out->harmonic_distribution,
                                        c->sizes.n_harmonics);
    const float rest = 1.0f - amount;
    if (c->sizes.n_second == 0) { /* power, as two noises add up */
        for (int b = 0; b < first->n_noise; b++)
            noise[b] = sqrtf(rest * own[b] * own[b] + amount * theirs[b] * theirs[b]);
        return;
    }
    for (int b = 0; b < first->n_noise; b++)
        noise[b] = sqrtf(rest) * own[b];
    for (int b = 0; b < second->n_noise; b++)
        noise[first->n_noise + b] = sqrtf(amount) * theirs[b];
}

/* The target between both models; asks the second one again where it is faster. */
static void blended(ddsp_conditioner *c, voice_state *voice, ddsp_control_frame *out,
                    float *offset_s, float *ramp_s)
{
    ddsp_control_frame mixed;
    if (voice->steps == 0) {
        double share = 1.0; /* a slower model is on its way to what it said last */
        if (!voice->in.onset && c->ratio < 1.0)
            share = voice->phase + c->ratio < 1.0 ? voice->phase + c->ratio : 1.0;
        voice->amount = voice->goal;
        blend(c, voice, voice->partials, between_answers(c, voice, (float)share, &mixed),
              voice->goal, out);
        voice->at = IDLE;
        return;
    }
    const float share = (float)voice->step / (float)voice->steps;
    float partials[DDSP_MAX_HARMONICS];
    for (int k = 0; k < DDSP_MAX_HARMONICS; k++)
        partials[k] = (1.0f - share) * voice->begun[k] + share * voice->partials[k];
    voice->amount = voice->amount_begun + share * (voice->goal - voice->amount_begun);
    blend(c, voice, partials, &voice->answers[voice->after], voice->amount, out);
    *ramp_s = voice->ramp_s / (float)voice->steps;
    *offset_s = (float)(voice->step - 1) * *ramp_s;
    voice->at = IDLE;
    if (voice->step++ < voice->steps) {
        const ddsp_feature_frame frame =
            part_way(&voice->asked, &voice->in, (float)voice->step / (float)voice->steps);
        ask_second(c, voice, &frame);
    }
}

int ddsp_conditioner_next(ddsp_conditioner *c, int number, ddsp_control_frame *out,
                          float *offset_s, float *ramp_s)
{
    if (number < 0 || number >= c->n_voices)
        return 0;
    voice_state *voice = &c->voices[number];
    while (voice->at == FIRST || voice->at == SECOND) {
        const int second = voice->at == SECOND;
        const ddsp_network *network = c->models[second].network;
        if (!network)
            return -1;
        ddsp_control_frame *room = room_for_answer(voice);
        if (!second && voice->fresh)
            ddsp_decoder_reset(&voice->decoders[0]);
        ddsp_decoder_step(network, &voice->decoders[second], &voice->question.shown, room);
        answered(c, voice, room);
    }
    if (voice->at == IDLE)
        return 0;
    *offset_s = 0.0f;
    *ramp_s = voice->ramp_s;
    if (voice->at == ALONE) {
        alone(c, voice, out);
        voice->at = IDLE;
    } else {
        blended(c, voice, out, offset_s, ramp_s);
    }
    if (voice->at == IDLE) {
        voice->sounds = voice->own.amplitude > 0.0f;
        voice->asked = voice->in;
    }
    return 1;
}
