/* Between the control frames of two models: pure functions of arrays. */
#ifndef DDSP_MORPH_H
#define DDSP_MORPH_H

#include "ddsp_kernel.h"

/* How many harmonics of f0_hz lie below the model's band limit; all without a pitch. */
int ddsp_morph_heard(float f0_hz, int n_harmonics, double band_limit_hz);

/* The amplitude of each of `room` harmonics, as a voice shares them out. */
void ddsp_morph_partials(const ddsp_control_frame *controls, int n_harmonics,
                         double band_limit_hz, float *out, int room);

/* Partials between two spectra of n partials; exactly one of them at 0 and 1. Level is linear in
 * amplitude, shape is between the logarithms, both brought to the same power, above a floor of
 * -60 dB. `out` may be neither. Returns the sum of `out`. */
float ddsp_morph_spectra(const float *a, const float *b, float amount, float *out, int n);

#endif
