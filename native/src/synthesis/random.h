/* Counter-based random numbers: any frame's can be had without the ones before. */
#ifndef DDSP_RANDOM_H
#define DDSP_RANDOM_H

#include <stdint.h>

/* The seed of a voice's second noise: another sequence, so that the two add up in power. */
static inline uint32_t ddsp_second_seed(uint32_t seed)
{
    return seed ^ 0x85ebca6bu;
}

/* Two 32-bit keys of a frame: SplitMix64's output function of (seed, frame). */
static inline uint64_t ddsp_random_keys(uint32_t seed, uint64_t frame)
{
    uint64_t z = ((uint64_t)seed << 32 | 0x5bd1e995u) + frame * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 32 random bits of one bin of the frame: C. Wellons' "lowbias32" mixer, with the
 * second key put in half way. */
static inline uint32_t ddsp_random_bits(uint64_t keys, uint32_t bin)
{
    uint32_t x = bin ^ (uint32_t)keys;
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x += (uint32_t)(keys >> 32);
    x *= 0x846ca68bu;
    x ^= x >> 16;
    return x;
}

/* The low and the high half as two uniform numbers in [-1, 1). */
static inline float ddsp_random_low(uint32_t bits)
{
    return (float)(int16_t)(bits & 0xffffu) * (1.0f / 32768.0f);
}

static inline float ddsp_random_high(uint32_t bits)
{
    return (float)(int16_t)(bits >> 16) * (1.0f / 32768.0f);
}

#endif
