/* What the rig's audio thread does with a part. */
#ifndef DDSP_PART_H
#define DDSP_PART_H

#include <stdatomic.h>

#include "ddsp_kernel.h"

/* What the part saw since it was last asked; the rig sums over its parts. */
typedef struct {
    unsigned late, ticks, tick_overruns, frame_overruns, stalls;
} ddsp_part_events;

/* Control: whether a rig of this rate and block may take the part; 0: it was not prepared so, or
 * was played before. */
int ddsp_part_may_join(const ddsp_part *part, double sample_rate, int max_block);

/* Control: the rig takes the part; panics counts the rig's ddsp_rig_panic calls, on the control
 * thread. */
void ddsp_part_join(ddsp_part *part, const unsigned *panics);

/* Audio: time starts; the first sample is number `position`. */
void ddsp_part_begin(ddsp_part *part, int64_t position);

/* Audio: the part whose player this one goes on from when it is played; NULL: none. It may be
 * gone by then, so it is not to be looked at. */
const ddsp_part *ddsp_part_predecessor(const ddsp_part *part);

/* Audio, after ddsp_part_begin, while the predecessor is there. */
void ddsp_part_adopt(ddsp_part *part);

/* Audio: the voices go on from the phases of those of `other`, one by one. To be called while
 * nothing is heard of the part: its phases jump. */
void ddsp_part_match_phases(ddsp_part *part, const ddsp_part *other);

/* Audio: how much of its response is heard from now on, 0..1; it moves there in 20 ms, but at once
 * where the part has just begun. */
void ddsp_part_take_body(ddsp_part *part, float body);

/* Audio, once before a block is rendered: a waiting onset overtakes older frames. */
void ddsp_part_overtake(ddsp_part *part);

/* Audio: hears mono, writes out; n <= max_block. Position goes on by n. */
void ddsp_part_process(ddsp_part *part, const float *mono, float *out, int n);

/* Audio: moves towards the gain that was asked for last; whether the part is not in the middle
 * at full gain, or moves. */
int ddsp_part_take_gain(ddsp_part *part);

/* Audio: adds n samples of the part to both sides, at its gains. */
void ddsp_part_mix(ddsp_part *part, const float *in, float *const sides[2], int n);

/* Audio: forgets frames sent before panic number `panic` and takes no more until
 * ddsp_part_silence, which resets the voices. */
void ddsp_part_panic(ddsp_part *part, unsigned panic);
void ddsp_part_silence(ddsp_part *part);

/* Audio. */
ddsp_part_events ddsp_part_take_events(ddsp_part *part);

#endif
