/* Sounds without a pitch: noise in place of a note. */
#ifndef DDSP_UNPITCHED_H
#define DDSP_UNPITCHED_H

#include "ddsp_kernel.h"

/* Audio. All but `share` (0..1) of the harmonics becomes noise of the model's own colour, 6 dB
 * softer than they were. treble_db: the share of the sound's power above 5 kHz, to 0 (all of it);
 * of that noise there is at most 1.25 * treble_db of the harmonics' power there, the rest below. */
void ddsp_unpitched_give_way(const ddsp_conditioned_model *model, float share, float treble_db,
                             ddsp_control_frame *controls);

#endif
