#ifndef DDSP_REVERB_H
#define DDSP_REVERB_H

enum { DDSP_REVERB_LINES = 8, DDSP_REVERB_DIFFUSERS = 4, DDSP_REVERB_CHUNK = 64 };

/* Values of the room that ramp together. */
typedef struct {
    float feedback[DDSP_REVERB_LINES];
    float brightness;   /* of the one-pole low-pass in each line, 0..1 */
    float input;        /* level into the lines */
} ddsp_room;

/* A stereo reverberator: diffusers, then a feedback delay network. */
typedef struct {
    double sample_rate;
    float *memory;                          /* of all the delays */
    float *line[DDSP_REVERB_LINES];
    float *diffuser[DDSP_REVERB_DIFFUSERS];
    int line_length[DDSP_REVERB_LINES], line_at[DDSP_REVERB_LINES];
    int diffuser_length[DDSP_REVERB_DIFFUSERS], diffuser_at[DDSP_REVERB_DIFFUSERS];
    int shortest;                           /* delay, at most DDSP_REVERB_CHUNK: of a block */
    float low[DDSP_REVERB_LINES];           /* low-pass states */
    float highpass, highpass_decay;         /* keeps DC out of the room */
    ddsp_room start, target;
} ddsp_reverb;

/* Takes its memory; 0 where there is none left. */
int ddsp_reverb_prepare(ddsp_reverb *reverb, double sample_rate);

void ddsp_reverb_free(ddsp_reverb *reverb);

/* No tail. The room stays as it is set. */
void ddsp_reverb_clear(ddsp_reverb *reverb);

/* A new room from 0..1 each; `fraction` is how far the old ramp came. */
void ddsp_reverb_target(ddsp_reverb *reverb, float size, float damping, float fraction);

/* n <= DDSP_REVERB_CHUNK samples into left and right (wet only); fraction is [n]. */
void ddsp_reverb_process(ddsp_reverb *reverb, const float *in, const float *fraction,
                         float *left, float *right, int n);

#endif
