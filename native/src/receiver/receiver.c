/* MIDI messages to what the keys, voices and controllers do. As ddsp_edge/synth/receiver.py. */
#include <math.h>
#include <stdlib.h>

#include "receiver/controllers.h"
#include "receiver/notes.h"

#define SENSING_S 0.3           /* after one active sensing, so long without a message: unplugged */
#define LONGEST_S 60.0
enum { PERCUSSION_CHANNEL = 9, LARGEST_RANGE = 96 };
enum { NOTE_OFF = 0x8, NOTE_ON, KEY_PRESSURE, CONTROL_CHANGE, PROGRAM_CHANGE, CHANNEL_PRESSURE,
       PITCH_BEND, SYSTEM };
enum { ACTIVE_SENSING = 0xfe, SYSTEM_RESET = 0xff };

struct ddsp_receiver {
    ddsp_notes notes;           /* and the settings */
    ddsp_controllers controllers;
    double now_s;               /* the latest time that was heard of */
    double sensed_s;            /* the last message, where it is sensed; below 0: it is not */
    ddsp_exact_touch sent;      /* the instrument's, as it was sent last */
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
    s.mpe = s.mpe != 0;
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
    ddsp_controllers_init(&receiver->controllers, s.bend_range, s.mpe);
    receiver->now_s = 0.0;
    receiver->sensed_s = -1.0;
    receiver->sent = (ddsp_exact_touch){0};
    receiver->touched = 1;
}

void ddsp_receiver_states(ddsp_receiver *receiver, const ddsp_voice_state *states)
{
    ddsp_notes_states(&receiver->notes, states);
}

double ddsp_receiver_pan(const ddsp_receiver *receiver)
{
    return receiver->controllers.pan;
}

/* ---- what messages do ---- */

static void released(ddsp_receiver *receiver, ddsp_event_list *events)
{
    ddsp_notes_released(&receiver->notes, receiver->now_s, &receiver->controllers, events);
}

static void release_all(ddsp_receiver *receiver, ddsp_event_list *events)
{
    ddsp_keys_let_go(&receiver->notes.keys);
    released(receiver, events);
}

static void pedal(ddsp_receiver *receiver, int which, int value, ddsp_event_list *events)
{
    ddsp_keys_pedal(&receiver->notes.keys, which, value >= DDSP_MIDI_CENTRE);
    ddsp_notes_follow_keys(&receiver->notes);
    released(receiver, events);
}

static void lift(ddsp_receiver *receiver, int channel, int note, ddsp_event_list *events)
{
    ddsp_keys_lift(&receiver->notes.keys, channel, note);
    ddsp_notes_follow_keys(&receiver->notes);
    released(receiver, events);
}

static void note_on(ddsp_receiver *receiver, int channel, int note, int velocity,
                    ddsp_event_list *events)
{
    if (velocity == 0) {
        lift(receiver, channel, note, events);
        return;
    }
    const int member = ddsp_controllers_is_member(&receiver->controllers, channel);
    const ddsp_key *key = ddsp_keys_press(&receiver->notes.keys, channel, note, velocity, member);
    ddsp_notes_press(&receiver->notes, key, receiver->now_s, &receiver->controllers, events);
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
    const ddsp_controllers *controllers = &receiver->controllers;
    const int whole = controllers->members && !ddsp_controllers_is_member(controllers, channel);
    lift(receiver, whole ? -1 : channel, -1, events);
}

static void set_zone(ddsp_receiver *receiver, int members)
{
    ddsp_notes_freeze(&receiver->notes, &receiver->controllers);
    ddsp_controllers_set_zone(&receiver->controllers, members);
}

