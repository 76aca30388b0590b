#include "seats.h"

#include <math.h>
#include <string.h>

#define QUARTER_TURN 1.57079633f

void ddsp_seats_add(ddsp_seats *seats, ddsp_part *part)
{
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        if (!seats->seat[s].part) {
            seats->seat[s] = (ddsp_seat){part, 0.0f, 0.0f};
            return;
        }
    }
}

void ddsp_seats_change(ddsp_seats *seats, ddsp_part *next, int in, int fade)
{
    seats->waiting = 1;
    seats->next = next;
    seats->next_in = in;
    seats->next_fade = fade < 1 ? 1 : fade;
}

/* The squares cross linearly in sin^2: equal power, and no corner at either end. */
static float gain_at(const ddsp_seat *seat, float cosine, float sine)
{
    const float out = seat->from * cosine, in = seat->to * sine;
    return sqrtf(out * out + in * in);
}

static float gain_now(const ddsp_seats *seats, const ddsp_seat *seat)
{
    if (seats->fade_at >= seats->fade_length)
        return seat->to;
    const float angle = QUARTER_TURN * (float)seats->fade_at / (float)seats->fade_length;
    return gain_at(seat, cosf(angle), sinf(angle));
}

int ddsp_seats_until(ddsp_seats *seats, int n)
{
    if (seats->waiting && seats->next_in == 0) {
        for (int s = 0; s < DDSP_MAX_PARTS; s++) {
            ddsp_seat *seat = &seats->seat[s];
            seat->from = gain_now(seats, seat);
            seat->to = seat->part && seat->part == seats->next ? 1.0f : 0.0f;
        }
        seats->fade_at = 0;
        seats->fade_length = seats->next_fade;
        seats->waiting = 0;
    }
    const int left = seats->fade_length - seats->fade_at;
    n = left > 0 && left < n ? left : n;
    return seats->waiting && seats->next_in < n ? seats->next_in : n;
}

void ddsp_seats_process(ddsp_seats *seats, const float *mono, float *wet, float *work, int n)
{
    const int fading = seats->fade_at < seats->fade_length;
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        const ddsp_seat *seat = &seats->seat[s];
        if (!seat->part)
            continue;
        ddsp_part_process(seat->part, mono, work, n);
        if (!fading) {
            if (seat->to > 0.0f)
                for (int i = 0; i < n; i++)
                    wet[i] += work[i];
            continue;
        }
        for (int i = 0; i < n; i++) {
            const float angle =
                QUARTER_TURN * (float)(seats->fade_at + i + 1) / (float)seats->fade_length;
            wet[i] += work[i] * gain_at(seat, cosf(angle), sinf(angle));
        }
    }
    if (fading)
        seats->fade_at += n;
    if (seats->waiting)
        seats->next_in -= n;
}

ddsp_part *ddsp_seats_leave(ddsp_seats *seats)
{
    if (seats->fade_at < seats->fade_length)
        return NULL;
    for (int s = 0; s < DDSP_MAX_PARTS; s++) {
        ddsp_seat *seat = &seats->seat[s];
        if (seat->part && seat->to == 0.0f && !(seats->waiting && seats->next == seat->part)) {
            ddsp_part *part = seat->part;
            *seat = (ddsp_seat){0};
            return part;
        }
    }
    return NULL;
}
