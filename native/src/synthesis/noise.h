#ifndef DDSP_NOISE_H
#define DDSP_NOISE_H

#include <stdint.h>

#include "ddsp_kernel.h"
#include "synthesis/fft.h"
#include "common/ramp.h"

/* Noise of a given spectrum: overlapping frames of random spectra. A frame starts
 * every hop samples counted from reset. */
typedef struct {
    int n_bands;
    uint32_t seed;
    ddsp_fft fft;           /* of a frame: 2 * hop samples */
    int hop, at;            /* samples of the hop already written */
    int n_bins;             /* bins 1..n_bins lie within the model's band */
    int sounding;           /* overlap holds anything but zeros */
    uint64_t frame;
    float *window;          /* [2 hop], with the level of the whole put in */
    float *overlap;         /* [2 hop] */
    float *frame_out;       /* [2 hop] */
    float *share;           /* [n_bins + 1]: bin between bands band and band + 1 */
    int *band;              /* [n_bins + 1] */
    float start[DDSP_MAX_NOISE_BANDS], target[DDSP_MAX_NOISE_BANDS];
} ddsp_noise;

/* Takes its memory: DDSP_OK or DDSP_NO_MEMORY. n_bands 0 or 2.. */
int ddsp_noise_prepare(ddsp_noise *noise, double sample_rate, int n_bands,
                       double band_limit_hz, uint32_t seed);

void ddsp_noise_free(ddsp_noise *noise);

void ddsp_noise_reset(ddsp_noise *noise);

/* New gains (checked here); `fraction` is how far the old ramp came. */
void ddsp_noise_target(ddsp_noise *noise, const float *magnitudes, float fraction);

/* The gains at a fraction of the ramp, into gains [n_bands]. */
void ddsp_noise_gains(const ddsp_noise *noise, float fraction, float *gains);

/* Adds n samples; `ramp` is the clock of the gains, now. */
void ddsp_noise_render(ddsp_noise *noise, const ddsp_ramp *ramp, float *out, int n);

/* The same in its steps, for gains that come from elsewhere: how many samples lie before
 * the next frame; the next frame, where that is 0 (the second half of the last one comes to
 * the front of overlap, the new one is added); up to n samples within the frame, how many. */
int ddsp_noise_until_frame(const ddsp_noise *noise);
void ddsp_noise_frame(ddsp_noise *noise, const float *gains);
int ddsp_noise_add(ddsp_noise *noise, float *out, int n);

#endif
