/* What a part plays: its ear or clock, the player with its events, and the ticks that tell the
 * control thread. Audio thread, but for the functions marked otherwise. */
#ifndef DDSP_PERFORMER_H
#define DDSP_PERFORMER_H

#include <stdatomic.h>
#include <stdint.h>

#include "ddsp_kernel.h"
#include "rig/frame_queue.h"
#include "rig/ring.h"

/* Of an allocator's knowledge of the voices, without a lock. */
typedef struct {
    atomic_uint serial;
    atomic_int sounds;
    _Atomic float loudness_db;
} ddsp_published_voice;

typedef struct ddsp_performer ddsp_performer;
struct ddsp_performer {
    double sample_rate, hop;    /* hop in samples, not always whole */
    int max_block, n_voices;
    ddsp_analyser *analyser;    /* NULL: it does not listen, and has a synth player */
    ddsp_features *features;
    ddsp_effect *effect;
    ddsp_synth *synth;
    ddsp_ring ticks, events;
    ddsp_conditioner *conditioner;  /* NULL: the control thread decodes */
    ddsp_frame_queue *frames;       /* of the voices: where decoded frames go */
    atomic_uint faults;
    /* Control thread's, read when the part is played. */
    ddsp_performer *adopts;     /* goes on with what this one plays; NULL: starts afresh ... */
    unsigned adopts_at;         /* ... after so many of its events */
    /* Audio thread's. */
    int64_t start, position;    /* where it began, and is; samples of the rig */
    int64_t tick, due;          /* number and position of the next tick */
    unsigned events_taken, panic;
    int64_t silent_from;        /* the effect's frames are silent from here on; -1: they sound */
    unsigned made, lost;        /* ticks to be answered, since they were asked for */
    ddsp_feature_frame newest;  /* of the last tick, the loudest voice's */
    unsigned refused;           /* decoded frames that found a full queue */
    ddsp_published_voice voices[DDSP_MAX_VOICES];
};

/* Setup. DDSP_OK or an error, after which ddsp_performer_free is to be called. */
int ddsp_performer_prepare(ddsp_performer *performer, double sample_rate, int max_block,
                           int n_voices, double hop_s, int listens);
int ddsp_performer_set_model(ddsp_performer *performer, double hop_s, double min_db,
                             double max_db);
void ddsp_performer_free(ddsp_performer *performer);

/* Control. 0: the ring is full. panic: how many there were. */
int ddsp_performer_send(ddsp_performer *performer, const ddsp_event *event, unsigned panic);
int ddsp_performer_read_ticks(ddsp_performer *performer, ddsp_tick *out, int n);
void ddsp_performer_states(ddsp_performer *performer, ddsp_voice_state *out);

/* Time starts; the first sample is number `position`. */
void ddsp_performer_begin(ddsp_performer *performer, int64_t position);

/* Goes on with what `adopts` plays, which must still be there. */
void ddsp_performer_adopt(ddsp_performer *performer);

/* Panic number `panic`: nothing is played any more, notes sent before it are forgotten. */
void ddsp_performer_panic(ddsp_performer *performer, unsigned panic);

/* Takes the events, hears n samples and makes the frames that fall due. */
void ddsp_performer_process(ddsp_performer *performer, const float *mono, int n);

#endif
