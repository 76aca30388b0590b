#ifndef DDSP_PITCH_H
#define DDSP_PITCH_H

#include "analysis/pitch_confirm.h"
#include "analysis/correlogram.h"
#include "analysis/onset.h"

enum { DDSP_PITCH_CANDIDATES = 12, DDSP_PITCH_TAPS = 16, DDSP_PITCH_PHASES = 16 };

typedef struct {
    float lag;      /* period, in samples of the correlogram */
    float octave;   /* log2 of the lag */
    float height;   /* normalised similarity of one period with the next, -1..1 */
    float cost;     /* accumulated by the tracker; smaller is likelier */
} ddsp_pitch_candidate;

/* One pitch tracker. It hears the signal at about 12 kHz. */
typedef struct {
    double rate;
    int min_lag, max_lag;
    ddsp_correlogram correlogram;
    ddsp_onset onset;
    ddsp_pitch_confirm confirm;
    ddsp_pitch_candidate track[DDSP_PITCH_CANDIDATES];
    int n_track;
    float taps[DDSP_PITCH_PHASES + 1][DDSP_PITCH_TAPS]; /* between samples of the similarity */
} ddsp_pitch;

/* Setup; 0 where memory is short. */
int ddsp_pitch_prepare(ddsp_pitch *pitch, double rate);
void ddsp_pitch_free(ddsp_pitch *pitch);

/* Audio. */
void ddsp_pitch_reset(ddsp_pitch *pitch);
void ddsp_pitch_hear(ddsp_pitch *pitch, float sample);

/* Audio. One estimate from what was heard. Returns the period in seconds, 0 where none
 * is found, and sets *confidence to 0..1. */
float ddsp_pitch_estimate(ddsp_pitch *pitch, float *confidence);

/* Audio. Whether a sound began a moment ago and an estimate now may tell its period, which is
 * not known yet: true once a millisecond. */
int ddsp_pitch_seeks(const ddsp_pitch *pitch);

#endif
