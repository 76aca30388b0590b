/* The synth player: events in, feature frames out, on a clock that somebody else drives. */
#include <math.h>
#include <stdlib.h>

#include "common/sanitize.h"
#include "player/note_voice.h"

#define ONSET_RAMP_S 0.0015 /* how fast a note that starts gets there; a click is faster */
#define SILENCE_DB (-80.0)
#define HIGHEST_PITCH 150.0 /* MIDI note; 47 kHz, no instrument is there */
#define PRESSURE_DB 6.0
#define BRIGHTNESS_DB 12.0
#define LONGEST_S 60.0f     /* of a segment or a glide */
#define FULL_TURN 6.283185307179586

struct ddsp_synth {
    double hop_s, loudest_db, range_db;     /* the model's */
    ddsp_synth_settings settings;
    ddsp_touch touch;                       /* the instrument's */
    ddsp_amounts amounts;                   /* of the notes' expression, on their way ... */
    ddsp_amounts wanted;                    /* ... to the settings' */
    double tick_s;                          /* the last tick */
    ddsp_turning vibrato;                   /* the mod wheels' */
    ddsp_tempo tempo;                       /* what all vibratos follow */
    int last;                               /* voice that was struck last; -1: none */
    ddsp_note_voice voice[DDSP_MAX_VOICES];
};

static const ddsp_synth_settings plain = {
    .attack_s = 0.01f, .decay_s = 0.1f, .sustain = 0.9f, .release_s = 0.15f,
    .tuning_hz = 440.0f, .velocity_range_db = 30.0f, .vibrato_rate_hz = 5.5f,
    .vibrato_depth = 0.5f,
};

static ddsp_adsr adsr_of(const ddsp_synth_settings *settings)
{
    return (ddsp_adsr){
        .attack_s = ddsp_within(settings->attack_s, 1e-4f, LONGEST_S),
        .decay_s = ddsp_within(settings->decay_s, 1e-4f, LONGEST_S),
        .sustain = ddsp_within(settings->sustain, 0.0f, 1.0f),
        .release_s = ddsp_within(settings->release_s, 1e-4f, LONGEST_S),
    };
}

static void reset(ddsp_synth *synth)
{
    synth->touch = (ddsp_touch){0};
    synth->tick_s = 0.0;
    synth->vibrato = (ddsp_turning){0.0, 0.0, synth->settings.vibrato_rate_hz};
    synth->tempo.beat = (ddsp_beat){0};
    synth->last = -1;
    for (int v = 0; v < DDSP_MAX_VOICES; v++)
        ddsp_note_voice_reset(&synth->voice[v], adsr_of(&synth->settings));
}

ddsp_synth *ddsp_synth_new(double hop_s, double min_loudness_db, double max_loudness_db)
{
    if (!(hop_s > 0.0 && hop_s <= 1.0) || !isfinite(min_loudness_db) || !isfinite(max_loudness_db))
        return NULL;
    ddsp_synth *synth = calloc(1, sizeof *synth);
    if (!synth)
        return NULL;
    synth->hop_s = hop_s;
    synth->loudest_db = max_loudness_db;
    synth->range_db = max_loudness_db - min_loudness_db;
    synth->settings = plain;
    reset(synth);
    return synth;
}

void ddsp_synth_free(ddsp_synth *synth)
{
    free(synth);
}

void ddsp_synth_adopt(ddsp_synth *synth, const ddsp_synth *other)
{
    const double hop_s = synth->hop_s, loudest_db = synth->loudest_db, range_db = synth->range_db;
    *synth = *other;
    synth->hop_s = hop_s;
    synth->loudest_db = loudest_db;
    synth->range_db = range_db;
}

/* ---- events ---- */

static int sounds(const ddsp_synth *synth)
{
    for (int v = 0; v < DDSP_MAX_VOICES; v++)
        if (ddsp_note_voice_sounds(&synth->voice[v]))
            return 1;
    return 0;
}

