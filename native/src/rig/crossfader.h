/* The parts of a rig in groups, and the cross-fade from group to group. Audio thread only. */
#ifndef DDSP_CROSSFADER_H
#define DDSP_CROSSFADER_H

#include "rig/part.h"

typedef struct {
    ddsp_part *part;        /* NULL: free */
    const ddsp_part *follows;   /* in another slot, and plays what this part goes on with; or NULL */
    unsigned group;         /* of the parts that play together */
    float from, to;         /* gain at the start and the end of the fade */
} ddsp_crossfader_slot;

typedef struct {
    ddsp_crossfader_slot slot[DDSP_MAX_PARTS];
    int fade_length, fade_at;       /* samples; at == length: no fade */
    int in_phase;                   /* what fades in plays the pitches of what fades out in their phases */
    int waiting;                    /* a change is to come */
    unsigned groups;                /* that there were; they count from 1 */
    unsigned next;                  /* group to fade in then; 0: only out */
    int next_in, next_fade;         /* samples until then, and of its fade */
} ddsp_crossfader;

/* n parts that have begun take slots, silent, as a new group, whose number is returned; 0 for none.
 * One whose predecessor is still here adopts what that plays. There are
 * always slots free: ddsp_rig_play_together sees to it. */
unsigned ddsp_crossfader_add(ddsp_crossfader *crossfader, ddsp_part *const *parts, int n);

/* Fades in the group `next` (0: nothing) and out all others, in so many samples. */
void ddsp_crossfader_change(ddsp_crossfader *crossfader, unsigned next, int in, int fade);

/* Begins a change whose time has come: a part that goes on with what another plays takes its
 * phases, so that both add up throughout the fade. Then the most samples, up to n, that can be
 * processed before anything begins or ends. */
int ddsp_crossfader_until(ddsp_crossfader *crossfader, int n);

/* Adds every part, heard and played for n samples (as ddsp_crossfader_until said), to wet;
 * work is [n]. 1: each part to its own place, and wet[1] is the right side; 0: all are in the
 * middle, and wet[0] is both sides. */
int ddsp_crossfader_process(ddsp_crossfader *crossfader, const float *mono, float *const wet[2],
                            float *work, int n);

/* A part whose fade-out has ended leaves its slot; NULL when there is none. */
ddsp_part *ddsp_crossfader_leave(ddsp_crossfader *crossfader);

#endif
