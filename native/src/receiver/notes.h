/* Keys to voices: what sounds when a key goes down or is let go. As ddsp_edge/synth/notes.py,
 * allocation.py and voice.py. Events are appended to a list. */
#ifndef DDSP_NOTES_H
#define DDSP_NOTES_H

#include "ddsp_kernel.h"
#include "expression/chooser.h"
#include "receiver/channels.h"
#include "receiver/keys.h"

/* What a call makes; room for DDSP_RECEIVER_EVENTS. */
typedef struct {
    ddsp_event *out;
    int n;
} ddsp_event_list;

/* One voice as the allocation sees it. */
typedef struct {
    ddsp_key key;               /* the last one that it was struck for; id 0: none yet */
    int held;                   /* something holds that key */
    int frozen;                 /* the key's channel may speak for another note now ... */
    ddsp_channel_touch member;  /* ... and this is what it said last */
    double struck_s;            /* when it was last struck */
    ddsp_exact_touch sent;      /* its touch, as it was sent last */
    uint32_t serial;            /* of its last event */
    int sounds;                 /* as far as is known */
    float loudness_db;          /* of its last frame */
} ddsp_played_voice;

typedef struct {
    ddsp_receiver_settings settings;
    ddsp_keys keys;
    ddsp_played_voice voices[DDSP_MAX_VOICES];
    int n_voices;               /* that were ever asked for */
    int one_voice;              /* it plays legato; else each key has its own */
    int struck;                 /* a note was played: there is a pitch to glide from */
    int chooses;                /* the chooser says how notes are played; else as written */
    ddsp_chooser chooser;
    ddsp_bars bars;             /* where they are; there may be none */
} ddsp_notes;

void ddsp_notes_init(ddsp_notes *notes, const ddsp_receiver_settings *settings);
void ddsp_notes_states(ddsp_notes *notes, const ddsp_voice_state *states);

/* New settings; voices above the new number stay until they have fallen silent. */
void ddsp_notes_set(ddsp_notes *notes, const ddsp_receiver_settings *settings,
                    ddsp_event_list *events);

/* Where beats and bar lines are from now on. */
void ddsp_notes_follow(ddsp_notes *notes, const ddsp_bars *bars, ddsp_event_list *events);

/* A key of notes->keys went down. */
void ddsp_notes_press(ddsp_notes *notes, const ddsp_key *key, double time_s,
                      ddsp_channels *channels, ddsp_event_list *events);

/* Nothing holds the keys that are in notes->keys.gone any more. */
void ddsp_notes_released(ddsp_notes *notes, double time_s, ddsp_channels *channels,
                         ddsp_event_list *events);

/* Key pressure and lifted fingers, for the voices that play held keys. */
void ddsp_notes_follow_keys(ddsp_notes *notes);

/* The voices of a zone, or (-1) all of them, keep what their MPE channels say now: those begin
 * anew. */
void ddsp_notes_freeze(ddsp_notes *notes, const ddsp_channels *channels, int zone);

/* Tells every voice what its channel and its key do to it, where that has changed. */
void ddsp_notes_touch(ddsp_notes *notes, ddsp_channels *channels, ddsp_event_list *events);

/* Silences the voices of a zone, or (-1) all of them, at once, whatever holds their keys. */
void ddsp_notes_silence(ddsp_notes *notes, int zone, ddsp_event_list *events);

#endif
