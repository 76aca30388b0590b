/* Whether a period may be believed. The scratch of a bow, breath, a string that still rings and
 * the end of a note look like a period for a moment: what is new must be seen more than once. */
#ifndef DDSP_BELIEF_H
#define DDSP_BELIEF_H

typedef struct {
    int known;      /* a period of this sound was believed */
    int evidence;   /* for its first one, in the looks that agree so far */
    float last;     /* log2 of the period in the last look */
    float believed; /* ... in the last that was believed */
} ddsp_belief;

typedef enum {
    DDSP_SUDDEN,  /* the sound began a moment ago: looks are a millisecond apart */
    DDSP_SHORT,   /* likewise, and each look holds many periods */
    DDSP_SLOW     /* it grew out of something: looks are a hop apart */
} ddsp_beginning;

/* Audio, both. The next look is a new sound's first. */
void ddsp_belief_reset(ddsp_belief *belief);

/* A look: a period (its log2) and how sure it is, 0..1. Returns the confidence that it deserves:
 * all, or less than 0.6 while it is not believed. */
float ddsp_belief_look(ddsp_belief *belief, ddsp_beginning beginning, float octave,
                       float confidence);

#endif
