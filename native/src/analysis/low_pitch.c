#include "analysis/low_pitch.h"

#include <math.h>
#include <stdint.h>

#define LOWEST_HZ 27.0          /* a little below A0, so that its peak lies inside */
#define STEP 4                  /* every fourth sample is heard: about 3 kHz */
#define CUTOFF_HZ 1000.0        /* twenty harmonics tell such a period */
#define CLEAR 0.85f             /* likeness of a new period */
#define STILL_CLEAR 0.7f        /* ... of one that the last look saw too */
#define UNEXPLAINED 0.02f       /* what is left in the cleanest of tones */
#define SHARE 3.0f              /* a shorter period must leave so many times more unexplained */
#define STILL_SHARE 2.0f        /* ... than one that the last look saw too */
#define SHORTEST_LAG 8          /* of a shorter period that is asked about: 375 Hz */
#define SAME (1.0f / 24.0f)     /* octaves: looks that agree */
#define SMALLEST_POWER 1e-6f    /* of the sound: -60 dB */
#define REACH 2

int ddsp_low_pitch_prepare(ddsp_low_pitch *low, double rate)
{
    low->rate = rate / STEP;
    low->low_pass[0] = ddsp_section_pass(rate, fmin(CUTOFF_HZ, 0.3 * low->rate), 0.5412, 0);
    low->low_pass[1] = ddsp_section_pass(rate, fmin(CUTOFF_HZ, 0.3 * low->rate), 1.3066, 0);
    low->shortest = (int)floor(low->rate / DDSP_LOW_PITCH_HIGHEST_HZ);
    low->longest = (int)ceil(low->rate / LOWEST_HZ);
    return ddsp_correlogram_prepare(&low->correlogram, low->rate, low->longest + REACH);
}

void ddsp_low_pitch_free(ddsp_low_pitch *low)
{
    ddsp_correlogram_free(&low->correlogram);
}

void ddsp_low_pitch_reset(ddsp_low_pitch *low)
{
    for (int i = 0; i < 2; i++)
        low->low_pass[i].s1 = low->low_pass[i].s2 = 0.0;
    low->until_next = STEP;
    low->last = 0.0f;
    ddsp_correlogram_reset(&low->correlogram);
}

void ddsp_low_pitch_hear(ddsp_low_pitch *low, float sample)
{
    const double y = ddsp_section_step(&low->low_pass[1],
                                       ddsp_section_step(&low->low_pass[0], sample));
    if (--low->until_next > 0)
        return;
    low->until_next = STEP;
    for (int i = 0; i < 2; i++)
        ddsp_section_settle(&low->low_pass[i]);
    ddsp_correlogram_hear(&low->correlogram, fabs(y) < 1e-12 ? 0.0f : (float)y);
}

static float unexplained(float height)
{
    return 1.0f - fminf(height, 1.0f) + UNEXPLAINED;
}

/* The highest peak of the similarity within the lags that are told; 0: none. */
static int highest_peak(const ddsp_low_pitch *low)
{
    const float *s = low->correlogram.similarity;
    int best = 0;
    for (int lag = low->shortest; lag <= low->longest; lag++)
        if (s[lag] > s[lag - 1] && s[lag] >= s[lag + 1] && (!best || s[lag] > s[best]))
            best = lag;
    return best;
}

/* Vertex of the parabola through the values around a peak; sets *height to its own. */
static float vertex(const float *s, int lag, float *height)
{
    const float before = s[lag - 1], at = s[lag], after = s[lag + 1];
    const float curve = before - 2.0f * at + after;
    const float offset = curve < 0.0f ? 0.5f * (before - after) / curve : 0.0f;
    *height = at - 0.25f * (before - after) * offset;
    return (float)lag + offset;
}

/* The likeness of the best shorter period. */
static float shorter_height(const ddsp_low_pitch *low)
{
    const float *s = low->correlogram.similarity;
    float best = 0.0f;
    for (int lag = SHORTEST_LAG; lag < low->shortest; lag++) {
        if (s[lag] <= s[lag - 1] || s[lag] < s[lag + 1])
            continue;
        float height;
        vertex(s, lag, &height);
        best = fmaxf(best, height);
    }
    return best;
}

static float forget(ddsp_low_pitch *low)
{
    low->last = 0.0f;
    return 0.0f;
}

float ddsp_low_pitch_look(ddsp_low_pitch *low, float period_s, float height, float *confidence)
{
    ddsp_correlogram *c = &low->correlogram;
    *confidence = 0.0f;
    const int whole = ddsp_correlogram_window(c, (float)low->longest);
    if (ddsp_correlogram_energy(c, whole, 0) < SMALLEST_POWER * (float)whole)
        return forget(low);
    ddsp_correlogram_compare(c, low->longest, INT32_MAX);
    const int peak = highest_peak(low);
    if (!peak)
        return forget(low);
    float own;
    const float lag = vertex(c->similarity, peak, &own);
    const float shorter = fmaxf(shorter_height(low), period_s > 0.0f ? height : 0.0f);
    const float octave = log2f(lag);
    const int agrees = fabsf(octave - low->last) <= SAME;
    const float share = agrees ? STILL_SHARE : SHARE;
    if (own < (agrees ? STILL_CLEAR : CLEAR) || unexplained(shorter) < share * unexplained(own))
        return forget(low);
    low->last = octave;
    if (!agrees)
        return 0.0f;
    *confidence = fminf(own, 1.0f);
    return lag / (float)low->rate;
}
