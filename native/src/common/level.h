/* Absolute values as the integers that their bits are: these are ordered alike, and the largest
 * of many integers is found in vectors, which that of floats is not (a NaN forbids it). */
#ifndef DDSP_LEVEL_H
#define DDSP_LEVEL_H

#include <stdint.h>
#include <string.h>

#include "common/cpu_dispatch.h"

/* The bits of |x|. */
DDSP_INLINE int32_t ddsp_level_bits(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & INT32_MAX;
}

/* The level that has these bits. */
DDSP_INLINE float ddsp_level_of(int32_t bits)
{
    float level;
    memcpy(&level, &bits, sizeof level);
    return level;
}

#endif
