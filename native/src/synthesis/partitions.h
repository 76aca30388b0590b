/* One part of a response as spectra: a run of partitions of equal size, and what was heard. */
#ifndef DDSP_PARTITIONS_H
#define DDSP_PARTITIONS_H

#include "synthesis/fft.h"

typedef struct {
    int size;               /* samples of a partition, and values of re and im of a spectrum */
    int count;              /* partitions */
    float *filters;         /* [count][2][size]: spectra of 2 size samples, divided by these */
    float *heard;           /* [count][2][size]: a ring of the input's spectra */
    int newest, known;      /* of the ring: where, and how many since the last reset */
    float *sum;             /* [2][size] */
    float *input;           /* [2 size]: the block before, then the one that comes in */
    float *output;          /* [size]: what the present block adds; lies behind the input */
    ddsp_fft fft;
} ddsp_partitions;

/* Takes memory for `count` partitions of `size` samples (a power of four, 64 at least); 0 where there
 * is none left. */
int ddsp_partitions_prepare(ddsp_partitions *run, int size, int count);

/* Setup: the response's next samples, n of them; what is missing of count * size is silence. */
void ddsp_partitions_set(ddsp_partitions *run, const float *response, int n);

void ddsp_partitions_free(ddsp_partitions *run);

/* As if nothing had been heard yet. The spectra stay, unused: it costs little. */
void ddsp_partitions_clear(ddsp_partitions *run);

/* A block is full: its spectrum begins to be made (by passes of fft), and the next block may come.
 * Returns the spectrum's place, for ddsp_fft_end_forward; it is the newest from now on. */
float *ddsp_partitions_turn(ddsp_partitions *run);

/* No products yet. */
void ddsp_partitions_clear_sum(ddsp_partitions *run);

/* Adds to values first..last-1 of the sum (multiples of 16): partition `from` times the newest
 * spectrum, the next one times the one before, and so on, `most` of them. */
void ddsp_partitions_multiply(ddsp_partitions *run, int from, int most, int first, int last);

#endif
