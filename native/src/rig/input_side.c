#include "rig/input_side.h"

#include <math.h>

#include "common/cpu_dispatch.h"

#define MEMORY_S 0.05           /* of the mean squares */
#define SMALLEST_POWER 1e-6f    /* -60 dB: what is softer decides nothing */
#define FAR_BELOW 0.3f          /* power of the mean beside the louder side's: -5.2 dB; two sides
                                   that have nothing in common are at -3, one alone at -6 */
#define NEAR 0.4f               /* ... from which both are heard again: -4 dB */
#define TO_ONE_S 0.1            /* for so long it must have been so */
#define TO_BOTH_S 2.0           /* ... so that no phrase changes its level twice */
#define LARGEST 100.0f          /* a sample, so that no square overflows */

enum { LANES = 8 };

void ddsp_input_side_reset(ddsp_input_side *input, double sample_rate)
{
    *input = (ddsp_input_side){.sample_rate = sample_rate, .side = DDSP_SIDE_MEAN};
}

DDSP_INLINE float limited(float x)
{
    return x > LARGEST ? LARGEST : x < -LARGEST ? -LARGEST : x;
}

/* Sums of the squares of n stereo samples: left, right, and left times right. Eight sums side by
 * side: they become vectors. */
DDSP_INLINE void squares_body(const float *restrict stereo, int n, float *restrict sum)
{
    float left[LANES] = {0}, right[LANES] = {0}, both[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            const float l = limited(stereo[2 * (i + j)]), r = limited(stereo[2 * (i + j) + 1]);
            left[j] += l * l;
            right[j] += r * r;
            both[j] += l * r;
        }
    for (; i < n; i++) {
        const float l = limited(stereo[2 * i]), r = limited(stereo[2 * i + 1]);
        left[0] += l * l;
        right[0] += r * r;
        both[0] += l * r;
    }
    for (int j = 1; j < LANES; j++) {
        left[0] += left[j];
        right[0] += right[j];
        both[0] += both[j];
    }
    sum[0] = left[0];
    sum[1] = right[0];
    sum[2] = both[0];
}

DDSP_CPU_DISPATCH(static, squares, (const float *restrict stereo, int n, float *restrict sum),
                  (stereo, n, sum))

static void follow(ddsp_input_side *input, const float *stereo, int n)
{
    float sum[3];
    squares(stereo, n, sum);
    const float mean = 0.25f * (sum[0] + sum[1] + 2.0f * sum[2]);
    const float keep = (float)exp(-n / (MEMORY_S * input->sample_rate));
    const float share = (1.0f - keep) / (float)n;
    input->left = fmaxf(keep * input->left + share * sum[0], 1e-20f);
    input->right = fmaxf(keep * input->right + share * sum[1], 1e-20f);
    input->mean = fmaxf(keep * input->mean + share * mean, 1e-20f);
}

int ddsp_input_side_hear(ddsp_input_side *input, const float *stereo, int n)
{
    if (n < 1)
        return input->side;
    follow(input, stereo, n);
    const float louder = fmaxf(input->left, input->right);
    int wanted = input->side;
    if (louder >= SMALLEST_POWER) {
        if (input->mean < FAR_BELOW * louder)
            wanted = input->left >= input->right ? DDSP_SIDE_LEFT : DDSP_SIDE_RIGHT;
        else if (input->mean > NEAR * louder)
            wanted = DDSP_SIDE_MEAN;
    }
    /* Of two sides that cancel either will do: no change from one to the other and back. */
    const int both_live = fminf(input->left, input->right) > 0.25f * louder;
    if (wanted == input->side || (both_live && wanted != DDSP_SIDE_MEAN
                                  && input->side != DDSP_SIDE_MEAN)) {
        input->settled_s = 0.0;
        return input->side;
    }
    input->settled_s += n / input->sample_rate;
    if (input->settled_s >= (wanted == DDSP_SIDE_MEAN ? TO_BOTH_S : TO_ONE_S)) {
        input->side = wanted;
        input->settled_s = 0.0;
    }
    return input->side;
}
