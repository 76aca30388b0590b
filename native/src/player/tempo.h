/* A vibrato's phase, at its own rate or locked to the beat. Times are seconds of the synth player's
 * clock, rates turns a second. */
#ifndef DDSP_TEMPO_H
#define DDSP_TEMPO_H

#include "ddsp_kernel.h"

typedef struct {
    double turn, at_s;      /* it was at this phase (of 1) then */
    double hz;              /* and has turned at this rate since */
} ddsp_turning;

static inline double ddsp_turning_phase(const ddsp_turning *turning, double time_s)
{
    return turning->turn + turning->hz * (time_s - turning->at_s);
}

/* What a message or a file says of the beat; values that are not finite or out of range: none. */
ddsp_beat ddsp_beat_sane(const ddsp_beat *beat);

/* The rate that is locked to the beat: `waves` in each beat, or with DDSP_NEAREST_WAVES the common
 * number nearest to its own rate. 0 where there is no beat or waves is 0. */
double ddsp_beat_rate(const ddsp_beat *beat, float waves, double own_hz);

/* Begins: at the beat's phase and rate, else at phase 0 and its own rate. */
ddsp_turning ddsp_turning_begin(const ddsp_beat *beat, float waves, double own_hz, double time_s);

/* Asked every tick, passed_s seconds after the last one: rate and phase go over to the beat's, or
 * without a beat to its own rate, without a jump of either. */
void ddsp_turning_follow(ddsp_turning *turning, const ddsp_beat *beat, float waves, double own_hz,
                         double time_s, double passed_s);

#endif
