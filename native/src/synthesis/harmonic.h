#ifndef DDSP_HARMONIC_H
#define DDSP_HARMONIC_H

#include <stdint.h>

#include "ddsp_kernel.h"
#include "synthesis/fft.h"
#include "synthesis/harmonic_table.h"
#include "common/ramp.h"

enum { DDSP_HARMONIC_CHUNK = 64 };

/* A bank of sines at the multiples of one fundamental. Amplitudes and fundamental
 * move linearly from where they are to their targets, on the voice's ramp clock. */
typedef struct {
    double sample_rate, band_limit_hz;
    int n_harmonics;
    uint64_t phase;             /* of the fundamental, in turns / 2^64 */
    uint64_t step, target_step; /* turns / 2^64 a sample; step is the present one */
    int64_t step_change;              /* what one sample adds to step while it ramps */
    int n_active;               /* harmonics above are 0 now and at the target */
    int tabled;                 /* table holds this ramp: so many harmonics sound */
    ddsp_fft *fft;              /* the voice's, for the tables of its banks */
    /* Of each harmonic: amplitude at the ramp's start, and what it gains. */
    float start[DDSP_MAX_HARMONICS], gain[DDSP_MAX_HARMONICS];
    ddsp_harmonic_table table;
} ddsp_harmonic;

/* fft is one of DDSP_TABLE_POINTS, which stays the caller's. */
void ddsp_harmonic_prepare(ddsp_harmonic *bank, ddsp_fft *fft, double sample_rate,
                           int n_harmonics, double band_limit_hz);

void ddsp_harmonic_reset(ddsp_harmonic *bank);

/* New targets; `fraction` is how far the old ramp came, `length` the new one's
 * samples. All arguments are sane but f0_hz and the weights, which are checked here. */
void ddsp_harmonic_target(ddsp_harmonic *bank, float f0_hz, float amplitude,
                          const float *weights, float fraction, int length);

/* Whether f0_hz is so far from where the bank is now that a glide there would be heard as
 * a crack: on the way the harmonics of the lower pitch are too high. `fraction` as above. */
int ddsp_harmonic_leaps(const ddsp_harmonic *bank, float f0_hz, float fraction);

/* The sum of the amplitudes now. */
float ddsp_harmonic_level(const ddsp_harmonic *bank, float fraction);

/* Silent at once; the phase goes on. */
void ddsp_harmonic_silence(ddsp_harmonic *bank);

/* Writes n <= DDSP_HARMONIC_CHUNK samples; the clock stands `ahead` samples before
 * the first. */
void ddsp_harmonic_render(ddsp_harmonic *bank, const ddsp_ramp *ramp, int ahead, float *out,
                          int n);

#endif
