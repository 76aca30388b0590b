/* Scale snap: the pitch is pulled to the notes of a scale, with or without its vibrato. */
#ifndef DDSP_SNAP_H
#define DDSP_SNAP_H

#include <stdint.h>

typedef struct {
    int mode;               /* DDSP_SNAP_* */
    uint32_t notes;         /* pitch classes of the scale */
    double offset;          /* of the sounding scale from whole MIDI notes */
    int fresh;              /* nothing was heard yet */
    int note;               /* the note that is aimed at ... */
    double target;          /* ... and where it is with the offset */
    double centre;          /* the middle of what was played lately */
    double out, pull;       /* what came out last; how far it is from what is played */
    double glide_s, age_s, beyond_s;
} ddsp_snap;

/* Changing anything glides. */
void ddsp_snap_set(ddsp_snap *snap, int mode, uint32_t notes, double offset);

/* Nothing was heard: the next pitch begins a phrase. */
void ddsp_snap_reset(ddsp_snap *snap);

/* The middle of what was played lately, corrected: the pitch that freeze holds. */
double ddsp_snap_centre(const ddsp_snap *snap);

/* Pitch in, pitch out (MIDI notes), dt_s seconds after the last; begins: after silence. */
double ddsp_snap_step(ddsp_snap *snap, double pitch, double dt_s, int begins);

#endif
