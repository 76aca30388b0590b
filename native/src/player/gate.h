/* The quiet end: a knee into silence, and a noise gate that does not chatter. */
#ifndef DDSP_GATE_H
#define DDSP_GATE_H

#define DDSP_SILENCE_DB (-80.0)

typedef struct {
    double threshold, lower;    /* dB: it opens at one, closes below the other */
    int off;                    /* everything passes */
    int open;
    double below_s;             /* so long softer than `lower` */
    double openness;            /* 0 closed .. 1 open: the ramp */
} ddsp_gate;

/* Loudness with an expander's knee: below -60 dB the slope is 2:1, so that room noise fades into
 * silence without a switch that could flutter. */
double ddsp_gate_knee(double loudness_db);

/* A threshold of DDSP_SILENCE_DB lets everything through. */
void ddsp_gate_set(ddsp_gate *gate, double threshold_db, double hysteresis_db);

/* Closed, as before the first sound; where there is no gate, open. */
void ddsp_gate_reset(ddsp_gate *gate);

/* What is taken off the loudness after dt_s more seconds, in dB: DDSP_SILENCE_DB to 0. */
double ddsp_gate_step(ddsp_gate *gate, double loudness_db, double dt_s);

#endif
