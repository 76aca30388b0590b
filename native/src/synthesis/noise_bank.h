#ifndef DDSP_NOISE_BANK_H
#define DDSP_NOISE_BANK_H

#include "ddsp_kernel.h"
#include "synthesis/noise.h"
#include "common/ramp.h"

/* Puts the power of a voice's two noises, whose gains move on `ramp` (its clock now), into the
 * frames of the bank that begin in the n samples from `offset`. */
void ddsp_noise_bank_put(ddsp_noise_bank *bank, const ddsp_noise *first, const ddsp_noise *second,
                         const ddsp_ramp *ramp, int offset, int n);

#endif
