/* The probe: passes blocks to the rig, and notes when the first loud sample leaves it.
 * One number of the caller's (armed) and one of the audio thread's (caught) hand the
 * fields between them over. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ddsp_kernel.h"

#define PI 3.14159265358979323846
enum { PARTIALS = 12 };

struct ddsp_probe {
    ddsp_rig *rig;
    double sample_rate;
    atomic_uint armed, caught;      /* counts of arm calls, and of the last one answered */
    /* The caller's until armed grows, then the audio thread's to read. */
    float threshold, tone_hz, amplitude;
    /* The audio thread's; the caller's when caught is armed. */
    ddsp_catch catch;
    unsigned seen;
    int64_t played;                 /* samples of the tone */
    float heard[2 * DDSP_MAX_BLOCK];
};

ddsp_probe *ddsp_probe_new(ddsp_rig *rig, double sample_rate)
{
    ddsp_probe *probe = calloc(1, sizeof *probe);
    if (probe) {
        probe->rig = rig;
        probe->sample_rate = sample_rate;
    }
    return probe;
}

void ddsp_probe_free(ddsp_probe *probe) { free(probe); }

void ddsp_probe_arm(ddsp_probe *probe, float threshold, float tone_hz, float amplitude)
{
    probe->threshold = threshold;
    probe->tone_hz = tone_hz;
    probe->amplitude = amplitude;
    atomic_fetch_add_explicit(&probe->armed, 1, memory_order_release);
}

int ddsp_probe_read(ddsp_probe *probe, ddsp_catch *out)
{
    const unsigned armed = atomic_load_explicit(&probe->armed, memory_order_relaxed);
    if (!armed || atomic_load_explicit(&probe->caught, memory_order_acquire) != armed)
        return 0;
    *out = probe->catch;
    return 1;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static const float *tone(ddsp_probe *probe, int n)
{
    for (int i = 0; i < n; i++) {
        const double phase = 2.0 * PI * fmod(probe->tone_hz * (double)(probe->played + i)
                                             / probe->sample_rate, 1.0);
        double sum = 0.0;
        for (int k = 1; k <= PARTIALS; k++)
            sum += sin(k * phase) / k;
        probe->heard[2 * i] = probe->heard[2 * i + 1] = probe->amplitude * (float)sum;
    }
    return probe->heard;
}

static void block(ddsp_probe *probe, const float *in, float *out, int n, int64_t begun, int offset)
{
    const unsigned armed = atomic_load_explicit(&probe->armed, memory_order_acquire);
    if (armed != probe->seen) {
        probe->seen = armed;
        probe->played = 0;
        probe->catch = (ddsp_catch){0};
        probe->catch.tone_ns = probe->tone_hz > 0.0f ? begun : 0;
    }
    const int sounds = armed && probe->tone_hz > 0.0f;
    ddsp_rig_process(probe->rig, sounds ? tone(probe, n) : in, out, n);
    if (armed && armed != atomic_load_explicit(&probe->caught, memory_order_relaxed))
        for (int i = 0; i < n; i++)
            if (fabsf(out[2 * i]) > probe->threshold || fabsf(out[2 * i + 1]) > probe->threshold) {
                probe->catch.block_ns = begun;
                probe->catch.offset = offset + i;
                probe->catch.since_tone = probe->played + i;
                atomic_store_explicit(&probe->caught, armed, memory_order_release);
                break;
            }
    probe->played += n;
}

void ddsp_probe_process(void *object, const float *in, float *out, int n)
{
    const int64_t begun = now_ns();
    for (int at = 0; at < n; at += DDSP_MAX_BLOCK) {
        const int some = n - at < DDSP_MAX_BLOCK ? n - at : DDSP_MAX_BLOCK;
        block(object, in ? in + 2 * at : NULL, out + 2 * at, some, begun, at);
    }
}
