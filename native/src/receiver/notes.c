#include "receiver/notes.h"

#include <math.h>
#include <string.h>

#include "expression/bars.h"

#define SOFT_DB 6.0f
#define SILENCE_DB (-80.0f)
#define HEARD_S 0.05            /* by then a note that was struck can be heard */
#define FROM_LAST (-1.0f)       /* a glide from where the voice struck last is now */

/* ---- events ---- */

/* To be filled further; NULL where there is no room. */
static ddsp_event *add_event(ddsp_event_list *events, int kind, int voice, uint32_t serial)
{
    if (events->n >= DDSP_RECEIVER_EVENTS)
        return NULL;
    ddsp_event *event = &events->out[events->n++];
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->voice = voice;
    event->serial = serial;
    return event;
}

static ddsp_touch rounded(const ddsp_exact_touch *touch)
{
    return (ddsp_touch){
        .bend = (float)touch->bend,
        .pressure = (float)touch->pressure,
        .brightness = (float)touch->brightness,
        .level_db = (float)touch->level_db,
        .vibrato = (float)touch->vibrato,
    };
}

static int differ(const ddsp_exact_touch *a, const ddsp_exact_touch *b)
{
    return a->bend != b->bend || a->pressure != b->pressure || a->brightness != b->brightness
           || a->level_db != b->level_db || a->vibrato != b->vibrato;
}

static ddsp_event *of_voice(ddsp_notes *notes, int v, int kind, ddsp_event_list *events)
{
    return add_event(events, kind, v, ++notes->voices[v].serial);
}

/* ---- voices ---- */

/* What its key, its channel and, in MPE, its zone do to a voice. */
static ddsp_exact_touch touch_of(const ddsp_played_voice *voice, ddsp_channels *channels)
{
    const ddsp_key *key = &voice->key;
    const ddsp_channel_touch *member = NULL;
    if (key->member)
        member = voice->frozen ? &voice->member : &channels->all[key->zone].touches[key->channel];
    return ddsp_controllers_note(ddsp_channels_of(channels, key->channel), member, key->pressure);
}

/* How a player of the instrument would play the key; nothing where that is not known. */
static ddsp_note_expression chosen(ddsp_notes *notes, const ddsp_key *key, double time_s,
                                   int tied_to)
{
    ddsp_note_expression how = {0};
    const ddsp_struck_note struck = {
        .time_s = time_s,
        .velocity = key->velocity / 127.0,
        .length_s = -1.0,
        .in_phrase = -1.0,
        .channel = key->channel,
        .note = key->note,
        .tied_to = tied_to,
        .swells = notes->settings.swells,
        .bars = notes->bars,
    };
    if (notes->chooses)
        ddsp_chooser_choose(&notes->chooser, &struck, &how);
    return how;
}

static void strike(ddsp_notes *notes, int v, const ddsp_key *key, double time_s, int legato,
                   ddsp_channels *channels, ddsp_event_list *events)
{
    ddsp_played_voice *voice = &notes->voices[v];
    ddsp_controllers *controllers = ddsp_channels_of(channels, key->channel);
    double glide_s = 0.0;
    if (controllers->glide_from >= 0 || (controllers->gliding && notes->struck))
        glide_s = controllers->glide_s < 0.0 ? notes->settings.portamento_s : controllers->glide_s;
    const float from = controllers->glide_from >= 0 ? (float)controllers->glide_from : FROM_LAST;
    controllers->glide_from = -1;
    notes->struck = 1;
    /* Where the player glides there is no slide besides. */
    const int tied = legato && voice->key.id != 0 && glide_s == 0.0;
    const int tied_to = tied ? voice->key.note : -1;
    voice->key = *key;
    voice->held = voice->sounds = 1;
    voice->frozen = 0;
    voice->struck_s = time_s;
    voice->sent = touch_of(voice, channels);
    ddsp_event *event = of_voice(notes, v, legato ? DDSP_EVENT_RETARGET : DDSP_EVENT_START, events);
    if (!event)
        return;
    event->note = (ddsp_note){
        .version = DDSP_NOTE_VERSION,
        .pitch = key->note,
        .velocity = (float)(key->velocity / 127.0),
        .level_db = -SOFT_DB * key->soft,
        .glide_s = (float)glide_s,
        .glide_from = from,
        .expression = chosen(notes, key, time_s, tied_to),
    };
    event->touch = rounded(&voice->sent);
}

