/* The parts of a rig, and the cross-fade between them. Audio thread only. */
#ifndef DDSP_SEATS_H
#define DDSP_SEATS_H

#include "part.h"

typedef struct {
    ddsp_part *part;        /* NULL: free */
    float from, to;         /* gain at the start and the end of the fade */
} ddsp_seat;

typedef struct {
    ddsp_seat seat[DDSP_MAX_PARTS];
    int fade_length, fade_at;       /* samples; at == length: no fade */
    int waiting;                    /* a change is to come */
    ddsp_part *next;                /* to fade in then; NULL: only out */
    int next_in, next_fade;         /* samples until then, and of its fade */
} ddsp_seats;

/* A part takes a seat, silent. There is always one free: ddsp_rig_play sees to it. */
void ddsp_seats_add(ddsp_seats *seats, ddsp_part *part);

/* Fades in `next` (NULL: nothing) and out all others, in so many samples. */
void ddsp_seats_change(ddsp_seats *seats, ddsp_part *next, int in, int fade);

/* Begins a change whose time has come. Then the most samples, up to n, that can be
 * processed before anything begins or ends. */
int ddsp_seats_until(ddsp_seats *seats, int n);

/* Adds every part, heard and played for n samples (as ddsp_seats_until said), to wet;
 * work is [n]. */
void ddsp_seats_process(ddsp_seats *seats, const float *mono, float *wet, float *work, int n);

/* A part whose fade-out has ended leaves its seat; NULL when there is none. */
ddsp_part *ddsp_seats_leave(ddsp_seats *seats);

#endif
