/* Included before every source of the plug-in where the C library is glibc (build.sh): it asks for the first versions of the C
 * library's functions, so that a binary built with a new library loads with an old one. MOD's boxes
 * have glibc 2.21 (Duo, Duo X) and 2.27 (Dwarf); what is newer would not load there at all.
 *
 * A function that is not listed here and has a newer version is found by tests/lv2/test_old_libc.py.
 */
#ifndef DDSP_LV2_OLD_LIBC_H
#define DDSP_LV2_OLD_LIBC_H

/* No header is included here: a source may choose first what they declare (_POSIX_C_SOURCE). */
#if defined(__x86_64__)
#define DDSP_FIRST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define DDSP_FIRST "GLIBC_2.17"
#elif defined(__arm__)
#define DDSP_FIRST "GLIBC_2.4"
#endif

#ifdef DDSP_FIRST
#define DDSP_OLD(name) __asm__(".symver " #name ", " #name "@" DDSP_FIRST)
DDSP_OLD(exp);
DDSP_OLD(exp2);
DDSP_OLD(log);
DDSP_OLD(log2);
DDSP_OLD(pow);
DDSP_OLD(expf);
DDSP_OLD(exp2f);
DDSP_OLD(logf);
DDSP_OLD(log2f);
DDSP_OLD(powf);
DDSP_OLD(fmod);
DDSP_OLD(fmodf);
DDSP_OLD(hypot);
DDSP_OLD(hypotf);
DDSP_OLD(pthread_once);
DDSP_OLD(pthread_create);
DDSP_OLD(pthread_join);
DDSP_OLD(pthread_mutex_trylock);
#undef DDSP_OLD
#undef DDSP_FIRST
#endif

#endif
