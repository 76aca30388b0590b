/* Counter-based random numbers: the n-th number costs the same as the first, and
 * depends on nothing that was drawn before. The mixer is splitmix64's (Steele,
 * Lea and Flood, OOPSLA 2014). */
#ifndef DDSP_RANDOM_H
#define DDSP_RANDOM_H

#include <stdint.h>

static inline uint64_t random_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x;
}

/* The start of the sequence of one noise frame. */
static inline uint64_t random_frame(uint32_t seed, uint64_t frame)
{
    return random_mix(((uint64_t)seed << 32) + frame * UINT64_C(0xd1342543de82ef95) + 1);
}

/* 64 random bits: number `index` of a frame. */
static inline uint64_t random_bits(uint64_t frame, uint32_t index)
{
    return random_mix(frame + (index + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* Uniform in [-1, 1) from 32 bits. */
static inline float random_uniform(uint32_t bits)
{
    return (float)(int32_t)bits * (1.0f / 2147483648.0f);
}

#endif
