/* Eight delay lines fed back through a Householder matrix (Jot and Chaigne, "Digital
 * delay networks for designing artificial reverberators", AES 1991), each with a
 * one-pole low-pass for the walls; two all-passes before them (Schroeder, 1962) blur
 * the onset. The size sets how long it rings, not the delays: those cannot change
 * without a pitch glide. */
#include "reverb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"

#define RAMP_S 0.02
#define SHORTEST_S 0.25f   /* time to -60 dB at size 0 */
#define LONGEST_S 8.0f     /* and at size 1 */
#define DIFFUSION 0.6f
#define MOST_DAMPING 0.85f

/* Mutually incommensurate, 23 to 73 ms. */
static const double DELAY_S[REVERB_LINES] = {0.02311, 0.02909, 0.03401, 0.04127,
                                             0.04783, 0.05519, 0.06301, 0.07331};
static const double DIFFUSER_S[REVERB_DIFFUSERS] = {0.00473, 0.00797};

int reverb_prepare(reverb *r, double sample_rate)
{
    reverb_free(r);
    r->rate = sample_rate;
    r->ramp = (int)lround(RAMP_S * sample_rate);
    for (int i = 0; i < REVERB_LINES; i++) {
        int size = 1;
        r->delay[i] = (int)lround(DELAY_S[i] * sample_rate);
        r->seconds[i] = (float)(r->delay[i] / sample_rate);
        while (size <= r->delay[i]) size *= 2;
        r->mask[i] = size - 1;
        r->line[i] = calloc((size_t)size, sizeof(float));
    }
    for (int i = 0; i < REVERB_DIFFUSERS; i++) {
        r->diffuser_delay[i] = (int)lround(DIFFUSER_S[i] * sample_rate);
        r->diffuser[i] = calloc((size_t)r->diffuser_delay[i], sizeof(float));
    }
    for (int i = 0; i < REVERB_LINES; i++)
        if (!r->line[i] || !r->diffuser[i % REVERB_DIFFUSERS]) {
            reverb_free(r);
            return -1;
        }
    reverb_set(r, 0.5f, 0.5f);
    reverb_reset(r);
    return 0;
}

void reverb_free(reverb *r)
{
    for (int i = 0; i < REVERB_LINES; i++) free(r->line[i]);
    for (int i = 0; i < REVERB_DIFFUSERS; i++) free(r->diffuser[i]);
    memset(r, 0, sizeof *r);
}

static void arrive(reverb *r)
{
    memcpy(r->decay, r->decay_target, sizeof r->decay);
    r->damping = r->damping_target;
    r->left = 0;
}

void reverb_reset(reverb *r)
{
    for (int i = 0; i < REVERB_LINES; i++) {
        memset(r->line[i], 0, sizeof(float) * (size_t)(r->mask[i] + 1));
        r->low[i] = 0.0f;
    }
    for (int i = 0; i < REVERB_DIFFUSERS; i++)
        memset(r->diffuser[i], 0, sizeof(float) * (size_t)r->diffuser_delay[i]);
    arrive(r);
}

void reverb_set(reverb *r, float size, float damping)
{
    float rings_s = SHORTEST_S * powf(LONGEST_S / SHORTEST_S, guard_clamp(size, 0.0f, 1.0f));
    for (int i = 0; i < REVERB_LINES; i++) {
        r->decay_target[i] = powf(10.0f, -3.0f * r->seconds[i] / rings_s);
        r->decay_slope[i] = (r->decay_target[i] - r->decay[i]) / (float)r->ramp;
    }
    /* The filter's pole moves with the rate, so that a room sounds the same on any card. */
    float pole = MOST_DAMPING * guard_clamp(damping, 0.0f, 1.0f);
    r->damping_target = powf(pole, (float)(48000.0 / r->rate));
    r->damping_slope = (r->damping_target - r->damping) / (float)r->ramp;
    r->left = r->ramp;
}

void reverb_step(reverb *r, float in, float *left, float *right)
{
    if (r->left > 0) {
        for (int i = 0; i < REVERB_LINES; i++) r->decay[i] += r->decay_slope[i];
        r->damping += r->damping_slope;
        if (--r->left == 0) arrive(r);
    }
    float x = in;
    for (int i = 0; i < REVERB_DIFFUSERS; i++) {
        float *at = r->diffuser[i] + r->diffuser_at[i];
        float delayed = *at, v = guard_tiny(x + DIFFUSION * delayed);
        *at = v;
        x = delayed - DIFFUSION * v;
        if (++r->diffuser_at[i] >= r->diffuser_delay[i]) r->diffuser_at[i] = 0;
    }
    float y[REVERB_LINES], sum = 0.0f;
    for (int i = 0; i < REVERB_LINES; i++) {
        float out = r->line[i][(r->write - r->delay[i]) & r->mask[i]];
        r->low[i] = guard_tiny(out + r->damping * (r->low[i] - out));
        y[i] = r->low[i] * r->decay[i];
        sum += y[i];
    }
    sum *= 2.0f / REVERB_LINES;
    for (int i = 0; i < REVERB_LINES; i++) {
        float feed = i & 1 ? -x : x;
        r->line[i][r->write & r->mask[i]] = guard_tiny(y[i] - sum + 0.35f * feed);
    }
    r->write = (r->write + 1) & 0x3fffffff;
    /* Two patterns of signs, at right angles to each other and to that of the input. */
    *left = y[0] + y[1] - y[2] - y[3] + y[4] + y[5] - y[6] - y[7];
    *right = y[0] - y[1] - y[2] + y[3] + y[4] - y[5] - y[6] + y[7];
}
