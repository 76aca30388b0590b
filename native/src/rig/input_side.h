/* Which side of a stereo input is heard when both are asked for: their mean, or the louder one
 * where the mean is far below it (the sides cancel, or only one of them is live). */
#ifndef DDSP_INPUT_SIDE_H
#define DDSP_INPUT_SIDE_H

enum { DDSP_SIDE_LEFT, DDSP_SIDE_RIGHT, DDSP_SIDE_MEAN };

typedef struct {
    double sample_rate;
    float left, right, mean;    /* mean squares of about the last 50 ms */
    int side;                   /* DDSP_SIDE_*, what is heard */
    double settled_s;           /* how long another side would have been right */
} ddsp_input_side;

/* Setup. */
void ddsp_input_side_reset(ddsp_input_side *input, double sample_rate);

/* Audio. Hears n stereo samples that are finite; returns the side to be heard from now on. */
int ddsp_input_side_hear(ddsp_input_side *input, const float *stereo, int n);

#endif
