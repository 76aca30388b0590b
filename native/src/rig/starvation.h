/* Gain of a part whose frames stopped coming: holds for a second, then fades. */
#ifndef DDSP_STARVATION_H
#define DDSP_STARVATION_H

#include <stdint.h>

typedef struct {
    int64_t last;           /* position of the last frame */
    int hold;               /* samples without a frame before it fades */
    int sounding;           /* since that frame; there is nothing to fade otherwise */
    int stalled;            /* fading, or faded */
    float decay;            /* factor a sample while it fades */
    float gain;
    int64_t back_from;      /* a frame came at this position: gain rises to 1 */
    int back;               /* in so many samples; 0: it does not rise */
    float back_gain;        /* from here */
} ddsp_starvation;

void ddsp_starvation_reset(ddsp_starvation *starvation, double sample_rate);

/* A frame took effect at a position, with a ramp of so many samples. */
void ddsp_starvation_frame(ddsp_starvation *starvation, int64_t position, int ramp, int sounding);

/* Applies the gain to n samples from position on; how many stalls began. */
int ddsp_starvation_process(ddsp_starvation *starvation, int64_t position, float *out, int n);

#endif
