/* A plug-in's sound without LV2: MIDI and audio in, audio out. */
#ifndef DDSP_LV2_ENGINE_H
#define DDSP_LV2_ENGINE_H

#include "lv2/settings.h"
#include "lv2/sound.h"

enum { MOST_SOUNDS = 3 };       /* at once: one plays, others fade out */

typedef struct {
    /* Fixed. */
    double sample_rate;
    int listens;
    /* Between the threads. */
    _Atomic(ddsp_sound *) incoming; /* is to be played next */
    _Atomic(ddsp_sound *) retired;  /* a list: not needed any more */
    /* The audio thread's. */
    ddsp_rig *rig;
    ddsp_receiver *receiver;        /* NULL where it listens */
    ddsp_sound *sounds[MOST_SOUNDS];    /* the last one plays, the others fade out */
    int n_sounds;
    ddsp_settings settings;
    double pan;                     /* the player's */
    int frozen;
    ddsp_bars bars;                 /* where the host's beats and bar lines are */
    int64_t position;               /* samples since ddsp_engine_reset */
    int waiting;                    /* events sent since the rig last ran */
    int overran;                    /* messages were lost: silence is safer */
} ddsp_engine;

/* Setup. 0 where there is no memory or the rate is outside 8 to 384 kHz. */
int ddsp_engine_init(ddsp_engine *engine, double sample_rate, int listens);

/* Setup. As new, without a sound; settings stay. */
int ddsp_engine_reset(ddsp_engine *engine);
void ddsp_engine_free(ddsp_engine *engine);

/* Any thread but the audio thread, one at a time. Hands a sound over; what was handed over before
 * and not yet taken is freed. */
void ddsp_engine_offer(ddsp_engine *engine, ddsp_sound *sound);

/* The same. Frees what the audio thread has done with. */
void ddsp_engine_collect(ddsp_engine *engine);

/* Audio, at the head of a block: takes an offered sound; 1 where it did. */
int ddsp_engine_begin(ddsp_engine *engine);

/* Audio. The sound that plays; NULL: none. */
const ddsp_sound *ddsp_engine_current(const ddsp_engine *engine);

/* Audio. Settings have changed. */
void ddsp_engine_apply(ddsp_engine *engine);
void ddsp_engine_freeze(ddsp_engine *engine, int on);
void ddsp_engine_bypass(ddsp_engine *engine, int on);

/* Audio. Where the host's beats and bar lines are from now on: it is at `beats`, quarter notes, of
 * which hz follow a second; 0: it stands. Nothing happens where that is known already. */
void ddsp_engine_follow(ddsp_engine *engine, double hz, double beats, double bar, double bar_from);

/* Audio. Whether some samples have to be processed before another message is taken. */
int ddsp_engine_full(const ddsp_engine *engine);

/* Audio. A MIDI message at the present position. While the engine is full it is lost, and every
 * note ends with the next block. */
void ddsp_engine_midi(ddsp_engine *engine, const uint8_t *bytes, int n);

/* Audio. n samples; in may be NULL (silence), and is any of the others. */
void ddsp_engine_process(ddsp_engine *engine, const float *in, float *left, float *right, int n);

/* Audio. Where the model that plays is in its range: the MIDI note, 0..127, and the loudness in dB,
 * -80 (silence)..0, that it is shown. */
void ddsp_engine_point(const ddsp_engine *engine, float *note, float *loudness_db);

/* Audio, at the end of a block. 1 where there is something to collect. */
int ddsp_engine_end(ddsp_engine *engine);

#endif
