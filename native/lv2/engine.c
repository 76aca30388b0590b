#include "lv2/engine.h"

#include <math.h>
#include <string.h>

#define FADE_S 0.05f
/* A new sound runs unheard for so long before it is faded in: the lowest pitch takes the analyser
 * some 60 ms; of MIDI only the model's memory of held notes has to settle. */
#define LEAD_EFFECT_S 0.08f
#define LEAD_INSTRUMENT_S 0.03f
#define SILENCE_DB -80.0f
#define CLOSE_BEATS 1e-3        /* what a host says of the beat is as it was expected */
enum { MOST_WAITING = 256 - DDSP_RECEIVER_EVENTS - 8 };  /* of the 256 events of a part's ring */

/* ---- setup ---- */

int ddsp_engine_init(ddsp_engine *engine, double sample_rate, int listens)
{
    memset(engine, 0, sizeof *engine);
    engine->sample_rate = sample_rate;
    engine->listens = listens;
    ddsp_settings_init(&engine->settings);
    engine->rig = ddsp_rig_new();
    const ddsp_receiver_settings settings = ddsp_settings_receiver(&engine->settings);
    if (!listens)
        engine->receiver = ddsp_receiver_new(&settings);
    if (engine->rig && (listens || engine->receiver) && ddsp_engine_reset(engine))
        return 1;
    ddsp_engine_free(engine);
    return 0;
}

/* The rig frees its parts itself; what is left of the sounds goes too. */
static void drop_sounds(ddsp_engine *engine)
{
    ddsp_engine_end(engine);
    for (int s = 0; s < engine->n_sounds; s++) {
        engine->sounds[s]->part = NULL;
        ddsp_sound_push(&engine->retired, engine->sounds[s]);
    }
    engine->n_sounds = 0;
    ddsp_engine_offer(engine, NULL);
}

int ddsp_engine_reset(ddsp_engine *engine)
{
    drop_sounds(engine);
    const int status = ddsp_rig_prepare(engine->rig, engine->sample_rate, BLOCK, -1);
    ddsp_engine_collect(engine);
    if (status != DDSP_OK)
        return 0;
    engine->position = 0;
    engine->pan = 0.0;
    engine->waiting = engine->overran = engine->frozen = 0;
    engine->bars = (ddsp_bars){0};
    if (engine->receiver) {
        const ddsp_receiver_settings settings = ddsp_settings_receiver(&engine->settings);
        ddsp_receiver_reset(engine->receiver, &settings);
    }
    ddsp_settings_mix(&engine->settings, engine->listens, 0.0, engine->rig);
    return 1;
}

void ddsp_engine_free(ddsp_engine *engine)
{
    if (engine->rig)
        drop_sounds(engine);
    ddsp_rig_free(engine->rig);
    ddsp_engine_collect(engine);
    ddsp_receiver_free(engine->receiver);
    engine->rig = NULL;
    engine->receiver = NULL;
}

void ddsp_engine_offer(ddsp_engine *engine, ddsp_sound *sound)
{
    ddsp_sound_free(atomic_exchange_explicit(&engine->incoming, sound, memory_order_acq_rel));
}

void ddsp_engine_collect(ddsp_engine *engine)
{
    ddsp_sound *list = atomic_exchange_explicit(&engine->retired, NULL, memory_order_acquire);
    while (list) {
        ddsp_sound *next = list->next;
        ddsp_sound_free(list);
        list = next;
    }
}

/* ---- audio ---- */

const ddsp_sound *ddsp_engine_current(const ddsp_engine *engine)
{
    return engine->n_sounds ? engine->sounds[engine->n_sounds - 1] : NULL;
}

static double now_s(const ddsp_engine *engine)
{
    return (double)engine->position / engine->sample_rate;
}

/* To every sound: in one that fades out, a key that is let go is let go too. */
static void send(ddsp_engine *engine, const ddsp_event *events, int n)
{
    engine->waiting += n;
    for (int s = 0; s < engine->n_sounds; s++)
        for (int i = 0; i < n; i++)
            ddsp_part_send_event(engine->sounds[s]->part, &events[i]);
}

/* To the one that plays: those that fade out keep their own. */
static void send_current(ddsp_engine *engine, const ddsp_event *event)
{
    engine->waiting++;
    if (engine->n_sounds)
        ddsp_part_send_event(engine->sounds[engine->n_sounds - 1]->part, event);
}