static void set(ddsp_synth *synth, const ddsp_synth_settings *settings, double time_s)
{
    ddsp_turning *vibrato = &synth->vibrato;
    vibrato->turn = fmod(ddsp_turning_phase(vibrato, time_s), 1.0);
    vibrato->at_s = time_s; /* it goes on from here, at another rate */
    synth->settings = (ddsp_synth_settings){
        .attack_s = settings->attack_s, .decay_s = settings->decay_s,
        .sustain = settings->sustain, .release_s = settings->release_s,
        .tuning_hz = ddsp_within(settings->tuning_hz, 100.0f, 1000.0f),
        .velocity_range_db = ddsp_within(settings->velocity_range_db, 0.0f, 120.0f),
        .vibrato_rate_hz = ddsp_within(settings->vibrato_rate_hz, 0.0f, 100.0f),
        .vibrato_depth = ddsp_within(settings->vibrato_depth, 0.0f, 24.0f),
    };
    synth->tempo.waves = ddsp_within(settings->vibrato_waves, DDSP_NEAREST_WAVES, 32.0f);
    const double locked = ddsp_beat_rate(&synth->tempo.beat, synth->tempo.waves,
                                         synth->settings.vibrato_rate_hz);
    if (!(locked > 0.0)) /* else it goes over to it, tick by tick */
        vibrato->hz = synth->settings.vibrato_rate_hz;
    synth->wanted = ddsp_amounts_of(settings);
    if (!sounds(synth))
        synth->amounts = synth->wanted;
    for (int v = 0; v < DDSP_MAX_VOICES; v++)
        ddsp_envelope_set(&synth->voice[v].envelope, adsr_of(settings), time_s);
}

static ddsp_touch sane(const ddsp_touch *touch)
{
    return (ddsp_touch){
        .bend = ddsp_within(touch->bend, -256.0f, 256.0f),
        .pressure = ddsp_within(touch->pressure, 0.0f, 1.0f),
        .brightness = ddsp_within(touch->brightness, -1.0f, 1.0f),
        .level_db = ddsp_within(touch->level_db, -1000.0f, 24.0f),
        .vibrato = ddsp_within(touch->vibrato, 0.0f, 1.0f),
    };
}

/* Of all touches together: semitones, and dB. */
static double bend(const ddsp_synth *synth, const ddsp_note_voice *voice)
{
    return (double)synth->touch.bend + voice->touch.bend;
}

static double touched_db(const ddsp_synth *synth, const ddsp_note_voice *voice)
{
    const ddsp_touch *all = &synth->touch, *own = &voice->touch;
    return (double)all->level_db + own->level_db
           + PRESSURE_DB * fmaxf(all->pressure, own->pressure);
}

static float sane_pitch(float pitch)
{
    return ddsp_within(pitch, -24.0f, 256.0f);
}

static float sane_time(float seconds)
{
    return ddsp_within(seconds, 0.0f, LONGEST_S);
}

static void strike(ddsp_synth *synth, int v, const ddsp_event *event, double time_s)
{
    const ddsp_note note = {
        .version = event->note.version,
        .pitch = sane_pitch(event->note.pitch),
        .velocity = ddsp_within(event->note.velocity, 0.0f, 1.0f),
        .level_db = ddsp_within(event->note.level_db, -1000.0f, 24.0f),
        .glide_s = sane_time(event->note.glide_s),
        .glide_from = ddsp_within(event->note.glide_from, -1.0f, 256.0f),
        .expression = event->note.expression,
    };
    double from = note.pitch;
    if (note.glide_from >= 0.0f)
        from = note.glide_from;
    else if (synth->last >= 0)
        from = ddsp_note_voice_pitch(&synth->voice[synth->last], time_s);
    ddsp_note_voice *voice = &synth->voice[v];
    voice->touch = sane(&event->touch);
    ddsp_note_voice_strike(voice, &note, from, &synth->amounts, &synth->tempo, time_s,
                           event->kind == DDSP_EVENT_RETARGET);
    voice->struck_bend = bend(synth, voice);
    voice->struck_db = touched_db(synth, voice);
    synth->last = v;
}

