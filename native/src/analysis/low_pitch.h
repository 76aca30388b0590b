/* Pitches from 27.5 to 41 Hz (double bass and bass guitar below E1), beside the tracker of
 * the rest: at a quarter of its rate, with windows of up to 82 ms, which such periods need.
 * It speaks only where no shorter period explains the sound nearly as well. */
#ifndef DDSP_LOW_PITCH_H
#define DDSP_LOW_PITCH_H

#include "analysis/correlogram.h"
#include "analysis/section.h"

#define DDSP_LOW_PITCH_HIGHEST_HZ 41.2

typedef struct {
    double rate;                /* of what the correlogram hears */
    int until_next;             /* samples that come in before one is heard */
    ddsp_section low_pass[2];
    ddsp_correlogram correlogram;
    int shortest, longest;      /* lags that are told, samples */
    float last;                 /* log2 of the period in the last look; 0: none */
} ddsp_low_pitch;

/* Setup; 0 where memory is short. rate: of the samples that it will hear, about 12 kHz. */
int ddsp_low_pitch_prepare(ddsp_low_pitch *low, double rate);
void ddsp_low_pitch_free(ddsp_low_pitch *low);

/* Audio, all of them. */
void ddsp_low_pitch_reset(ddsp_low_pitch *low);
void ddsp_low_pitch_hear(ddsp_low_pitch *low, float sample);

/* A look, once a hop: the period in seconds and its confidence, 0.6..1; 0 where the sound has no
 * such pitch, or none that two looks agree on. period_s, height: the tracker's own period (0:
 * none) and its likeness, 0..1. */
float ddsp_low_pitch_look(ddsp_low_pitch *low, float period_s, float height, float *confidence);

#endif
