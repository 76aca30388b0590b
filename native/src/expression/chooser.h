/* The chooser's state, for those that hold one themselves. */
#ifndef DDSP_CHOOSER_H
#define DDSP_CHOOSER_H

#include "ddsp_kernel.h"

enum { DDSP_CHOOSER_CHANNELS = 16, DDSP_CHOOSER_KEYS = 128 };

struct ddsp_chooser {
    ddsp_expression expression;
    uint32_t seed;
    uint32_t strokes[DDSP_CHOOSER_CHANNELS][DDSP_CHOOSER_KEYS];     /* so far */
    double expected_s[DDSP_CHOOSER_CHANNELS];   /* the length of the next note */
    double struck_s[DDSP_CHOOSER_CHANNELS];     /* the last one; below 0: none yet */
};

/* Audio. As new; the expression is good. */
void ddsp_chooser_begin(ddsp_chooser *chooser, const ddsp_expression *expression, uint32_t seed);

#endif
