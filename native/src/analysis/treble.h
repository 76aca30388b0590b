/* How much of a sound is treble: an s is nearly all of it, the knock of a hammer hardly. */
#ifndef DDSP_TREBLE_H
#define DDSP_TREBLE_H

#include "analysis/section.h"

typedef struct {
    ddsp_section high[2];       /* fourth order: the partials below do not pass */
    int settle, window;         /* samples that it is given to settle, and that are measured */
} ddsp_treble;

/* Setup. Where the rate is too low for 5 kHz, the uppermost fifth of what there is. */
ddsp_treble ddsp_treble_new(double sample_rate);

/* Audio. Share of the power above 5 kHz of the last 6 ms of n samples, in dB, -60..0; 0 in
 * silence, which is neither bright nor dull. It keeps nothing: asked for where it is needed. */
float ddsp_treble_db(const ddsp_treble *treble, const float *samples, int n);

#endif
