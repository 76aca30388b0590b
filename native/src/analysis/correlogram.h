/* How like the sound is to itself some samples ago, for every lag, over any recent
 * window. The products of one block (1 ms) are summed once, when the block is full,
 * and kept; a window is a sum of blocks. So the work is the same for every sample and
 * there is no running sum to drift. */
#ifndef DDSP_CORRELOGRAM_H
#define DDSP_CORRELOGRAM_H

#include <stdint.h>

enum { DDSP_MIRRORED = 8 };

typedef struct {
    int max_lag;           /* samples */
    int shortest;          /* window, samples; longer lags have WINDOW_PERIODS of them */
    int stride;            /* lags kept of each block: stride, stride - 1, ... 1 */
    int block, filled;     /* samples of a whole block, of the newest one */
    int n_blocks, newest;
    int reach;             /* samples that are remembered */
    int head, energy_head; /* where the next sample goes, below reach */
    int64_t heard;         /* samples since the start */
    uint64_t total;        /* energy since the start, modulo 2^64 */
    float *samples;        /* [2 * reach] each written twice, so that the newest are contiguous */
    uint64_t *energy;      /* [2 * reach] total after each sample, likewise */
    float *products;       /* [n_blocks][stride] */
    int *length;           /* [n_blocks] samples of each */
    float *mirrored;
    float *similarity;     /* [-DDSP_MIRRORED..stride] by lag, of the last comparison */
} ddsp_correlogram;

/* Setup; 0 where memory is short. What it holds must be zero or freed. */
int ddsp_correlogram_prepare(ddsp_correlogram *c, double rate, int max_lag);
void ddsp_correlogram_free(ddsp_correlogram *c);

/* Audio, all of them. */
void ddsp_correlogram_reset(ddsp_correlogram *c);
void ddsp_correlogram_hear(ddsp_correlogram *c, float sample);

/* Energy (sum of squares) of the newest `count` samples but the last `skipped`. */
float ddsp_correlogram_energy(const ddsp_correlogram *c, int count, int skipped);

/* Samples in the window of a lag. */
int ddsp_correlogram_window(const ddsp_correlogram *c, float lag);

/* Fills similarity up to longest + 1 (below 0 it is a mirror): 2 sum x[n] x[n - lag] / sum (x[n]^2 + x[n - lag]^2),
 * the NSDF of McLeod and Wyvill (ICMC 2005), over a window of each lag's own. Of what
 * is older than `since` samples only silence is expected: energies leave it out. */
void ddsp_correlogram_compare(ddsp_correlogram *c, int longest, int64_t since);

#endif