/* What is lost by playing a key on a voice: by `kind`, then `level`, then `since`. */
typedef struct {
    int kind;
    double level, since;
} cost;

static cost cost_of(const ddsp_played_voice *voice, const ddsp_key *key, double time_s)
{
    const ddsp_key *mine = &voice->key;
    if (voice->sounds && mine->id && mine->note == key->note && mine->channel == key->channel)
        return (cost){0, 0.0, 0.0};
    if (!voice->sounds)
        return (cost){1, 0.0, voice->struck_s};
    if (voice->loudness_db <= SILENCE_DB && time_s > voice->struck_s + HEARD_S)
        return (cost){2, 0.0, voice->struck_s};
    if (!voice->held)
        return (cost){3, voice->loudness_db, voice->struck_s};
    return (cost){mine->id && mine->down ? 5 : 4, 0.0, voice->struck_s};
}

static int is_less(cost a, cost b)
{
    if (a.kind != b.kind)
        return a.kind < b.kind;
    if (a.level != b.level)
        return a.level < b.level;
    return a.since < b.since;
}

/* The voice of many that misses least when it plays the key: the one that plays it already, else
 * a silent one, the longest unused, else an inaudible one, else the quietest that is let go, else
 * the oldest note, a pedal's before a finger's. */
static int spare_voice(const ddsp_notes *notes, const ddsp_key *key, double time_s)
{
    int best = 0;
    cost least = cost_of(&notes->voices[0], key, time_s);
    for (int v = 1; v < notes->settings.voices; v++) {
        const cost now = cost_of(&notes->voices[v], key, time_s);
        if (is_less(now, least)) {
            least = now;
            best = v;
        }
    }
    return best;
}

/* ---- notes ---- */

void ddsp_notes_init(ddsp_notes *notes, const ddsp_receiver_settings *settings)
{
    ddsp_keys_reset(&notes->keys);
    for (int v = 0; v < DDSP_MAX_VOICES; v++)
        notes->voices[v] = (ddsp_played_voice){
            .struck_s = -1.0, .loudness_db = -INFINITY, .serial = notes->voices[v].serial};
    notes->settings = *settings;
    notes->n_voices = settings->voices;
    notes->one_voice = settings->voices == 1;
    notes->struck = notes->chooses = 0;
    notes->bars = (ddsp_bars){0};
}

void ddsp_notes_states(ddsp_notes *notes, const ddsp_voice_state *states)
{
    for (int v = 0; v < DDSP_MAX_VOICES; v++) {
        if (states[v].serial == notes->voices[v].serial)
            notes->voices[v].sounds = states[v].sounds;
        notes->voices[v].loudness_db = states[v].loudness_db;
    }
}

void ddsp_notes_set(ddsp_notes *notes, const ddsp_receiver_settings *settings,
                    ddsp_event_list *events)
{
    if (settings->voices != notes->settings.voices)
        notes->one_voice = settings->voices == 1;
    notes->settings = *settings;
    if (settings->voices > notes->n_voices)
        notes->n_voices = settings->voices;
    ddsp_event *event = add_event(events, DDSP_EVENT_SYNTH, DDSP_ALL_VOICES, 0);
    if (event)
        event->synth = settings->synth;
}

void ddsp_notes_follow(ddsp_notes *notes, const ddsp_bars *bars, ddsp_event_list *events)
{
    const ddsp_bars now = ddsp_bars_sane(bars);
    if (!(now.beat.hz > 0.0f) && !(notes->bars.beat.hz > 0.0f))
        return;
    notes->bars = now;
    ddsp_event *event = add_event(events, DDSP_EVENT_BEAT, DDSP_ALL_VOICES, 0);
    if (event)
        event->beat = now.beat;
}