static void control_change(ddsp_receiver *receiver, int channel, int number, int value,
                           ddsp_event_list *events)
{
    ddsp_controllers *controllers = &receiver->controllers;
    ddsp_notes *notes = &receiver->notes;
    switch (number) {
    case 6:
        if (ddsp_controllers_data_entry(controllers, value, channel, 0)) {
            release_all(receiver, events);
            set_zone(receiver, value);
        }
        break;
    case 38: ddsp_controllers_data_entry(controllers, value, channel, 1); break;
    case 64: pedal(receiver, DDSP_PEDAL_SUSTAIN, value, events); break;
    case 66: pedal(receiver, DDSP_PEDAL_SOSTENUTO, value, events); break;
    case 67: pedal(receiver, DDSP_PEDAL_SOFT, value, events); break;
    case 120: ddsp_notes_silence(notes, events); break;
    case 121:
        ddsp_keys_pedals_up(&notes->keys);
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
static int hears(const ddsp_receiver *receiver, int channel)
{
    if (receiver->controllers.members)
        return channel <= receiver->controllers.members;
    if (receiver->notes.settings.channel)
        return channel == receiver->notes.settings.channel - 1;
    return channel != PERCUSSION_CHANNEL;
}

static void silence_and_let_go(ddsp_receiver *receiver, ddsp_event_list *events)
{
    ddsp_notes_silence(&receiver->notes, events);
    ddsp_keys_pedals_up(&receiver->notes.keys);
    ddsp_controllers_reset(&receiver->controllers);
    receiver->touched = 1;
}

static void power_on(ddsp_receiver *receiver, ddsp_event_list *events)
{
    const ddsp_receiver_settings *settings = &receiver->notes.settings;
    silence_and_let_go(receiver, events);
    ddsp_notes_freeze(&receiver->notes, &receiver->controllers);
    ddsp_controllers_init(&receiver->controllers, settings->bend_range, settings->mpe);
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
    ddsp_controllers *controllers = &receiver->controllers;
    if (!hears(receiver, channel) || kind == PROGRAM_CHANGE)
        return;
    receiver->touched = 1;
    switch (kind) {
    case NOTE_OFF: lift(receiver, channel, first, events); break;
    case NOTE_ON: note_on(receiver, channel, first, bytes[2], events); break;
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
    const ddsp_exact_touch touch = ddsp_controllers_instrument(&receiver->controllers);
    if (ddsp_touches_differ(&touch, &receiver->sent)) {
        receiver->sent = touch;
        ddsp_event *event = ddsp_event_list_add(&events, DDSP_EVENT_TOUCH, DDSP_ALL_VOICES, 0);
        if (event)
            event->touch = ddsp_touch_rounded(&touch);
    }
    ddsp_notes_touch(&receiver->notes, &receiver->controllers, &events);
    return events.n;
}

int ddsp_receiver_pass_time(ddsp_receiver *receiver, double time_s, ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    receiver->now_s = fmax(receiver->now_s, time_s);
    if (receiver->sensed_s >= 0.0 && receiver->sensed_s < receiver->now_s - SENSING_S) {
        receiver->sensed_s = -1.0;
        release_all(receiver, &events);
        ddsp_keys_pedals_up(&receiver->notes.keys);
        ddsp_controllers_hands_off(&receiver->controllers);
        receiver->touched = 1;
    }
    return events.n;
}

int ddsp_receiver_set(ddsp_receiver *receiver, const ddsp_receiver_settings *settings,
                      ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    ddsp_controllers *controllers = &receiver->controllers;
    const ddsp_receiver_settings old = receiver->notes.settings, now = sane(settings);
    if (now.bend_range != old.bend_range)
        ddsp_controllers_set_bend_range(controllers, now.bend_range);
    if (now.portamento_s != old.portamento_s)
        controllers->glide_s = -1.0;
    if (now.voices != old.voices || now.channel != old.channel || now.mpe != old.mpe)
        release_all(receiver, &events);
    if (now.mpe != old.mpe)
        set_zone(receiver, now.mpe ? DDSP_MPE_MEMBERS : 0);
    ddsp_notes_set(&receiver->notes, &now, &events);
    receiver->touched = 1;
    return events.n;
}

int ddsp_receiver_panic(ddsp_receiver *receiver, double time_s, ddsp_event *out)
{
    ddsp_event_list events = {out, 0};
    receiver->now_s = fmax(receiver->now_s, time_s);
    silence_and_let_go(receiver, &events);
    return events.n;
}
