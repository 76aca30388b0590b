/* DDSP_CLONES: compile a hot function twice where the loader can choose (x86-64,
 * gcc, glibc's ifunc): for any x86-64 and for AVX2 with FMA. Elsewhere nothing:
 * NEON is part of AArch64. */
#ifndef DDSP_CLONES_H
#define DDSP_CLONES_H

#include <stdlib.h> /* defines __GLIBC__ */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) \
    && !defined(DDSP_NO_CLONES)
#define DDSP_CLONES __attribute__((target_clones("default", "arch=haswell")))
#else
#define DDSP_CLONES
#endif

#endif