static void send_player(ddsp_engine *engine)
{
    ddsp_event event = {.voice = DDSP_ALL_VOICES};
    if (engine->listens) {
        event.kind = DDSP_EVENT_EFFECT;
        event.effect = ddsp_settings_effect(&engine->settings);
    } else {
        event.kind = DDSP_EVENT_SYNTH;
        event.synth = ddsp_settings_receiver(&engine->settings).synth;
    }
    send_current(engine, &event);
}

static void send_freeze(ddsp_engine *engine)
{
    const ddsp_event event = {
        .kind = DDSP_EVENT_FREEZE, .voice = DDSP_ALL_VOICES, .value = engine->frozen};
    send_current(engine, &event);
}

static void send_bars(ddsp_engine *engine)
{
    ddsp_event events[DDSP_RECEIVER_EVENTS];
    if (engine->receiver)
        send(engine, events, ddsp_receiver_follow(engine->receiver, &engine->bars, events));
}

static void learn_states(ddsp_engine *engine)
{
    ddsp_voice_state states[DDSP_MAX_VOICES];
    if (!engine->receiver || !engine->n_sounds)
        return;
    ddsp_part_voice_states(engine->sounds[engine->n_sounds - 1]->part, states);
    ddsp_receiver_states(engine->receiver, states);
}

int ddsp_engine_begin(ddsp_engine *engine)
{
    if (engine->n_sounds == MOST_SOUNDS
        || !atomic_load_explicit(&engine->incoming, memory_order_relaxed))
        return 0;
    ddsp_sound *sound =
        atomic_exchange_explicit(&engine->incoming, NULL, memory_order_acquire);
    if (!sound)
        return 0;
    const int first = engine->n_sounds == 0;
    ddsp_conditioner_set(sound->conditioner, ddsp_settings_conditioning(&engine->settings));
    ddsp_conditioner_reset(sound->conditioner);
    learn_states(engine);
    if (!first)
        ddsp_part_go_on_from(sound->part, engine->sounds[engine->n_sounds - 1]->part);
    const float lead_s = engine->listens ? LEAD_EFFECT_S : LEAD_INSTRUMENT_S;
    if (ddsp_rig_play(engine->rig, sound->part, first ? 0.0f : lead_s, first ? 0.0f : FADE_S) != 1) {
        ddsp_sound_push(&engine->retired, sound); /* cannot be: there are never four */
        return 0;
    }
    engine->sounds[engine->n_sounds++] = sound;
    if (engine->receiver) {
        const ddsp_model_info *played = ddsp_model_get_info(sound->models[MODEL]->model);
        ddsp_receiver_perform(engine->receiver, played->expression, sound->seed);
    }
    if (first) {
        send_player(engine);
        send_freeze(engine);
        send_bars(engine);
    }
    return 1;
}

void ddsp_engine_apply(ddsp_engine *engine)
{
    ddsp_event event = {.kind = DDSP_EVENT_CONDITION, .voice = DDSP_ALL_VOICES};
    event.conditioning = ddsp_settings_conditioning(&engine->settings);
    send_current(engine, &event);
    if (engine->listens) {
        send_player(engine);
    } else {
        ddsp_event events[DDSP_RECEIVER_EVENTS];
        const ddsp_receiver_settings settings = ddsp_settings_receiver(&engine->settings);
        learn_states(engine);
        send(engine, events, ddsp_receiver_set(engine->receiver, &settings, events));
    }
    ddsp_settings_mix(&engine->settings, engine->listens, engine->pan, engine->rig);
}

void ddsp_engine_freeze(ddsp_engine *engine, int on)
{
    if (on == engine->frozen || !engine->listens)
        return;
    engine->frozen = on;
    send_freeze(engine);
}

void ddsp_engine_bypass(ddsp_engine *engine, int on)
{
    ddsp_rig_set(engine->rig, DDSP_BYPASS, on ? 1.0f : 0.0f);
}

