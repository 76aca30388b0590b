#include "tester.h"

#include <string.h>

#include "kernel_api.h"
#include "guard.h"

void ddsp_tester_process(ddsp_tester *tester, const float *clean, float *out, int n)
{
    if (atomic_load_explicit(&tester->state, memory_order_acquire) != DDSP_TESTER_ARMED)
        return;
    const int ending = atomic_load_explicit(&tester->ending, memory_order_relaxed);
    const int64_t left = tester->n - tester->at;
    const int count = left < n ? (int)left : n;
    if (tester->heard)
        memcpy(tester->heard + 2 * tester->at, clean, (size_t)count * 2 * sizeof(float));
    for (int i = 0; i < count; i++) {
        if (ending && tester->faded < tester->fade)
            tester->faded++;
        const float gain = 1.0f - (float)tester->faded / (float)tester->fade;
        const float x = gain * tester->signal[tester->at + i];
        for (int s = 0; s < 2; s++)
            out[2 * i + s] = ddsp_within(out[2 * i + s] + tester->side[s] * x, -1.0f, 1.0f);
    }
    tester->at += count;
    if (tester->at == tester->n || tester->faded == tester->fade)
        atomic_store_explicit(&tester->state, DDSP_TESTER_DONE, memory_order_release);
}
