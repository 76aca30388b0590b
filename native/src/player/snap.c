/* A target is kept until the pitch is MARGIN beyond the half-way to another note, so what is
 * played between two notes does not flutter. */
#include "player/snap.h"

#include <math.h>

#include "ddsp_kernel.h"

#define MARGIN 0.2          /* semitones */
#define HARD_GLIDE_S 0.015  /* hard: a new note is reached within this */
#define CENTRE_S 0.12       /* soft: the middle of a vibrato is found within about this, ... */
#define YOUNG_S 0.02        /* ... of a note that has just begun sooner: this and half its age; */
#define SOFT_GLIDE_S 0.06   /* the correction follows it in about this, ... */
#define STAYS_S 0.05        /* ... and what is beyond the margin for so long is a new note */
#define LET_GO_S 0.05       /* off: what was corrected is let go within about this */
#define ALL_NOTES 0xfffu
enum { LOWEST_NOTE = -12, HIGHEST_NOTE = 150 };

static int in_scale(const ddsp_snap *snap, int note)
{
    return note >= LOWEST_NOTE && note <= HIGHEST_NOTE
           && (snap->notes >> ((note + 120) % 12) & 1u) != 0;
}

/* The note of the scale that is nearest; at the half-way the lower one. */
static int nearest(const ddsp_snap *snap, double pitch)
{
    const double inside = fmin(fmax(pitch, LOWEST_NOTE), HIGHEST_NOTE);
    int high = (int)ceil(inside), low = high - 1;
    while (high <= HIGHEST_NOTE && !in_scale(snap, high))
        high++;
    while (low >= LOWEST_NOTE && !in_scale(snap, low))
        low--;
    if (low < LOWEST_NOTE)
        return high;
    if (high > HIGHEST_NOTE)
        return low;
    return pitch - low <= high - pitch ? low : high;
}

/* How much of its way a one-pole filter goes in dt_s. */
static double share(double dt_s, double constant_s)
{
    return 1.0 - exp(-dt_s / constant_s);
}

void ddsp_snap_set(ddsp_snap *snap, int mode, uint32_t notes, double offset)
{
    snap->notes = notes & ALL_NOTES ? notes & ALL_NOTES : ALL_NOTES;
    if (mode != snap->mode)
        snap->glide_s = HARD_GLIDE_S;
    snap->mode = mode;
    snap->offset = offset;
}

void ddsp_snap_reset(ddsp_snap *snap)
{
    const ddsp_snap old = *snap;
    *snap = (ddsp_snap){.mode = old.mode, .notes = old.notes, .offset = old.offset,
                        .fresh = 1, .note = LOWEST_NOTE};
}

double ddsp_snap_centre(const ddsp_snap *snap)
{
    return snap->mode == DDSP_SNAP_HARD ? snap->target : snap->centre + snap->pull;
}

/* The note to choose; the old one has the right of way as long as it is in the scale. */
static int choose(const ddsp_snap *snap, double pitch)
{
    pitch -= snap->offset;
    const int found = nearest(snap, pitch);
    if (in_scale(snap, snap->note)
        && fabs(pitch - snap->note) <= fabs(pitch - found) + 2.0 * MARGIN)
        return snap->note;
    return found;
}

/* The note to go to; it may have moved with the tuning. */
static void aim(ddsp_snap *snap, int note)
{
    const double target = note + snap->offset;
    snap->note = note;
    if (target != snap->target) {
        snap->target = target;
        snap->glide_s = HARD_GLIDE_S;
    }
}

/* Soft: a note is a new one when the pitch stays there, and then its middle is new. */
static void follow(ddsp_snap *snap, double pitch, int begins, double dt_s)
{
    const int note = choose(snap, pitch);
    snap->beyond_s = note == snap->note ? 0.0 : snap->beyond_s + dt_s;
    if (begins || snap->beyond_s >= STAYS_S) {
        snap->centre = pitch;
        snap->age_s = snap->beyond_s = 0.0;
        aim(snap, note);
    } else {
        aim(snap, snap->note);
    }
}

/* Straight to the target, there after HARD_GLIDE_S; at once where nothing sounded. */
static double glide(ddsp_snap *snap, int begins, double dt_s)
{
    if (begins || dt_s >= snap->glide_s) {
        snap->glide_s = 0.0;
        return snap->target;
    }
    const double out = snap->out + (snap->target - snap->out) * dt_s / snap->glide_s;
    snap->glide_s -= dt_s;
    return out;
}

double ddsp_snap_step(ddsp_snap *snap, double pitch, double dt_s, int begins)
{
    begins |= snap->fresh;
    snap->fresh = 0;
    if (begins) {
        snap->centre = pitch;
        snap->age_s = snap->beyond_s = 0.0;
    }
    snap->age_s += dt_s;
    snap->centre +=
        (pitch - snap->centre) * share(dt_s, fmin(CENTRE_S, YOUNG_S + 0.5 * snap->age_s));
    if (snap->mode == DDSP_SNAP_HARD) {
        aim(snap, choose(snap, pitch));
        snap->pull = glide(snap, begins, dt_s) - pitch;
    } else if (snap->mode == DDSP_SNAP_SOFT) {
        follow(snap, pitch, begins, dt_s);
        if (begins)
            snap->pull = 0.0; /* a phrase is entered as it is sung, then drawn to the note */
        snap->pull += (snap->target - snap->centre - snap->pull) * share(dt_s, SOFT_GLIDE_S);
    } else {
        follow(snap, pitch, begins, dt_s);
        snap->pull = begins ? 0.0 : snap->pull * (1.0 - share(dt_s, LET_GO_S));
    }
    snap->out = pitch + snap->pull;
    return snap->out;
}
