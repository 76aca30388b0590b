/* Which keys are held, by a finger or by a pedal, in the order of their note-ons. As
 * ddsp_edge/synth/keys.py, of one port. A pedal is down for the keys of its channel, in MPE for
 * those of the zone, whose manager's channel stands for all of it. */
#ifndef DDSP_KEYS_H
#define DDSP_KEYS_H

#include <stdint.h>

enum { DDSP_MOST_KEYS = 16 * 128 };
enum { DDSP_PEDAL_SUSTAIN, DDSP_PEDAL_SOSTENUTO, DDSP_PEDAL_SOFT, DDSP_PEDALS };

/* A note from its note-on until nothing holds it. */
typedef struct {
    uint32_t id;                /* of this note-on; 0: none */
    uint8_t channel, note, velocity;
    uint8_t soft;               /* struck while the soft pedal was down */
    uint8_t down;               /* a finger holds it */
    uint8_t kept;               /* the sostenuto pedal holds it */
    uint8_t zone;               /* the channel whose pedals hold it: its own or the manager's */
    uint8_t member;             /* its MPE channel speaks for it */
    double pressure;            /* 0..1, of the key itself */
} ddsp_key;

typedef struct {
    ddsp_key held[DDSP_MOST_KEYS];
    int n;
    uint32_t last_id;
    unsigned pedals[DDSP_PEDALS];   /* bit n: it is down on channel n */
    /* What the last call let go, in their order. */
    uint32_t gone[DDSP_MOST_KEYS];
    int n_gone;
} ddsp_keys;

void ddsp_keys_reset(ddsp_keys *keys);

/* A note-on; of a key that is held already it is a new one. */
const ddsp_key *ddsp_keys_press(ddsp_keys *keys, int channel, int note, int velocity, int zone,
                                int member);

/* NULL where it is not held. */
ddsp_key *ddsp_keys_find(ddsp_keys *keys, int channel, int note);

/* How many fingers are down. */
int ddsp_keys_down(const ddsp_keys *keys);

/* The key that one voice plays of those held (with `down`: by a finger), by DDSP_PRIORITY_*; NULL
 * where there is none. */
const ddsp_key *ddsp_keys_pick(const ddsp_keys *keys, int priority, int down);

/* The following fill `gone`. A note-off of one key; of all keys of a channel; of all of a zone.
 * Pedals go on holding what they hold. */
void ddsp_keys_lift(ddsp_keys *keys, int channel, int note);
void ddsp_keys_lift_channel(ddsp_keys *keys, int channel);
void ddsp_keys_lift_zone(ddsp_keys *keys, int zone);

/* A pedal of a zone; all pedals of a zone, or (-1) of every one, up. */
void ddsp_keys_pedal(ddsp_keys *keys, int pedal, int zone, int down);
void ddsp_keys_pedals_up(ddsp_keys *keys, int zone);

/* The keys of a zone, or (-1) all of them, whatever holds them. */
void ddsp_keys_let_go(ddsp_keys *keys, int zone);

#endif
