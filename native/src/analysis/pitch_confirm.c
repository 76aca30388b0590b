#include "analysis/pitch_confirm.h"

#include <math.h>

#define LIKELY 0.6f         /* confidence of a period that may be one */
#define CLEAR 0.8f          /* ... that is hardly chance */
#define CLEAR_SHORT 0.7f    /* ... of which many were compared */
#define DOUBTED 0.59f       /* of a look's confidence, while it is not confirmed */
#define SAME 0.02f          /* octaves: looks that agree, a millisecond apart */
#define SAME_SLOW (1.0f / 24.0f) /* ... a hop apart, where a voice glides */
#define LEAP 0.25f          /* octaves: another note */
#define WORTH_CLEAR 4       /* evidence in a clear look */
#define WORTH_LIKELY 1      /* ... in a likely one */

void ddsp_pitch_confirm_reset(ddsp_pitch_confirm *confirm)
{
    *confirm = (ddsp_pitch_confirm){0};
}

/* The first period of a sound: as much evidence as in three clear looks, or two. */
static int is_proven(ddsp_pitch_confirm *confirm, ddsp_beginning beginning, int agrees, float confidence)
{
    const float clear = beginning == DDSP_SHORT ? CLEAR_SHORT : CLEAR;
    const int worth = confidence < LIKELY ? 0 : confidence < clear ? WORTH_LIKELY : WORTH_CLEAR;
    confirm->evidence = worth == 0 ? 0 : agrees ? confirm->evidence + worth : worth;
    return confirm->evidence >= (beginning == DDSP_SUDDEN ? 3 : 2) * WORTH_CLEAR;
}

float ddsp_pitch_confirm_look(ddsp_pitch_confirm *confirm, ddsp_beginning beginning, float octave,
                       float confidence)
{
    const float same = beginning == DDSP_SLOW ? SAME_SLOW : SAME;
    const int agrees = fabsf(octave - confirm->last) <= same;
    confirm->last = octave;
    if (confirm->known) {
        /* The end of a note, still half in the window, is like a low one. */
        const int leaps = fabsf(octave - confirm->confirmed) > LEAP;
        if (leaps && !agrees && confidence < CLEAR)
            return DOUBTED * confidence;
    } else {
        confirm->known = is_proven(confirm, beginning, agrees, confidence);
        if (!confirm->known)
            return DOUBTED * confidence;
    }
    if (confidence >= LIKELY)
        confirm->confirmed = octave;
    return confidence;
}
