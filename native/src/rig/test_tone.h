/* A test signal over the rig's output, and what comes in meanwhile.
 *
 * The buffers are the control thread's before `state` is ARMED and after it is DONE; in
 * between only the audio thread touches them.
 */
#ifndef DDSP_TEST_TONE_H
#define DDSP_TEST_TONE_H

#include <stdatomic.h>
#include <stdint.h>

enum { DDSP_TEST_TONE_IDLE, DDSP_TEST_TONE_ARMED, DDSP_TEST_TONE_DONE };

typedef struct {
    atomic_int state, ending;   /* ending: fade out, then DONE */
    const float *signal;        /* [n] mono */
    float *heard;               /* [2 n] or NULL */
    int64_t n, at;
    float side[2];              /* gains */
    int fade, faded;            /* samples of the fade, and how far it is */
} ddsp_test_tone;

/* Audio: n samples of output; clean is the input, both [2 n]. */
void ddsp_test_tone_process(ddsp_test_tone *tone, const float *clean, float *out, int n);

#endif
