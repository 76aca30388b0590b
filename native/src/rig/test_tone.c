#include "rig/test_tone.h"

#include <string.h>

#include "ddsp_kernel.h"
#include "common/sanitize.h"

void ddsp_test_tone_process(ddsp_test_tone *tone, const float *clean, float *out, int n)
{
    if (atomic_load_explicit(&tone->state, memory_order_acquire) != DDSP_TEST_TONE_ARMED)
        return;
    const int ending = atomic_load_explicit(&tone->ending, memory_order_relaxed);
    const int64_t left = tone->n - tone->at;
    const int count = left < n ? (int)left : n;
    if (tone->heard)
        memcpy(tone->heard + 2 * tone->at, clean, (size_t)count * 2 * sizeof(float));
    for (int i = 0; i < count; i++) {
        if (ending && tone->faded < tone->fade)
            tone->faded++;
        const float gain = 1.0f - (float)tone->faded / (float)tone->fade;
        const float x = gain * tone->signal[tone->at + i];
        for (int s = 0; s < 2; s++)
            out[2 * i + s] = ddsp_within(out[2 * i + s] + tone->side[s] * x, -1.0f, 1.0f);
    }
    tone->at += count;
    if (tone->at == tone->n || tone->faded == tone->fade)
        atomic_store_explicit(&tone->state, DDSP_TEST_TONE_DONE, memory_order_release);
}
