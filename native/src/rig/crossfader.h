/* The parts of a rig, and the cross-fade between them. Audio thread only. */
#ifndef DDSP_CROSSFADER_H
#define DDSP_CROSSFADER_H

#include "rig/part.h"

typedef struct {
    ddsp_part *part;        /* NULL: free */
    float from, to;         /* gain at the start and the end of the fade */
} ddsp_crossfader_slot;

typedef struct {
    ddsp_crossfader_slot slot[DDSP_MAX_PARTS];
    int fade_length, fade_at;       /* samples; at == length: no fade */
    int waiting;                    /* a change is to come */
    ddsp_part *next;                /* to fade in then; NULL: only out */
    int next_in, next_fade;         /* samples until then, and of its fade */
} ddsp_crossfader;

/* A part takes a slot, silent. There is always one free: ddsp_rig_play sees to it. */
void ddsp_crossfader_add(ddsp_crossfader *crossfader, ddsp_part *part);

/* Fades in `next` (NULL: nothing) and out all others, in so many samples. */
void ddsp_crossfader_change(ddsp_crossfader *crossfader, ddsp_part *next, int in, int fade);

/* Begins a change whose time has come. Then the most samples, up to n, that can be
 * processed before anything begins or ends. */
int ddsp_crossfader_until(ddsp_crossfader *crossfader, int n);

/* Adds every part, heard and played for n samples (as ddsp_crossfader_until said), to wet;
 * work is [n]. */
void ddsp_crossfader_process(ddsp_crossfader *crossfader, const float *mono, float *wet, float *work, int n);

/* A part whose fade-out has ended leaves its slot; NULL when there is none. */
ddsp_part *ddsp_crossfader_leave(ddsp_crossfader *crossfader);

#endif
