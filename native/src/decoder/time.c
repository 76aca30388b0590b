/* How long a step takes, for benches: a call from Python costs as much as the step. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "ddsp_kernel.h"

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

double ddsp_decoder_time(const ddsp_network *network, int steps, int repeats)
{
    ddsp_decoder_state state = {{0}, 0};
    ddsp_control_frame out;
    ddsp_feature_frame in = {
        .f0_hz = 330.0f, .loudness_db = -20.0f, .confidence = 1.0f, .pitched = 1.0f};
    double best = 0.0;
    for (int repeat = 0; repeat < repeats && steps > 0; repeat++) {
        const double begun = now_ns();
        for (int i = 0; i < steps; i++) {
            in.f0_hz = 300.0f + (float)(i % 64); /* nothing stands still */
            ddsp_decoder_step(network, &state, &in, &out);
        }
        const double took = (now_ns() - begun) / steps;
        best = repeat == 0 || took < best ? took : best;
    }
    return best;
}
