/* What a rig counts: written by the audio thread, read by any. */
#ifndef DDSP_METER_H
#define DDSP_METER_H

#include <stdatomic.h>

#include "ddsp_kernel.h"
#include "rig/part.h"

typedef struct {
    _Atomic int64_t position;
    _Atomic uint64_t blocks, input_clips, output_clips, bad_inputs;
    _Atomic uint64_t late_frames, tick_overruns, frame_overruns, stalls;
    _Atomic float input_peak, output_peak, load;
    _Atomic float input_sides[2], output_sides[2];
    atomic_int parts, input_side;
    _Atomic uint64_t process_last_ns, process_max_ns, process_ns[DDSP_TIME_BUCKETS];
} ddsp_meter;

void ddsp_meter_reset(ddsp_meter *meter);

/* Audio. The larger of the two stays. */
void ddsp_meter_peak(_Atomic float *peak, float value);

/* Audio. The peaks of both sides of n samples. */
void ddsp_meter_sides(_Atomic float *sides, const float *stereo, int n);

/* Audio. A block took `ns` for `block_s` seconds of sound. */
void ddsp_meter_block(ddsp_meter *meter, uint64_t ns, double block_s);

/* Audio. */
void ddsp_meter_events(ddsp_meter *meter, ddsp_part_events events);

/* Any thread. */
void ddsp_meter_read(ddsp_meter *meter, ddsp_rig_stats *out);

#endif