void ddsp_notes_press(ddsp_notes *notes, const ddsp_key *key, double time_s,
                      ddsp_channels *channels, ddsp_event_list *events)
{
    if (!notes->one_voice) {
        strike(notes, spare_voice(notes, key, time_s), key, time_s, 0, channels, events);
        return;
    }
    /* What only a pedal holds makes no legato and keeps no other key from sounding. */
    if (ddsp_keys_pick(&notes->keys, notes->settings.priority, 1) != key)
        return;
    const ddsp_key *before = &notes->voices[0].key;
    const int legato = ddsp_keys_down(&notes->keys) > 1
                       && (before->id == 0 || before->note != key->note);
    strike(notes, 0, key, time_s, legato, channels, events);
}

static int is_gone(const ddsp_keys *keys, uint32_t id)
{
    for (int i = 0; i < keys->n_gone && id; i++)
        if (keys->gone[i] == id)
            return 1;
    return 0;
}

static void freeze(ddsp_played_voice *voice, const ddsp_channels *channels)
{
    const ddsp_key *key = &voice->key;
    if (key->member && !voice->frozen)
        voice->member = channels->all[key->zone].touches[key->channel];
    voice->frozen = 1;
}

void ddsp_notes_released(ddsp_notes *notes, double time_s, ddsp_channels *channels,
                         ddsp_event_list *events)
{
    for (int v = 0; v < notes->n_voices; v++)
        if (is_gone(&notes->keys, notes->voices[v].key.id))
            freeze(&notes->voices[v], channels);
    for (int v = 0; v < notes->n_voices; v++) {
        ddsp_played_voice *voice = &notes->voices[v];
        if (!voice->held || !is_gone(&notes->keys, voice->key.id))
            continue;
        if (notes->one_voice && notes->keys.n > 0) {
            const ddsp_key *next = ddsp_keys_pick(&notes->keys, notes->settings.priority, 0);
            strike(notes, v, next, time_s, 1, channels, events);
        } else {
            voice->held = 0;
            of_voice(notes, v, DDSP_EVENT_RELEASE, events);
        }
    }
}

void ddsp_notes_follow_keys(ddsp_notes *notes)
{
    for (int v = 0; v < notes->n_voices; v++) {
        ddsp_key *mine = &notes->voices[v].key;
        const ddsp_key *held =
            mine->id ? ddsp_keys_find(&notes->keys, mine->channel, mine->note) : NULL;
        if (held && held->id == mine->id)
            *mine = *held;
    }
}

void ddsp_notes_freeze(ddsp_notes *notes, const ddsp_channels *channels, int zone)
{
    for (int v = 0; v < notes->n_voices; v++)
        if (zone < 0 || notes->voices[v].key.zone == zone)
            freeze(&notes->voices[v], channels);
}

void ddsp_notes_touch(ddsp_notes *notes, ddsp_channels *channels, ddsp_event_list *events)
{
    for (int v = 0; v < notes->n_voices; v++) {
        ddsp_played_voice *voice = &notes->voices[v];
        if (voice->key.id == 0)
            continue;
        const ddsp_exact_touch touch = touch_of(voice, channels);
        if (!differ(&touch, &voice->sent))
            continue;
        voice->sent = touch;
        /* It makes nothing sound or be silent: the serial stays. */
        ddsp_event *event = add_event(events, DDSP_EVENT_TOUCH, v, voice->serial);
        if (event)
            event->touch = rounded(&touch);
    }
}

void ddsp_notes_silence(ddsp_notes *notes, int zone, ddsp_event_list *events)
{
    ddsp_keys_let_go(&notes->keys, zone);
    for (int v = 0; v < notes->n_voices; v++) {
        ddsp_played_voice *voice = &notes->voices[v];
        if (voice->key.id == 0 || (zone >= 0 && voice->key.zone != zone))
            continue;
        voice->held = 0;
        if (voice->sounds) {
            voice->sounds = 0;
            of_voice(notes, v, DDSP_EVENT_STOP, events);
        }
    }
}
