/* Whether a period may be taken for the pitch. The scratch of a bow, breath, a string that still rings and
 * the end of a note look like a period for a moment: what is new must be seen more than once. */
#ifndef DDSP_PITCH_CONFIRM_H
#define DDSP_PITCH_CONFIRM_H

typedef struct {
    int known;      /* a period of this sound was confirmed */
    int evidence;   /* for its first one, in the looks that agree so far */
    float last;     /* log2 of the period in the last look */
    float confirmed; /* ... in the last that was confirmed */
} ddsp_pitch_confirm;

typedef enum {
    DDSP_SUDDEN,  /* the sound began a moment ago: looks are a millisecond apart */
    DDSP_SHORT,   /* likewise, and each look holds many periods */
    DDSP_SLOW     /* it grew out of something: looks are a hop apart */
} ddsp_beginning;

/* Audio, both. The next look is a new sound's first. */
void ddsp_pitch_confirm_reset(ddsp_pitch_confirm *confirm);

/* A look: a period (its log2) and how sure it is, 0..1. Returns the confidence that it deserves:
 * all, or less than 0.6 while it is not confirmed. */
float ddsp_pitch_confirm_look(ddsp_pitch_confirm *confirm, ddsp_beginning beginning, float octave,
                       float confidence);

#endif
