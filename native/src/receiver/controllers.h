/* What wheels, pedals and pressure say, beside the keys: of one channel, or of an MPE zone and each
 * of its member channels. As ddsp_edge/synth/controllers.py. */
#ifndef DDSP_CONTROLLERS_H
#define DDSP_CONTROLLERS_H

#define DDSP_MIDI_CENTRE 64     /* of controllers that have a middle */
#define DDSP_MIDI_CHANNELS 16
#define DDSP_MPE_LOWER 0        /* the channels, from 0, that speak for all notes of a zone */
#define DDSP_MPE_UPPER_MANAGER 15
#define DDSP_MPE_MEMBERS 15     /* the most of a zone */

/* How notes are bent and pressed: of a channel, in MPE of the zone's manager or of a member. */
typedef struct {
    double wheel;           /* -1..1 */
    double pressure;        /* 0..1 */
    double brightness;      /* -1..1 */
} ddsp_channel_touch;

/* As ddsp_touch, in double precision: what was sent last is compared with it. */
typedef struct {
    double bend, pressure, brightness, level_db, vibrato;
} ddsp_exact_touch;

typedef struct {
    double volume, expression, breath;
    double pan;                 /* -1..1 */
    double vibrato;             /* 0..1 */
    double bend_range, member_bend_range;   /* semitones */
    double fine, coarse;        /* tuning, semitones */
    double glide_s;             /* below 0: as the setting says */
    int channel;                /* 0..15 */
    int members;                /* MPE channels from the manager's inward; 0: no zone */
    int blown;                  /* a breath above 0 came: a breath controller is there */
    int gliding;
    int glide_from;             /* key, for the next note only; -1: none */
    int rpn[2];
    int data[3][2];             /* both halves of RPN 0, 1 and 2 */
    ddsp_channel_touch touch;
    ddsp_channel_touch touches[DDSP_MIDI_CHANNELS];
} ddsp_controllers;

/* As at power-on. */
void ddsp_controllers_init(ddsp_controllers *controllers, double bend_range, int channel);

/* As controller 121 asks. */
void ddsp_controllers_reset(ddsp_controllers *controllers);

/* What springs back when nobody touches it: wheels and pressure. */
void ddsp_controllers_hands_off(ddsp_controllers *controllers);

void ddsp_controllers_set_bend_range(ddsp_controllers *controllers, double semitones);

/* Manages so many MPE member channels, 0..15; 0 is no zone. */
void ddsp_controllers_set_zone(ddsp_controllers *controllers, int members);

/* Whether a channel speaks for its own notes in this one's zone. */
int ddsp_controllers_is_member(const ddsp_controllers *controllers, int channel);

/* What bends and pressure of a channel go to. */
ddsp_channel_touch *ddsp_controllers_touch_of(ddsp_controllers *controllers, int channel);

/* Controllers that only set a value, 0..127; others do nothing. */
void ddsp_controllers_change(ddsp_controllers *controllers, int number, int value, int channel);

/* Data entry: sets the chosen RPN. 1 where it is the MPE configuration, which is the caller's. */
int ddsp_controllers_data_entry(ddsp_controllers *controllers, int value, int channel, int fine);

/* What the player is told of a note: its channel's controllers, in MPE those of the zone and of
 * its member channel (NULL: none), and the pressure of the key itself, 0..1. */
ddsp_exact_touch ddsp_controllers_note(const ddsp_controllers *controllers,
                                       const ddsp_channel_touch *member, double key_pressure);

#endif
