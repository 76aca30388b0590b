/* One voice of the synth player: its envelope, its glide, and when its frames are due. Times are
 * seconds of the player's clock, pitches MIDI notes without bend and vibrato. */
#ifndef DDSP_NOTE_VOICE_H
#define DDSP_NOTE_VOICE_H

#include <stdint.h>

#include "ddsp_kernel.h"
#include "player/envelope.h"
#include "player/motion.h"

typedef struct {
    uint32_t serial;        /* of the last event that it took */
    int struck;             /* it has played a note; before, the next two mean nothing */
    ddsp_note note;
    ddsp_touch touch;
    ddsp_envelope envelope;
    ddsp_motion motion;
    double struck_bend, struck_db;  /* of all touches as it was struck */
    double bent, pressed;   /* 0..1: how much the player's own hands do to pitch and level */
    double due_s;           /* of a frame that waits for no tick; infinity: none */
    double rise_s, last_s;  /* end of a dip; time of the last such frame */
    double from, to;        /* the glide */
    double glide_at, glide_s;
    double quiet_s;         /* when it fell silent; infinity: it sounds */
    float loudness_db;      /* of its last frame */
} ddsp_note_voice;

void ddsp_note_voice_reset(ddsp_note_voice *voice, ddsp_adsr adsr);

/* Plays a note whose glide begins at a pitch; amounts: of its expression that are heard;
 * tempo: what its vibrato follows. */
void ddsp_note_voice_strike(ddsp_note_voice *voice, const ddsp_note *note, double from,
                            const ddsp_amounts *amounts, const ddsp_tempo *tempo, double time_s,
                            int legato);

/* Nothing holds its note any more. */
void ddsp_note_voice_release(ddsp_note_voice *voice, const ddsp_amounts *amounts, double time_s);

/* All touches together bend by so many semitones and add so many decibels; `passed_s` seconds
 * after the last call. Where they move after the stroke, hands play, and the note's own expression
 * gives way. */
void ddsp_note_voice_follow_hands(ddsp_note_voice *voice, double bend, double level_db,
                                  double passed_s);

/* Silence at once. */
void ddsp_note_voice_stop(ddsp_note_voice *voice, double time_s);

/* Its note has another pitch from now on, and glides there in glide_s, or in what is left of a
 * glide that takes longer. */
void ddsp_note_voice_tune(ddsp_note_voice *voice, double pitch, double glide_s, double time_s);

double ddsp_note_voice_pitch(const ddsp_note_voice *voice, double time_s);

/* Of the envelope, 0..1, at a time not before the last one asked for or so. */
double ddsp_note_voice_level(ddsp_note_voice *voice, double time_s);

static inline int ddsp_note_voice_sounds(const ddsp_note_voice *voice)
{
    return voice->envelope.stage != DDSP_ENVELOPE_SILENT;
}

/* It has been silent for long: it needs no frames. */
int ddsp_note_voice_rests(const ddsp_note_voice *voice, double time_s);

/* When its next frame that waits for no tick is due: of a note that starts, or rises again. */
double ddsp_note_voice_due(const ddsp_note_voice *voice);

/* That frame is made now. */
void ddsp_note_voice_take_due(ddsp_note_voice *voice);

/* A frame at this tick would say what its own frame has said, or disturb it. */
int ddsp_note_voice_skips(const ddsp_note_voice *voice, double time_s);

/* A tick so close to a note's own frame would say the same again, seconds. */
#define DDSP_CLOSE_S 0.0002

#endif
