/* Stereo room: a feedback delay network. */
#ifndef DDSP_REVERB_H
#define DDSP_REVERB_H

enum { REVERB_LINES = 8, REVERB_DIFFUSERS = 2 };

typedef struct {
    int mask[REVERB_LINES], delay[REVERB_LINES], write;
    float *line[REVERB_LINES];
    int diffuser_delay[REVERB_DIFFUSERS], diffuser_at[REVERB_DIFFUSERS];
    float *diffuser[REVERB_DIFFUSERS];
    float low[REVERB_LINES];             /* state of the damping filters */
    float seconds[REVERB_LINES];
    float decay[REVERB_LINES], decay_target[REVERB_LINES], decay_slope[REVERB_LINES];
    float damping, damping_target, damping_slope;
    int left, ramp;                      /* samples left of the ramp */
    double rate;
} reverb;

/* Setup. 0, or -1 without memory. */
int reverb_prepare(reverb *r, double sample_rate);
void reverb_free(reverb *r);

/* Audio. Forgets the tail and jumps to the targets. */
void reverb_reset(reverb *r);

/* Audio. size and damping 0..1. */
void reverb_set(reverb *r, float size, float damping);

/* Audio. One sample in, the room (without the sound itself) out. */
void reverb_step(reverb *r, float in, float *left, float *right);

#endif