void ddsp_synth_event(ddsp_synth *synth, const ddsp_event *event, double time_s)
{
    const int v = event->voice;
    if (event->kind == DDSP_EVENT_SYNTH) {
        set(synth, &event->synth, time_s);
    } else if (event->kind == DDSP_EVENT_BEAT) {
        synth->tempo.beat = ddsp_beat_sane(&event->beat);
    } else if (event->kind == DDSP_EVENT_RESET) {
        reset(synth);
    } else if (event->kind == DDSP_EVENT_TOUCH && v == DDSP_ALL_VOICES) {
        synth->touch = sane(&event->touch);
    } else if (v >= 0 && v < DDSP_MAX_VOICES) {
        synth->voice[v].serial = event->serial;
        if (event->kind == DDSP_EVENT_START || event->kind == DDSP_EVENT_RETARGET)
            strike(synth, v, event, time_s);
        else if (event->kind == DDSP_EVENT_RELEASE && event->value > 0)
            ddsp_envelope_cut(&synth->voice[v].envelope, time_s, event->value * 1e-3);
        else if (event->kind == DDSP_EVENT_RELEASE)
            ddsp_note_voice_release(&synth->voice[v], &synth->amounts, time_s);
        else if (event->kind == DDSP_EVENT_STOP)
            ddsp_note_voice_stop(&synth->voice[v], time_s);
        else if (event->kind == DDSP_EVENT_TOUCH)
            synth->voice[v].touch = sane(&event->touch);
        else if (event->kind == DDSP_EVENT_TUNE)
            ddsp_note_voice_tune(&synth->voice[v], sane_pitch(event->note.pitch),
                                 sane_time(event->note.glide_s), time_s);
    }
}

void ddsp_synth_panic(ddsp_synth *synth, double time_s)
{
    for (int v = 0; v < DDSP_MAX_VOICES; v++)
        ddsp_note_voice_stop(&synth->voice[v], time_s);
}

/* ---- frames ---- */

/* 0..1, of the mod wheels. */
static double wheels(const ddsp_synth *synth, const ddsp_note_voice *voice)
{
    return fmin(synth->touch.vibrato + voice->touch.vibrato, 1.0);
}

/* Semitones, of the mod wheels' vibrato. */
static double vibrato(const ddsp_synth *synth, const ddsp_note_voice *voice, double time_s)
{
    const double depth = synth->settings.vibrato_depth * wheels(synth, voice);
    return depth > 0.0 ? depth * sin(FULL_TURN * ddsp_turning_phase(&synth->vibrato, time_s)) : 0.0;
}

static double loudness(const ddsp_synth *synth, const ddsp_note_voice *voice, double level,
                       double moved_db)
{
    if (!(level > 0.0) || !voice->struck)
        return SILENCE_DB;
    const double range_db = fmin(synth->settings.velocity_range_db, synth->range_db);
    const double db = synth->loudest_db - range_db * (1.0 - voice->note.velocity)
                      + touched_db(synth, voice) + voice->note.level_db + 20.0 * log10(level)
                      + moved_db;
    return fmax(SILENCE_DB, fmin(db, 0.0));
}

/* What the note's expression adds; it gives way to what the player does by hand. */
static ddsp_moved moved(const ddsp_synth *synth, const ddsp_note_voice *voice, double time_s)
{
    ddsp_amounts amounts = synth->amounts;
    amounts.vibrato *= (1.0 - wheels(synth, voice)) * (1.0 - voice->bent);
    amounts.pitch *= 1.0 - voice->bent;
    amounts.dynamics *= 1.0 - voice->pressed;
    return ddsp_motion_at(&voice->motion, &amounts, time_s);
}

