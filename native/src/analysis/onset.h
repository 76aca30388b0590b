/* Where the newest sound began, if it rose out of something much quieter. */
#ifndef DDSP_ONSET_H
#define DDSP_ONSET_H

#include <stdint.h>

#include "analysis/correlogram.h"

enum { DDSP_ONSET_PAST = 64 };

typedef struct {
    float power[DDSP_ONSET_PAST]; /* mean square of each half millisecond of the last 32 */
    int next;
    int64_t since;                /* samples since the onset; INT32_MAX: long ago */
} ddsp_onset;

void ddsp_onset_reset(ddsp_onset *o);

/* Audio. After each sample that `c` has heard; 1 where an onset was found. */
int ddsp_onset_hear(ddsp_onset *o, const ddsp_correlogram *c);

#endif
