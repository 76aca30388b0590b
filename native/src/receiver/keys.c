#include "receiver/keys.h"

#include <string.h>

#include "ddsp_kernel.h"

void ddsp_keys_reset(ddsp_keys *keys)
{
    keys->n = keys->n_gone = 0;
    memset(keys->pedals, 0, sizeof keys->pedals);
}

static int is_down(const ddsp_keys *keys, int pedal, int zone)
{
    return keys->pedals[pedal] >> zone & 1u;
}

static void take_out(ddsp_keys *keys, int index)
{
    keys->n--;
    memmove(&keys->held[index], &keys->held[index + 1],
            (size_t)(keys->n - index) * sizeof *keys->held);
}

const ddsp_key *ddsp_keys_press(ddsp_keys *keys, int channel, int note, int velocity, int zone,
                                int member)
{
    const ddsp_key *before = ddsp_keys_find(keys, channel, note);
    if (++keys->last_id == 0)
        keys->last_id = 1;
    const ddsp_key key = {
        .id = keys->last_id,
        .channel = (uint8_t)channel,
        .note = (uint8_t)note,
        .velocity = (uint8_t)velocity,
        .soft = (uint8_t)is_down(keys, DDSP_PEDAL_SOFT, zone),
        .down = 1,
        .kept = before ? before->kept : 0,
        .zone = (uint8_t)zone,
        .member = (uint8_t)member,
    };
    if (before)
        take_out(keys, (int)(before - keys->held));
    keys->held[keys->n] = key;
    return &keys->held[keys->n++];
}

ddsp_key *ddsp_keys_find(ddsp_keys *keys, int channel, int note)
{
    for (int i = 0; i < keys->n; i++)
        if (keys->held[i].note == note && keys->held[i].channel == channel)
            return &keys->held[i];
    return NULL;
}

int ddsp_keys_down(const ddsp_keys *keys)
{
    int n = 0;
    for (int i = 0; i < keys->n; i++)
        n += keys->held[i].down;
    return n;
}

const ddsp_key *ddsp_keys_pick(const ddsp_keys *keys, int priority, int down)
{
    const ddsp_key *best = NULL;
    for (int i = keys->n - 1; i >= 0; i--) {
        const ddsp_key *key = &keys->held[i];
        if (down && !key->down)
            continue;
        if (!best || (priority == DDSP_PRIORITY_HIGH && key->note > best->note)
            || (priority == DDSP_PRIORITY_LOW && key->note < best->note))
            best = key;
    }
    return best;
}

static int is_held(const ddsp_keys *keys, const ddsp_key *key)
{
    return key->down || key->kept || is_down(keys, DDSP_PEDAL_SUSTAIN, key->zone);
}

/* What nothing holds (with `all`: every key of a zone, -1: of any) goes and joins what is gone. */
static void release(ddsp_keys *keys, int all, int zone)
{
    int stay = 0;
    for (int i = 0; i < keys->n; i++) {
        const ddsp_key *key = &keys->held[i];
        if (all ? zone >= 0 && key->zone != zone : is_held(keys, key))
            keys->held[stay++] = *key;
        else if (keys->n_gone < DDSP_MOST_KEYS)
            keys->gone[keys->n_gone++] = key->id;
    }
    keys->n = stay;
}

void ddsp_keys_lift(ddsp_keys *keys, int channel, int note)
{
    ddsp_key *key = ddsp_keys_find(keys, channel, note);
    keys->n_gone = 0;
    if (!key)
        return;
    key->down = 0;
    release(keys, 0, -1);
}

void ddsp_keys_lift_channel(ddsp_keys *keys, int channel)
{
    keys->n_gone = 0;
    for (int i = 0; i < keys->n; i++)
        keys->held[i].down &= keys->held[i].channel != channel;
    release(keys, 0, -1);
}

void ddsp_keys_lift_zone(ddsp_keys *keys, int zone)
{
    keys->n_gone = 0;
    for (int i = 0; i < keys->n; i++)
        keys->held[i].down &= keys->held[i].zone != zone;
    release(keys, 0, -1);
}

static void move_pedal(ddsp_keys *keys, int pedal, int zone, int down)
{
    if (pedal == DDSP_PEDAL_SOSTENUTO && down != is_down(keys, pedal, zone))
        for (int i = 0; i < keys->n; i++)
            if (keys->held[i].zone == zone)
                keys->held[i].kept = down && keys->held[i].down;
    keys->pedals[pedal] &= ~(1u << zone);
    keys->pedals[pedal] |= (unsigned)down << zone;
    release(keys, 0, -1);
}

void ddsp_keys_pedal(ddsp_keys *keys, int pedal, int zone, int down)
{
    keys->n_gone = 0;
    move_pedal(keys, pedal, zone, down);
}

void ddsp_keys_pedals_up(ddsp_keys *keys, int zone)
{
    keys->n_gone = 0;
    for (int pedal = 0; pedal < DDSP_PEDALS; pedal++)
        for (int z = 0; z < 16; z++)
            if ((zone < 0 || z == zone) && is_down(keys, pedal, z))
                move_pedal(keys, pedal, z, 0);
}

void ddsp_keys_let_go(ddsp_keys *keys, int zone)
{
    keys->n_gone = 0;
    release(keys, 1, zone);
}
