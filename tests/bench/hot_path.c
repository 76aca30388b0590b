/* hot_path SECONDS: a rig with an ear and four voices plays so many seconds while a control
 * thread's part is done in between: ticks read, frames and onsets sent, panic, controls, statistics.
 * Prints how often malloc, calloc, realloc and free were called meanwhile; to be linked with
 * -Wl,--wrap for the four.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ddsp_kernel.h"

enum { RATE = 48000, BLOCK = 128, HARMONICS = 100, BANDS = 65, VOICES = 4 };

static long calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t size)
{
    calls++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    calls++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    calls++;
    return __real_realloc(old, size);
}

void __wrap_free(void *memory)
{
    calls++;
    __real_free(memory);
}

int main(int argc, char **argv)
{
    const long blocks = argc > 1 ? atol(argv[1]) * RATE / BLOCK : 0;
    static float in[2 * BLOCK], out[2 * BLOCK], weights[HARMONICS], bands[BANDS];
    ddsp_rig *rig = ddsp_rig_new();
    ddsp_part *part = ddsp_part_new();
    if (ddsp_rig_prepare(rig, RATE, BLOCK, -1) != DDSP_OK
        || ddsp_part_prepare(part, RATE, BLOCK, VOICES, HARMONICS, BANDS, RATE / 2.0, 0.005, 1, 1)
               != DDSP_OK
        || ddsp_rig_play(rig, part, 0.0f, 0.05f) != 1)
        return 2;
    ddsp_rig_set(rig, DDSP_REVERB_WET, 0.3f);
    for (int k = 0; k < HARMONICS; k++)
        weights[k] = 1.0f / (float)(k + 1);
    for (int b = 0; b < BANDS; b++)
        bands[b] = 0.01f;
    const long before = calls;
    double loudest = 0.0;
    for (long block = 0; block < blocks; block++) {
        for (int i = 0; i < BLOCK; i++) /* a sawtooth of 220 Hz, with a rest every second */
            in[2 * i] = in[2 * i + 1] =
                block % 375 < 40 ? 0.0f : 0.2f * (float)((block * BLOCK + i) % 218) / 218.0f - 0.1f;
        ddsp_rig_process(rig, in, out, BLOCK);
        ddsp_tick ticks[8];
        const int n = ddsp_part_read_ticks(part, ticks, 8);
        for (int t = 0; t < n; t++)
            for (int v = 0; v < VOICES; v++)
                ddsp_part_send_frame(part, v, block % 7 ? ticks[t].position : -1, 0,
                                     220.0f + 50.0f * (float)v + (float)(block % 30), 0.2f, weights,
                                     bands, 0.005f);
        if (block % 1000 == 999)
            ddsp_rig_panic(rig);
        ddsp_rig_set(rig, DDSP_DRY, (float)(block % 100) / 100.0f);
        ddsp_rig_stats stats;
        ddsp_rig_read(rig, &stats);
        loudest = stats.output_peak > loudest ? stats.output_peak : loudest;
    }
    const long during = calls - before;
    ddsp_rig_free(rig);
    if (blocks > 0 && loudest < 0.1) /* it did play */
        return 3;
    printf("%ld\n", during);
    return 0;
}
