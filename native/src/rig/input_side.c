#include "rig/input_side.h"

#include <math.h>

#define MEMORY_S 0.05           /* of the mean squares */
#define SMALLEST_POWER 1e-6f    /* -60 dB: what is softer decides nothing */
#define FAR_BELOW 0.3f          /* power of the mean beside the louder side's: -5.2 dB; two sides
                                   that have nothing in common are at -3, one alone at -6 */
#define NEAR 0.4f               /* ... from which both are heard again: -4 dB */
#define TO_ONE_S 0.1            /* for so long it must have been so */
#define TO_BOTH_S 2.0           /* ... so that no phrase changes its level twice */
#define LARGEST 100.0f          /* a sample, so that no square overflows */

void ddsp_input_side_reset(ddsp_input_side *input, double sample_rate)
{
    *input = (ddsp_input_side){.sample_rate = sample_rate, .side = DDSP_SIDE_MEAN};
}

static float limited(float x)
{
    return x > LARGEST ? LARGEST : x < -LARGEST ? -LARGEST : x;
}

static void follow(ddsp_input_side *input, const float *stereo, int n)
{
    float left = 0.0f, right = 0.0f, mean = 0.0f;
    for (int i = 0; i < n; i++) {
        const float l = limited(stereo[2 * i]), r = limited(stereo[2 * i + 1]);
        const float m = 0.5f * (l + r);
        left += l * l;
        right += r * r;
        mean += m * m;
    }
    const float keep = (float)exp(-n / (MEMORY_S * input->sample_rate));
    const float share = (1.0f - keep) / (float)n;
    input->left = fmaxf(keep * input->left + share * left, 1e-20f);
    input->right = fmaxf(keep * input->right + share * right, 1e-20f);
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
