/* One writer, so that counting is a load and a store; only the peaks, which readers
 * set back, need an exchange.
 */
#include "rig/meter.h"

#include <string.h>

#include "common/cpu_dispatch.h"
#include "common/level.h"
#include "rig/input_side.h"

#define LOAD_S 0.5      /* time constant of the load */

enum { LANES = 16 };    /* largest levels side by side: an even number */

#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define STORE(field, value) atomic_store_explicit(&(field), value, memory_order_relaxed)
#define ADD(field, value) STORE(field, LOAD(field) + (value))

void ddsp_meter_reset(ddsp_meter *meter)
{
    memset(meter, 0, sizeof *meter);
    STORE(meter->input_side, DDSP_SIDE_MEAN);
}

void ddsp_meter_peak(_Atomic float *peak, float value)
{
    float old = LOAD(*peak);
    while (value > old
           && !atomic_compare_exchange_weak_explicit(peak, &old, value, memory_order_relaxed,
                                                     memory_order_relaxed))
        ;
}

/* The largest levels of the n samples at even and at odd places. */
DDSP_INLINE void peaks_body(const float *restrict stereo, int n, int32_t *restrict even,
                            int32_t *restrict odd)
{
    int32_t lane[LANES] = {0};
    int i = 0;
    for (; i + LANES <= 2 * n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            const int32_t level = ddsp_level_bits(stereo[i + j]);
            lane[j] = level > lane[j] ? level : lane[j];
        }
    for (; i < 2 * n; i++) {
        const int32_t level = ddsp_level_bits(stereo[i]);
        lane[i % 2] = level > lane[i % 2] ? level : lane[i % 2];
    }
    *even = lane[0];
    *odd = lane[1];
    for (int j = 2; j < LANES; j += 2) {
        *even = lane[j] > *even ? lane[j] : *even;
        *odd = lane[j + 1] > *odd ? lane[j + 1] : *odd;
    }
}

DDSP_CPU_DISPATCH(static, peaks,
         (const float *restrict stereo, int n, int32_t *restrict even, int32_t *restrict odd),
         (stereo, n, even, odd))

void ddsp_meter_sides(_Atomic float *sides, const float *stereo, int n)
{
    int32_t level[2];
    peaks(stereo, n, &level[0], &level[1]);
    for (int s = 0; s < 2; s++)
        ddsp_meter_peak(&sides[s], ddsp_level_of(level[s]));
}

void ddsp_meter_block(ddsp_meter *meter, uint64_t ns, double block_s)
{
    ADD(meter->blocks, 1);
    if (block_s <= 0.0)
        return;
    int bucket = 0;
    while (bucket < DDSP_TIME_BUCKETS - 1 && ns >> (bucket + 1))
        bucket++;
    ADD(meter->process_ns[bucket], 1);
    STORE(meter->process_last_ns, ns);
    if (ns > LOAD(meter->process_max_ns))
        STORE(meter->process_max_ns, ns);
    const double share = block_s < LOAD_S ? block_s / LOAD_S : 1.0;
    const double load = LOAD(meter->load);
    STORE(meter->load, (float)(load + share * ((double)ns * 1e-9 / block_s - load)));
}

void ddsp_meter_events(ddsp_meter *meter, ddsp_part_events events)
{
    ADD(meter->late_frames, events.late);
    ADD(meter->tick_overruns, events.tick_overruns);
    ADD(meter->frame_overruns, events.frame_overruns);
    ADD(meter->stalls, events.stalls);
}

void ddsp_meter_read(ddsp_meter *meter, ddsp_rig_stats *out)
{
    *out = (ddsp_rig_stats){
        .position = LOAD(meter->position),
        .blocks = LOAD(meter->blocks),
        .input_peak = atomic_exchange_explicit(&meter->input_peak, 0.0f, memory_order_relaxed),
        .output_peak = atomic_exchange_explicit(&meter->output_peak, 0.0f, memory_order_relaxed),
        .input_side = LOAD(meter->input_side),
        .input_clips = LOAD(meter->input_clips),
        .output_clips = LOAD(meter->output_clips),
        .bad_inputs = LOAD(meter->bad_inputs),
        .late_frames = LOAD(meter->late_frames),
        .tick_overruns = LOAD(meter->tick_overruns),
        .frame_overruns = LOAD(meter->frame_overruns),
        .stalls = LOAD(meter->stalls),
        .parts = LOAD(meter->parts),
        .load = LOAD(meter->load),
        .process_last_ns = LOAD(meter->process_last_ns),
        .process_max_ns = LOAD(meter->process_max_ns),
    };
    for (int s = 0; s < 2; s++) {
        out->input_sides[s] =
            atomic_exchange_explicit(&meter->input_sides[s], 0.0f, memory_order_relaxed);
        out->output_sides[s] =
            atomic_exchange_explicit(&meter->output_sides[s], 0.0f, memory_order_relaxed);
    }
    for (int i = 0; i < DDSP_TIME_BUCKETS; i++)
        out->process_ns[i] = LOAD(meter->process_ns[i]);
}
