#ifndef DDSP_HARMONIC_TABLE_H
#define DDSP_HARMONIC_TABLE_H

#include <stdint.h>

#include "synthesis/fft.h"

enum {
    DDSP_TABLE_POINTS = 512,    /* of one period: four a period of the 128th harmonic */
    DDSP_TABLE_TAPS = 8,
    DDSP_TABLE_SIZE = DDSP_TABLE_POINTS + DDSP_TABLE_TAPS
};

/* One period of the sum of harmonics at a ramp's start, and what it gains over the ramp:
 * points -3..516 of the period, so that the taps around any phase lie side by side. */
typedef struct {
    float start[DDSP_TABLE_SIZE], gain[DDSP_TABLE_SIZE];
} ddsp_harmonic_table;

/* Setup: what all tables share, computed once in the process. */
void ddsp_harmonic_table_prepare(void);

/* One period of the harmonics 1..n, n <= DDSP_MAX_HARMONICS, of these amplitudes into
 * period [DDSP_TABLE_SIZE]; fft is one of DDSP_TABLE_POINTS. */
void ddsp_harmonic_table_make(ddsp_fft *fft, const float *amplitude, int n, float *period);

/* The table's ramp ends at `fraction` of its way and the next one goes to `target`. */
void ddsp_harmonic_table_turn(ddsp_harmonic_table *table, float fraction, const float *target);

/* out[i] = start + fraction[i] * gain at phase[i], in turns / 2^32; n a multiple of 4. */
void ddsp_harmonic_table_render(const ddsp_harmonic_table *table, const uint32_t *phase,
                                const float *fraction, float *out, int n);

#endif
