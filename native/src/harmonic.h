/* Harmonic oscillator bank. */
#ifndef DDSP_HARMONIC_H
#define DDSP_HARMONIC_H

#include <stdint.h>

enum { HARMONIC_BLOCK = 16 }; /* samples made at once */

/* Audio. out[i] = sum over k = 1..count of
 *   (start[k-1] + slope[k-1] * (at + i)) * sin(2 pi k phase[i] / 2^32)
 * for HARMONIC_BLOCK samples; start and slope are 0 from count to the next
 * multiple of 4. */
void harmonic_block(const uint32_t *phase, const float *start, const float *slope, int count,
                    float at, float *out);

#endif
