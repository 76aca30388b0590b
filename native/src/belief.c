#include "belief.h"

#include <math.h>

#define LIKELY 0.6f         /* confidence of a period that may be one */
#define CLEAR 0.8f          /* ... that is hardly chance */
#define CLEAR_SHORT 0.7f    /* ... of which many were compared */
#define DOUBTED 0.59f       /* of a look's confidence, while it is not believed */
#define SAME 0.02f          /* octaves: looks that agree, a millisecond apart */
#define SAME_SLOW (1.0f / 24.0f) /* ... a hop apart, where a voice glides */
#define LEAP 0.25f          /* octaves: another note */
#define WORTH_CLEAR 4       /* evidence in a clear look */
#define WORTH_LIKELY 1      /* ... in a likely one */

void ddsp_belief_reset(ddsp_belief *belief)
{
    *belief = (ddsp_belief){0};
}

/* The first period of a sound: as much evidence as in three clear looks, or two. */
static int is_proven(ddsp_belief *belief, ddsp_beginning beginning, int agrees, float confidence)
{
    const float clear = beginning == DDSP_SHORT ? CLEAR_SHORT : CLEAR;
    const int worth = confidence < LIKELY ? 0 : confidence < clear ? WORTH_LIKELY : WORTH_CLEAR;
    belief->evidence = worth == 0 ? 0 : agrees ? belief->evidence + worth : worth;
    return belief->evidence >= (beginning == DDSP_SUDDEN ? 3 : 2) * WORTH_CLEAR;
}

float ddsp_belief_look(ddsp_belief *belief, ddsp_beginning beginning, float octave,
                       float confidence)
{
    const float same = beginning == DDSP_SLOW ? SAME_SLOW : SAME;
    const int agrees = fabsf(octave - belief->last) <= same;
    belief->last = octave;
    if (belief->known) {
        /* The end of a note, still half in the window, is like a low one. */
        const int leaps = fabsf(octave - belief->believed) > LEAP;
        if (leaps && !agrees && confidence < CLEAR)
            return DOUBTED * confidence;
    } else {
        belief->known = is_proven(belief, beginning, agrees, confidence);
        if (!belief->known)
            return DOUBTED * confidence;
    }
    if (confidence >= LIKELY)
        belief->believed = octave;
    return confidence;
}
