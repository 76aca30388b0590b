/* What stands before the parts and after them: input, room, mix, bypass. Audio thread. */
#ifndef DDSP_MIXER_H
#define DDSP_MIXER_H

#include "common/smoothed_value.h"
#include "ddsp_kernel.h"
#include "synthesis/limiter.h"
#include "rig/input_side.h"
#include "rig/meter.h"

typedef struct {
    double sample_rate;
    ddsp_output *output;
    ddsp_meter *meter;
    float *clean, *room;    /* [2 max_block] */
    float *mono;            /* [max_block]: what the parts hear */
    ddsp_input_side side;   /* where both sides are asked for */
    int asked;              /* DDSP_SIDE_*: what DDSP_INPUT asks for */
    float trim;
    ddsp_smoothed_value left, right; /* shares of the input's sides, trim put in */
    ddsp_smoothed_value dry, wet, bypass, mute, gain[2];
    ddsp_smoothed_value hush;        /* 0 at the end of a panic */
    ddsp_limiter limiter;   /* after dry and wet; the bypass does not pass it */
} ddsp_mixer;

/* Setup: takes its memory; DDSP_OK or an error. */
int ddsp_mixer_prepare(ddsp_mixer *mixer, double sample_rate, int max_block, ddsp_meter *meter);
void ddsp_mixer_free(ddsp_mixer *mixer);

/* New targets, DDSP_CONTROLS of them; jump: without a ramp. */
void ddsp_mixer_set(ddsp_mixer *mixer, const float *values, int jump);

/* A block's input (2n samples, NULL: silence), made sane, into clean and mono. */
void ddsp_mixer_hear(ddsp_mixer *mixer, const float *in, int n);

/* The sum of the parts and the input into 2n samples of output. right_sum NULL: sum is both
 * sides'; else the left one's. */
void ddsp_mixer_mix(ddsp_mixer *mixer, const float *sum, const float *right_sum, float *out, int n);

#endif
