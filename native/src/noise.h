/* Filtered noise: random-phase frames, overlapped and added. */
#ifndef DDSP_NOISE_H
#define DDSP_NOISE_H

#include <stdint.h>

#include "fft.h"

typedef struct {
    int bands;          /* 0: no noise */
    int size, hop;      /* of a frame, samples */
    int bins;           /* below the band limit */
    uint32_t seed;
    uint64_t frame;     /* the next one */
    int position;       /* samples of the current hop already given out */
    float scale;
    int *low;           /* [bins] the band below each bin */
    float *part;        /* [bins] how far it is to the next band */
    float *window;      /* [size] */
    float *spectrum;    /* [size + 2] */
    float *sound;       /* [size] of one frame */
    float *tail;        /* [hop] the second half of the frame before */
    float *now;         /* [hop] what is given out */
    fft transform;
} noise;

/* Setup. 0, or -1 without memory. */
int noise_prepare(noise *n, double sample_rate, int bands, double band_limit_hz, uint32_t seed);
void noise_free(noise *n);

/* Audio. */
void noise_reset(noise *n);

/* Audio. Samples left in the current hop; at 0 the next frame must be made. */
static inline int noise_left(const noise *n)
{
    return n->hop - n->position;
}

/* Audio. Make the next frame; magnitudes are those at its centre, hop samples ahead. */
void noise_frame(noise *n, const float *magnitudes);

/* Audio. Add count <= noise_left samples to out. */
void noise_add(noise *n, float *out, int count);

#endif
