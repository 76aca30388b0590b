/* An onset is half a millisecond far louder than any in the 32 ms before. No steady tone
 * of 40 Hz or more has one: its loudest moment comes back every 25 ms. */
#include "analysis/onset.h"

#define RISE 8.0f              /* in power: 9 dB */
#define SMALLEST_POWER 1e-7f   /* of a sound: -70 dB */

void ddsp_onset_reset(ddsp_onset *o)
{
    for (int i = 0; i < DDSP_ONSET_PAST; i++)
        o->power[i] = 0.0f;
    o->next = 0;
    o->since = INT32_MAX;
}

int ddsp_onset_hear(ddsp_onset *o, const ddsp_correlogram *c)
{
    if (o->since < INT32_MAX)
        o->since++;
    const int count = c->block / 2;
    if (c->heard % count != 0)
        return 0;
    float loudest = SMALLEST_POWER / RISE;
    for (int i = 0; i < DDSP_ONSET_PAST; i++)
        loudest = o->power[i] > loudest ? o->power[i] : loudest;
    const float power = ddsp_correlogram_energy(c, count, 0) / (float)count;
    o->power[o->next] = power;
    o->next = (o->next + 1) % DDSP_ONSET_PAST;
    if (power <= RISE * loudest)
        return 0;
    /* Its first sample that is louder than all before. */
    int before = count;
    while (before > 1 && ddsp_correlogram_energy(c, before, before - 1) <= loudest)
        before--;
    o->since = before;
    return 1;
}