/* A frame is reached at the end of its ramp: it says what should be there then. */
static void make(ddsp_synth *synth, int v, double time_s, double ahead_s, int onset,
                 ddsp_voice_frame *out)
{
    ddsp_note_voice *voice = &synth->voice[v];
    const double reached_s = time_s + ahead_s, level = ddsp_note_voice_level(voice, reached_s);
    const ddsp_moved own = moved(synth, voice, reached_s);
    const double pitch = ddsp_note_voice_pitch(voice, reached_s) + bend(synth, voice)
                         + vibrato(synth, voice, reached_s) + own.cents / 100.0;
    const float brightness = synth->touch.brightness + voice->touch.brightness;
    const double brightness_db = BRIGHTNESS_DB * ddsp_within(brightness, -1.0f, 1.0f);
    voice->loudness_db = (float)loudness(synth, voice, level, own.level_db);
    out->time_s = time_s;
    out->voice = v;
    out->frame = (ddsp_feature_frame){
        .f0_hz = (float)(synth->settings.tuning_hz
                         * exp2((fmin(pitch, HIGHEST_PITCH) - 69.0) / 12.0)),
        .loudness_db = voice->loudness_db,
        .confidence = 1.0f,
        .brightness_db = ddsp_within((float)(brightness_db + own.brightness_db),
                                     (float)-BRIGHTNESS_DB, (float)BRIGHTNESS_DB),
        .pitched = (float)own.pitched,
        .partials_db = (float)own.partials_db,
        .partials_at = (float)own.partials_at,
        .onset = onset,
    };
}

/* A tick has passed: what does not depend on time alone moves on. */
static void move_on(ddsp_synth *synth)
{
    ddsp_amounts_approach(&synth->amounts, &synth->wanted, synth->hop_s);
    ddsp_turning_follow(&synth->vibrato, &synth->tempo.beat, synth->tempo.waves,
                        synth->settings.vibrato_rate_hz, synth->tick_s, synth->hop_s);
    for (int v = 0; v < DDSP_MAX_VOICES; v++) {
        ddsp_note_voice *voice = &synth->voice[v];
        if (!ddsp_note_voice_sounds(voice))
            continue;
        ddsp_note_voice_follow_hands(voice, bend(synth, voice), touched_db(synth, voice),
                                     synth->hop_s);
        ddsp_motion_follow(&voice->motion, &synth->tempo, synth->tick_s, synth->hop_s);
    }
}

double ddsp_synth_due(const ddsp_synth *synth)
{
    double due_s = INFINITY;
    for (int v = 0; v < DDSP_MAX_VOICES; v++)
        due_s = fmin(due_s, ddsp_note_voice_due(&synth->voice[v]));
    return due_s;
}

int ddsp_synth_onsets(ddsp_synth *synth, double time_s, ddsp_voice_frame *out)
{
    int n = 0;
    for (int v = 0; v < DDSP_MAX_VOICES; v++) {
        ddsp_note_voice *voice = &synth->voice[v];
        const double due_s = ddsp_note_voice_due(voice);
        if (!(due_s <= time_s && due_s < INFINITY))
            continue;
        ddsp_note_voice_take_due(voice);
        double ahead_s = ONSET_RAMP_S;
        if (!(due_s < voice->rise_s)) {
            /* It holds until the next frame of a tick: say what should be there by then. */
            const double since = due_s + DDSP_CLOSE_S - synth->tick_s;
            const double hops = fmax(1.0, ceil(since / synth->hop_s));
            ahead_s = fmax(ahead_s, synth->tick_s + hops * synth->hop_s - due_s);
        }
        make(synth, v, due_s, ahead_s, 1, &out[n++]);
    }
    return n;
}

int ddsp_synth_frames(ddsp_synth *synth, double time_s, ddsp_voice_frame *out)
{
    int n = 0;
    synth->tick_s = time_s;
    move_on(synth);
    for (int v = 0; v < DDSP_MAX_VOICES; v++) {
        const ddsp_note_voice *voice = &synth->voice[v];
        if (!ddsp_note_voice_skips(voice, time_s)
            && (v == 0 || !ddsp_note_voice_rests(voice, time_s)))
            make(synth, v, time_s, synth->hop_s, 0, &out[n++]);
    }
    return n;
}

int ddsp_synth_rests(const ddsp_synth *synth, double time_s)
{
    for (int v = 0; v < DDSP_MAX_VOICES; v++)
        if (!ddsp_note_voice_rests(&synth->voice[v], time_s))
            return 0;
    return 1;
}

void ddsp_synth_states(const ddsp_synth *synth, ddsp_voice_state *out)
{
    for (int v = 0; v < DDSP_MAX_VOICES; v++)
        out[v] = (ddsp_voice_state){synth->voice[v].serial,
                                    ddsp_note_voice_sounds(&synth->voice[v]),
                                    synth->voice[v].loudness_db};
}
