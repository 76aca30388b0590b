/* MIDI messages to what the keys, voices and controllers do. As ddsp_edge/synth/receiver.py. */
#include <math.h>
#include <stdlib.h>

#include "receiver/channels.h"
#include "receiver/notes.h"

#define SENSING_S 0.3           /* after one active sensing, so long without a message: unplugged */
#define LONGEST_S 60.0
enum { LARGEST_RANGE = 96 };
enum { NOTE_OFF = 0x8, NOTE_ON, KEY_PRESSURE, CONTROL_CHANGE, PROGRAM_CHANGE, CHANNEL_PRESSURE,
       PITCH_BEND, SYSTEM };
enum { ACTIVE_SENSING = 0xfe, SYSTEM_RESET = 0xff };

struct ddsp_receiver {
    ddsp_notes notes;           /* and the settings */
    ddsp_channels channels;
    int struck_channel;         /* of the last note-on */
    double now_s;               /* the latest time that was heard of */
    double sensed_s;            /* the last message, where it is sensed; below 0: it is not */
    int touched;                /* something may differ from what was sent */
};

static double within(double x, double low, double high)
{
    return x > low ? fmin(x, high) : low; /* NaN is low */
}

static int whole_within(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

static ddsp_receiver_settings sane(const ddsp_receiver_settings *settings)
{
    ddsp_receiver_settings s = *settings;
    s.portamento_s = within(s.portamento_s, 0.0, LONGEST_S);
    s.bend_range = within(s.bend_range, 0.0, LARGEST_RANGE);
    s.voices = whole_within(s.voices, 1, DDSP_MAX_VOICES);
    s.priority = whole_within(s.priority, DDSP_PRIORITY_LAST, DDSP_PRIORITY_LOW);
    s.channel = whole_within(s.channel, 0, DDSP_MIDI_CHANNELS);
    s.mpe = whole_within(s.mpe, DDSP_MPE_OFF, DDSP_MPE_BOTH);
    s.swells = whole_within(s.swells, DDSP_SWELLS_FREE, DDSP_SWELLS_ON_BARS);
    return s;
}

ddsp_receiver *ddsp_receiver_new(const ddsp_receiver_settings *settings)
{
    ddsp_receiver *receiver = calloc(1, sizeof *receiver);
    if (receiver)
        ddsp_receiver_reset(receiver, settings);
    return receiver;
}

void ddsp_receiver_free(ddsp_receiver *receiver)
{
    free(receiver);
}

void ddsp_receiver_reset(ddsp_receiver *receiver, const ddsp_receiver_settings *settings)
{
    const ddsp_receiver_settings s = sane(settings);
    ddsp_notes_init(&receiver->notes, &s);
    ddsp_channels_init(&receiver->channels, s.bend_range, s.mpe);
    receiver->struck_channel = 0;
    receiver->now_s = 0.0;
    receiver->sensed_s = -1.0;
    receiver->touched = 1;
}

void ddsp_receiver_perform(ddsp_receiver *receiver, const ddsp_expression *expression,
                           uint32_t seed)
{
    receiver->notes.chooses = expression != NULL;
    if (expression)
        ddsp_chooser_begin(&receiver->notes.chooser, expression, seed);
}

void ddsp_receiver_states(ddsp_receiver *receiver, const ddsp_voice_state *states)
{
    ddsp_notes_states(&receiver->notes, states);
}

double ddsp_receiver_pan(const ddsp_receiver *receiver)
{
    ddsp_channels *channels = (ddsp_channels *)&receiver->channels;
    return ddsp_channels_of(channels, receiver->struck_channel)->pan;
}

/* ---- what messages do ---- */

static void released(ddsp_receiver *receiver, ddsp_event_list *events)
{
    ddsp_notes_follow_keys(&receiver->notes);
    ddsp_notes_released(&receiver->notes, receiver->now_s, &receiver->channels, events);
}

static void release_all(ddsp_receiver *receiver, ddsp_event_list *events)
{
    ddsp_keys_let_go(&receiver->notes.keys, -1);
    released(receiver, events);
}

/* Another channel speaks for every note and pedal from now on. */
static void forget_keys(ddsp_receiver *receiver, ddsp_event_list *events)
{
    release_all(receiver, events);
    ddsp_keys_pedals_up(&receiver->notes.keys, -1);
}

static void pedal(ddsp_receiver *receiver, int which, int zone, int value, ddsp_event_list *events)
{
    ddsp_keys_pedal(&receiver->notes.keys, which, zone, value >= DDSP_MIDI_CENTRE);
    released(receiver, events);
}

static void note_off(ddsp_receiver *receiver, int channel, int note, ddsp_event_list *events)
{
    ddsp_keys_lift(&receiver->notes.keys, channel, note);
    released(receiver, events);
}

static void note_on(ddsp_receiver *receiver, int channel, int note, int velocity,
                    ddsp_event_list *events)
{
    const ddsp_controllers *controllers = ddsp_channels_of(&receiver->channels, channel);
    const int member = ddsp_controllers_is_member(controllers, channel);
    receiver->struck_channel = channel;
    const ddsp_key *key = ddsp_keys_press(&receiver->notes.keys, channel, note, velocity,
                                          controllers->channel, member);
    ddsp_notes_press(&receiver->notes, key, receiver->now_s, &receiver->channels, events);
}

static void key_pressure(ddsp_receiver *receiver, int channel, int note, int value)
{
    ddsp_key *key = ddsp_keys_find(&receiver->notes.keys, channel, note);
    if (key) {
        key->pressure = value / 127.0;
        ddsp_notes_follow_keys(&receiver->notes);
    }
}

/* In MPE the manager channel speaks for the whole zone. */
static void all_notes_off(ddsp_receiver *receiver, int channel, ddsp_event_list *events)
{
    const ddsp_controllers *controllers = ddsp_channels_of(&receiver->channels, channel);
    if (controllers->members > 0 && !ddsp_controllers_is_member(controllers, channel))
        ddsp_keys_lift_zone(&receiver->notes.keys, channel);
    else
        ddsp_keys_lift_channel(&receiver->notes.keys, channel);
    released(receiver, events);
}

/* A message that configures the zone of channel 0 or 15. */
static void set_zone(ddsp_receiver *receiver, int manager, int members, ddsp_event_list *events)
{
    forget_keys(receiver, events);
    ddsp_channels *channels = &receiver->channels;
    const ddsp_channels before = *channels;
    const int both = ddsp_channels_set_zone(channels, manager, members);
    ddsp_notes_freeze(&receiver->notes, &before, manager);
    if (both)
        ddsp_notes_freeze(&receiver->notes, &before, DDSP_MPE_UPPER_MANAGER - manager);
}

static void control_change(ddsp_receiver *receiver, int channel, int number, int value,
                           ddsp_event_list *events)
{
    ddsp_controllers *controllers = ddsp_channels_of(&receiver->channels, channel);
    ddsp_notes *notes = &receiver->notes;
    const int zone = controllers->channel;
    switch (number) {
    case 6:
        if (ddsp_controllers_data_entry(controllers, value, channel, 0))
            set_zone(receiver, channel, value, events);
        break;
    case 38: ddsp_controllers_data_entry(controllers, value, channel, 1); break;
    case 64: pedal(receiver, DDSP_PEDAL_SUSTAIN, zone, value, events); break;
    case 66: pedal(receiver, DDSP_PEDAL_SOSTENUTO, zone, value, events); break;
    case 67: pedal(receiver, DDSP_PEDAL_SOFT, zone, value, events); break;
    case 120: ddsp_notes_silence(notes, zone, events); break;
    case 121:
        ddsp_keys_pedals_up(&notes->keys, zone);
        released(receiver, events);
        ddsp_controllers_reset(controllers);
        break;
    case 123:
    case 124:
    case 125: all_notes_off(receiver, channel, events); break;
    case 126:
        release_all(receiver, events);
        notes->one_voice = 1;
        break;
    case 127:
        release_all(receiver, events);
        notes->one_voice = notes->settings.voices == 1;
        break;
    default: ddsp_controllers_change(controllers, number, value, channel);
    }
}

/* For this instrument: of its channel, and not of the drums. */
static int hears(const ddsp_receiver *receiver, const uint8_t *bytes)
{
    const int channel = bytes[0] & 0xf;
    if (ddsp_channels_hear(&receiver->channels, channel, receiver->notes.settings.channel))
        return 1;
    /* Beside one MPE zone the other one can still be configured. */
    return ddsp_channels_mpe(&receiver->channels)
           && (channel == DDSP_MPE_LOWER || channel == DDSP_MPE_UPPER_MANAGER)
           && bytes[0] >> 4 == CONTROL_CHANGE
           && (bytes[1] == 6 || bytes[1] == 100 || bytes[1] == 101);
}

static void silence_and_let_go(ddsp_receiver *receiver, ddsp_event_list *events)
{
    ddsp_notes_silence(&receiver->notes, -1, events);
    ddsp_keys_pedals_up(&receiver->notes.keys, -1);
    for (int c = 0; c < DDSP_MIDI_CHANNELS; c++)
        ddsp_controllers_reset(&receiver->channels.all[c]);
    receiver->touched = 1;
}

static void power_on(ddsp_receiver *receiver, ddsp_event_list *events)
{
    const ddsp_receiver_settings *settings = &receiver->notes.settings;
    silence_and_let_go(receiver, events);
    ddsp_notes_freeze(&receiver->notes, &receiver->channels, -1);
    ddsp_channels_init(&receiver->channels, settings->bend_range, settings->mpe);
    receiver->notes.one_voice = settings->voices == 1;
}

static double wheel_of(int low, int high)
{
    const int pitch = (high << 7 | low) - 8192; /* both ends are the full bend */
    return pitch / (pitch < 0 ? 8192.0 : 8191.0);
}

static void channel_message(ddsp_receiver *receiver, const uint8_t *bytes, ddsp_event_list *events)
{
    const int kind = bytes[0] >> 4, channel = bytes[0] & 0xf, first = bytes[1];
    if (!hears(receiver, bytes) || kind == PROGRAM_CHANGE)
        return;
    ddsp_controllers *controllers = ddsp_channels_of(&receiver->channels, channel);
    receiver->touched = 1;
    switch (kind) {
    case NOTE_OFF: note_off(receiver, channel, first, events); break;
    case NOTE_ON:
        if (bytes[2] == 0)
            note_off(receiver, channel, first, events);
        else
            note_on(receiver, channel, first, bytes[2], events);
        break;
    case KEY_PRESSURE: key_pressure(receiver, channel, first, bytes[2]); break;
    case CONTROL_CHANGE: control_change(receiver, channel, first, bytes[2], events); break;
    case CHANNEL_PRESSURE:
        ddsp_controllers_touch_of(controllers, channel)->pressure = first / 127.0;
        break;
    default: /* PITCH_BEND */
        ddsp_controllers_touch_of(controllers, channel)->wheel = wheel_of(first, bytes[2]);
    }
}

/* Bytes of a channel's message by its status; 1 for the system's that mean something. */
static int length_of(uint8_t status)
{
    const int kind = status >> 4;
    if (kind == SYSTEM)
        return 1;
    return kind == PROGRAM_CHANGE || kind == CHANNEL_PRESSURE ? 2 : 3;
}

static int is_whole(const uint8_t *bytes, int n)
{
    if (n < 1 || bytes[0] < 0x80 || n < length_of(bytes[0]))
        return 0;
    for (int i = 1; i < length_of(bytes[0]); i++)
        if (bytes[i] > 127)
            return 0;
    return 1;
}

/* ---- calls ---- */

int ddsp_receiver_take(ddsp_receiver *receiver, double time_s, const uint8_t *bytes, int n,
                       ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    if (!is_whole(bytes, n))
        return 0;
    receiver->now_s = fmax(receiver->now_s, time_s);
    if (receiver->sensed_s >= 0.0)
        receiver->sensed_s = receiver->now_s;
    if (bytes[0] >> 4 != SYSTEM)
        channel_message(receiver, bytes, &events);
    else if (bytes[0] == ACTIVE_SENSING)
        receiver->sensed_s = receiver->now_s;
    else if (bytes[0] == SYSTEM_RESET)
        power_on(receiver, &events);
    return events.n;
}

int ddsp_receiver_tell(ddsp_receiver *receiver, ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    if (!receiver->touched)
        return 0;
    receiver->touched = 0;
    ddsp_notes_touch(&receiver->notes, &receiver->channels, &events);
    return events.n;
}

int ddsp_receiver_pass_time(ddsp_receiver *receiver, double time_s, ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    receiver->now_s = fmax(receiver->now_s, time_s);
    if (receiver->sensed_s >= 0.0 && receiver->sensed_s < receiver->now_s - SENSING_S) {
        receiver->sensed_s = -1.0;
        release_all(receiver, &events);
        ddsp_keys_pedals_up(&receiver->notes.keys, -1);
        for (int c = 0; c < DDSP_MIDI_CHANNELS; c++)
            ddsp_controllers_hands_off(&receiver->channels.all[c]);
        receiver->touched = 1;
    }
    return events.n;
}

int ddsp_receiver_set(ddsp_receiver *receiver, const ddsp_receiver_settings *settings,
                      ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    const ddsp_receiver_settings old = receiver->notes.settings, now = sane(settings);
    for (int c = 0; c < DDSP_MIDI_CHANNELS; c++) {
        if (now.bend_range != old.bend_range)
            ddsp_controllers_set_bend_range(&receiver->channels.all[c], now.bend_range);
        if (now.portamento_s != old.portamento_s)
            receiver->channels.all[c].glide_s = -1.0;
    }
    if (now.voices != old.voices || now.channel != old.channel || now.mpe != old.mpe)
        release_all(receiver, &events);
    if (now.mpe != old.mpe) {
        forget_keys(receiver, &events);
        ddsp_notes_freeze(&receiver->notes, &receiver->channels, DDSP_MPE_LOWER);
        ddsp_notes_freeze(&receiver->notes, &receiver->channels, DDSP_MPE_UPPER_MANAGER);
        ddsp_channels_set_mpe(&receiver->channels, now.mpe);
    }
    ddsp_notes_set(&receiver->notes, &now, &events);
    receiver->touched = 1;
    return events.n;
}

int ddsp_receiver_follow(ddsp_receiver *receiver, const ddsp_bars *bars, ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    ddsp_notes_follow(&receiver->notes, bars, &events);
    return events.n;
}

int ddsp_receiver_panic(ddsp_receiver *receiver, double time_s, ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    receiver->now_s = fmax(receiver->now_s, time_s);
    silence_and_let_go(receiver, &events);
    return events.n;
}
