#include "rig/crossfader.h"

#include <math.h>
#include <string.h>

#define QUARTER_TURN 1.57079633f

static ddsp_crossfader_slot *slot_of(ddsp_crossfader *crossfader, const ddsp_part *part)
{
    for (int s = 0; part && s < DDSP_MAX_PARTS; s++)
        if (crossfader->slot[s].part == part)
            return &crossfader->slot[s];
    return NULL;
}

unsigned ddsp_crossfader_add(ddsp_crossfader *crossfader, ddsp_part *const *parts, int n)
{
    if (n < 1)
        return 0;
    crossfader->groups++;
    for (int s = 0, taken = 0; s < DDSP_MAX_PARTS && taken < n; s++) {
        if (crossfader->slot[s].part)
            continue;
        ddsp_part *part = parts[taken++];
        const ddsp_crossfader_slot *before = slot_of(crossfader, ddsp_part_predecessor(part));
        if (before)
            ddsp_part_adopt(part);
        crossfader->slot[s] = (ddsp_crossfader_slot){
            part, before ? before->part : NULL, crossfader->groups, 0.0f, 0.0f};
    }
    return crossfader->groups;
}

void ddsp_crossfader_change(ddsp_crossfader *crossfader, unsigned next, int in, int fade)
{
    crossfader->waiting = 1;
    crossfader->next = next;
    crossfader->next_in = in;
    crossfader->next_fade = fade < 1 ? 1 : fade;
}

/* Sounds that have nothing to do with each other cross with equal power: the squares of the gains
 * move linearly in sin^2. What is in phase adds up: the gains do. No corner at either end. */
static float gain_at(const ddsp_crossfader *crossfader, const ddsp_crossfader_slot *slot, int at)
{
    const float angle = QUARTER_TURN * (float)at / (float)crossfader->fade_length;
    const float left = cosf(angle) * cosf(angle), come = 1.0f - left;
    if (crossfader->in_phase)
        return slot->from * left + slot->to * come;
    return sqrtf(slot->from * slot->from * left + slot->to * slot->to * come);
}

static float gain_now(const ddsp_crossfader *crossfader, const ddsp_crossfader_slot *slot)
{
    if (crossfader->fade_at >= crossfader->fade_length)
        return slot->to;
    return gain_at(crossfader, slot, crossfader->fade_at);
}

static void match_phases(ddsp_crossfader *crossfader)
{
    crossfader->in_phase = 0;
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        const ddsp_crossfader_slot *slot = &crossfader->slot[s];
        if (!slot->part || slot->from > 0.0f || slot->to == 0.0f)
            continue;
        const ddsp_crossfader_slot *before = slot_of(crossfader, slot->follows);
        while (before && !(before->from > 0.0f)) /* it came and was never heard */
            before = slot_of(crossfader, before->follows);
        if (before) {
            ddsp_part_match_phases(slot->part, before->part);
            crossfader->in_phase = 1;
        }
    }
}

int ddsp_crossfader_until(ddsp_crossfader *crossfader, int n)
{
    if (crossfader->waiting && crossfader->next_in == 0) {
        for (int s = 0; s < DDSP_MAX_PARTS; s++) {
            ddsp_crossfader_slot *slot = &crossfader->slot[s];
            slot->from = gain_now(crossfader, slot);
            slot->to = slot->part && slot->group == crossfader->next ? 1.0f : 0.0f;
        }
        match_phases(crossfader);
        crossfader->fade_at = 0;
        crossfader->fade_length = crossfader->next_fade;
        crossfader->waiting = 0;
    }
    const int left = crossfader->fade_length - crossfader->fade_at;
    n = left > 0 && left < n ? left : n;
    return crossfader->waiting && crossfader->next_in < n ? crossfader->next_in : n;
}

/* work times the slot's gain at each sample of a fade. */
static void fade(const ddsp_crossfader *crossfader, const ddsp_crossfader_slot *slot, float *work,
                 int n)
{
    for (int i = 0; i < n; i++)
        work[i] *= gain_at(crossfader, slot, crossfader->fade_at + i + 1);
}

int ddsp_crossfader_process(ddsp_crossfader *crossfader, const float *mono, float *const wet[2],
                            float *work, int n)
{
    const int fading = crossfader->fade_at < crossfader->fade_length;
    int sides = 0;
    for (int s = 0; s < DDSP_MAX_PARTS; s++)
        if (crossfader->slot[s].part)
            sides |= ddsp_part_take_gain(crossfader->slot[s].part);
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        const ddsp_crossfader_slot *slot = &crossfader->slot[s];
        if (!slot->part)
            continue;
        ddsp_part_process(slot->part, mono, work, n);
        if (fading)
            fade(crossfader, slot, work, n);
        else if (!(slot->to > 0.0f))
            continue;
        if (sides)
            ddsp_part_mix(slot->part, work, wet, n);
        else
            for (int i = 0; i < n; i++)
                wet[0][i] += work[i];
    }
    if (fading)
        crossfader->fade_at += n;
    if (crossfader->waiting)
        crossfader->next_in -= n;
    return sides;
}

ddsp_part *ddsp_crossfader_leave(ddsp_crossfader *crossfader)
{
    if (crossfader->fade_at < crossfader->fade_length)
        return NULL;
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        ddsp_crossfader_slot *slot = &crossfader->slot[s];
        if (slot->part && slot->to == 0.0f && !(crossfader->waiting && crossfader->next == slot->group)) {
            ddsp_part *part = slot->part;
            for (int t = 0; t < DDSP_MAX_PARTS; t++)
                if (crossfader->slot[t].follows == part)
                    crossfader->slot[t].follows = slot->follows;
            *slot = (ddsp_crossfader_slot){0};
            return part;
        }
    }
    return NULL;
}
