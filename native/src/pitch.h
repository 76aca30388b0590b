#ifndef DDSP_PITCH_H
#define DDSP_PITCH_H

enum { DDSP_PITCH_CANDIDATES = 12 };

typedef struct {
    float lag;      /* period, in coarse samples */
    float height;   /* normalised similarity of one period with the next, -1..1 */
    float cost;     /* accumulated by the tracker; smaller is likelier */
} ddsp_pitch_candidate;

/* One pitch tracker. It looks at two histories of the same signal: a coarse one
 * (decimated, about 12 kHz) to find the period and the full-rate one to measure it. */
typedef struct {
    double coarse_rate;
    int decimation;
    int min_lag, max_lag;   /* coarse samples */
    float *similarity;      /* [max_lag + 2], owned by the caller */
    float *energy;          /* [coarse history + 1] prefix sums, owned by the caller */
    ddsp_pitch_candidate track[DDSP_PITCH_CANDIDATES];
    int n_track;
} ddsp_pitch;

/* Samples of coarse history that one estimate reads. */
int ddsp_pitch_coarse_history(double coarse_rate);

/* Samples of full-rate history that one estimate reads. */
int ddsp_pitch_fine_history(double sample_rate, int decimation);

void ddsp_pitch_reset(ddsp_pitch *pitch);

/* One estimate from the two histories (each ends with the newest sample).
 * Returns the period in full-rate samples, 0 where none is found, and sets
 * *confidence to 0..1. Audio thread: no allocation. */
float ddsp_pitch_estimate(ddsp_pitch *pitch, const float *coarse, int n_coarse,
                          const float *fine, int n_fine, float *confidence);

#endif