/* What the messages of this moment have changed. */
static void tell(ddsp_engine *engine)
{
    ddsp_event events[DDSP_RECEIVER_EVENTS];
    if (!engine->receiver || ddsp_engine_full(engine))
        return;
    send(engine, events, ddsp_receiver_tell(engine->receiver, events));
    const double pan = ddsp_receiver_pan(engine->receiver);
    if (pan != engine->pan) {
        engine->pan = pan;
        ddsp_settings_mix(&engine->settings, 0, pan, engine->rig);
    }
}

void ddsp_engine_follow(ddsp_engine *engine, double hz, double beats, double bar, double bar_from)
{
    const ddsp_bars *before = &engine->bars;
    const double at_s = now_s(engine), lines = (bar_from - before->bar_from) / bar;
    const double expected = before->beat.beats + before->beat.hz * (at_s - before->beat.at_s);
    const int known = before->beat.hz == (float)hz && before->bar == bar
                      && fabs(lines - rint(lines)) < CLOSE_BEATS
                      && fabs(expected - beats) < CLOSE_BEATS;
    if (known || (hz == 0.0 && before->beat.hz == 0.0f) || ddsp_engine_full(engine))
        return;
    engine->bars = (ddsp_bars){{at_s, beats, (float)hz}, bar, bar_from};
    send_bars(engine);
}

int ddsp_engine_full(const ddsp_engine *engine)
{
    return engine->waiting > MOST_WAITING;
}

void ddsp_engine_midi(ddsp_engine *engine, const uint8_t *bytes, int n)
{
    ddsp_event events[DDSP_RECEIVER_EVENTS];
    if (!engine->receiver)
        return;
    if (ddsp_engine_full(engine)) {
        engine->overran = 1;
        return;
    }
    learn_states(engine);
    send(engine, events, ddsp_receiver_take(engine->receiver, now_s(engine), bytes, n, events));
}

static void run_rig(ddsp_engine *engine, const float *in, float *left, float *right, int n)
{
    float heard[2 * BLOCK], played[2 * BLOCK];
    for (int done = 0; done < n;) {
        const int count = n - done < BLOCK ? n - done : BLOCK;
        for (int i = 0; in && i < count; i++)
            heard[2 * i] = heard[2 * i + 1] = in[done + i];
        ddsp_rig_process(engine->rig, in ? heard : NULL, played, count);
        for (int i = 0; i < count; i++) {
            if (left)
                left[done + i] = played[2 * i];
            if (right)
                right[done + i] = played[2 * i + 1];
        }
        done += count;
    }
}

void ddsp_engine_process(ddsp_engine *engine, const float *in, float *left, float *right, int n)
{
    ddsp_event events[DDSP_RECEIVER_EVENTS];
    tell(engine);
    if (n < 1)
        return;
    if (engine->overran) {
        engine->overran = 0;
        ddsp_receiver_panic(engine->receiver, now_s(engine), events);
        ddsp_rig_panic(engine->rig);
    }
    run_rig(engine, in, left, right, n);
    engine->position += n;
    engine->waiting = 0;
}

void ddsp_engine_point(const ddsp_engine *engine, float *note, float *loudness_db)
{
    ddsp_feature_frame frame = {.loudness_db = SILENCE_DB};
    const ddsp_sound *sound = ddsp_engine_current(engine);
    if (sound)
        ddsp_part_newest_frame(sound->part, &frame);
    ddsp_settings_point(&engine->settings, &frame, note, loudness_db);
}

/* A part that the rig has done with. */
static void retire(ddsp_engine *engine, const ddsp_part *part)
{
    for (int s = 0; s < engine->n_sounds; s++) {
        if (engine->sounds[s]->part != part)
            continue;
        ddsp_sound_push(&engine->retired, engine->sounds[s]);
        engine->n_sounds--;
        memmove(&engine->sounds[s], &engine->sounds[s + 1],
                (size_t)(engine->n_sounds - s) * sizeof *engine->sounds);
        return;
    }
}

int ddsp_engine_end(ddsp_engine *engine)
{
    if (engine->receiver && !ddsp_engine_full(engine)) {
        ddsp_event events[DDSP_RECEIVER_EVENTS];
        const int n = ddsp_receiver_pass_time(engine->receiver, now_s(engine), events);
        send(engine, events, n);
    }
    for (ddsp_part *part; (part = ddsp_rig_retired(engine->rig)) != NULL;)
        retire(engine, part);
    return atomic_load_explicit(&engine->retired, memory_order_relaxed) != NULL;
}
