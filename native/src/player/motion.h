/* What a player does within a note, frame by frame: the expression that it was sent with, carried
 * out. Times are seconds of the synth player's clock. */
#ifndef DDSP_MOTION_H
#define DDSP_MOTION_H

#include "ddsp_kernel.h"
#include "player/tempo.h"

/* How much of each group is heard, 0..4. */
typedef struct {
    double vibrato, pitch, dynamics, attack;
} ddsp_amounts;

/* Those of the settings, whatever stands there. */
ddsp_amounts ddsp_amounts_of(const ddsp_synth_settings *settings);

/* passed_s seconds later, on the way to what is wanted. */
void ddsp_amounts_approach(ddsp_amounts *amounts, const ddsp_amounts *wanted, double passed_s);

typedef struct {
    ddsp_note_expression how;
    int legato;             /* the note goes on from another one */
    double began_s, released_s; /* released: infinity while it is held */
    double origin_s;        /* of the first note of those that are tied by legato */
    ddsp_turning vibrato;   /* its phase */
    double carried_depth, carried_db;  /* from the note before: it fades */
} ddsp_motion;

/* What is added to a note at one moment. */
typedef struct {
    double cents;           /* -5000..5000 */
    double level_db;        /* -60..24 */
    double brightness_db;   /* -24..24 */
    double partials_db, partials_at;  /* of the feature frame */
    double pitched;         /* 0..1, of its harmonics; the rest is noise */
} ddsp_moved;

void ddsp_motion_reset(ddsp_motion *motion);

/* What a vibrato follows: the beat, and the waves in it as in ddsp_synth_settings. */
typedef struct {
    ddsp_beat beat;
    float waves;
} ddsp_tempo;

/* A note starts; values of `how` that are not finite or out of range are mended. Legato: the
 * motion of the note before goes over into its own. */
void ddsp_motion_strike(ddsp_motion *motion, const ddsp_note_expression *how,
                        const ddsp_amounts *amounts, const ddsp_tempo *tempo, double time_s,
                        int legato);

/* At each tick, passed_s seconds after the last: the vibrato follows the beat. */
void ddsp_motion_follow(ddsp_motion *motion, const ddsp_tempo *tempo, double time_s,
                        double passed_s);

/* Nothing holds the note any more. */
void ddsp_motion_release(ddsp_motion *motion, double time_s);

/* At a time not before the last event. It keeps no memory: any times may be asked for. */
ddsp_moved ddsp_motion_at(const ddsp_motion *motion, const ddsp_amounts *amounts, double time_s);

/* By how much the release is longer than the setting says. */
double ddsp_motion_stretch(const ddsp_motion *motion, const ddsp_amounts *amounts);

#endif
