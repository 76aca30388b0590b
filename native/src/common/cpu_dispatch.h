/* Two builds of a hot function on x86-64: one for every processor, one for those
 * with AVX2 and FMA, chosen at the call by two loads and a test. (gcc's
 * target_clones("arch=haswell") asks for the maker's name: an AMD never gets it.)
 * Elsewhere there is one build: NEON is part of AArch64.
 */
#ifndef DDSP_CPU_DISPATCH_H
#define DDSP_CPU_DISPATCH_H

#define DDSP_INLINE static inline __attribute__((always_inline))

/* Before a loop of few turns over an array of vectors: without it gcc keeps them in memory. */
#if defined(__clang__)
#define DDSP_UNROLL _Pragma("clang loop unroll(full)")
#else
#define DDSP_UNROLL _Pragma("GCC unroll 32")
#endif

#if defined(__x86_64__) && !defined(DDSP_PORTABLE)
#define DDSP_HAS_AVX2 1
#define DDSP_AVX2 __attribute__((target("avx2,fma")))

static inline int ddsp_use_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* Defines name from name_body, which is DDSP_INLINE. */
#define DDSP_CPU_DISPATCH(scope, name, parameters, arguments)              \
    static DDSP_AVX2 void name##_avx2 parameters                  \
    {                                                             \
        name##_body arguments;                                    \
    }                                                             \
    scope void name parameters                                    \
    {                                                             \
        if (ddsp_use_avx2())                                      \
            name##_avx2 arguments;                                \
        else                                                      \
            name##_body arguments;                                \
    }
#else
#define DDSP_CPU_DISPATCH(scope, name, parameters, arguments)              \
    scope void name parameters                                    \
    {                                                             \
        name##_body arguments;                                    \
    }
#endif

#endif
