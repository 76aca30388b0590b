/* Feedback delay network of eight lines (Jot and Chaigne 1991) with a Hadamard
 * feedback matrix, one low-pass a line, and four Schroeder all-passes before it that
 * thicken the first echoes. Each line loses what makes the whole decay by 60 dB in
 * the room's time, so that every setting is stable and a new size needs no new
 * delay: it cannot click.
 */
#include "synthesis/reverb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/sanitize.h"
#include "common/cpu_dispatch.h"
#include "common/ramp.h"

#define LINES DDSP_REVERB_LINES
#define SHORTEST_DECAY_S 0.3
#define LONGEST_DECAY_S 8.0
#define BRIGHTEST_HZ 18000.0
#define DARKEST_HZ 900.0
#define HIGHPASS_HZ 60.0
#define DIFFUSION 0.6f
#define LEAST 1e-12f        /* -240 dB: the tail ends */

static const double line_s[LINES] = {
    0.02148, 0.02402, 0.02765, 0.03173, 0.03627, 0.04110, 0.04540, 0.05023,
};
static const double diffuser_s[DDSP_REVERB_DIFFUSERS] = {0.00477, 0.00360, 0.01277, 0.00935};

/* The smallest prime >= the time: no two delays share an echo. */
static int prime_length(double seconds, double sample_rate)
{
    for (int n = (int)(seconds * sample_rate) | 1;; n += 2) {
        int d = 3;
        while (d * d <= n && n % d)
            d += 2;
        if (d * d > n)
            return n;
    }
}

int ddsp_reverb_prepare(ddsp_reverb *reverb, double sample_rate)
{
    size_t total = 0;
    reverb->sample_rate = sample_rate;
    for (int j = 0; j < LINES; j++)
        total += (size_t)(reverb->line_length[j] = prime_length(line_s[j], sample_rate));
    for (int j = 0; j < DDSP_REVERB_DIFFUSERS; j++)
        total += (size_t)(reverb->diffuser_length[j] = prime_length(diffuser_s[j], sample_rate));
    float *memory = calloc(total, sizeof(float));
    if (!memory)
        return 0;
    reverb->memory = memory;
    for (int j = 0; j < LINES; memory += reverb->line_length[j++])
        reverb->line[j] = memory;
    for (int j = 0; j < DDSP_REVERB_DIFFUSERS; memory += reverb->diffuser_length[j++])
        reverb->diffuser[j] = memory;
    reverb->highpass_decay = (float)exp(-2.0 * 3.14159265358979323846 * HIGHPASS_HZ / sample_rate);
    ddsp_reverb_clear(reverb);
    return 1;
}

void ddsp_reverb_free(ddsp_reverb *reverb)
{
    free(reverb->memory);
    memset(reverb, 0, sizeof *reverb);
}

void ddsp_reverb_clear(ddsp_reverb *reverb)
{
    for (int j = 0; j < LINES; j++) {
        memset(reverb->line[j], 0, (size_t)reverb->line_length[j] * sizeof(float));
        reverb->line_at[j] = 0;
        reverb->low[j] = 0.0f;
    }
    for (int j = 0; j < DDSP_REVERB_DIFFUSERS; j++) {
        memset(reverb->diffuser[j], 0, (size_t)reverb->diffuser_length[j] * sizeof(float));
        reverb->diffuser_at[j] = 0;
    }
    reverb->highpass = 0.0f;
}

static void room_at(ddsp_room *now, const ddsp_room *start, const ddsp_room *target,
                    float fraction)
{
    for (int j = 0; j < LINES; j++)
        now->feedback[j] = ddsp_ramp_value(start->feedback[j], target->feedback[j], fraction);
    now->brightness = ddsp_ramp_value(start->brightness, target->brightness, fraction);
    now->input = ddsp_ramp_value(start->input, target->input, fraction);
}

void ddsp_reverb_target(ddsp_reverb *reverb, float size, float damping, float fraction)
{
    const double rate = reverb->sample_rate;
    const double decay_s = SHORTEST_DECAY_S * pow(LONGEST_DECAY_S / SHORTEST_DECAY_S, size);
    double cut_hz = BRIGHTEST_HZ * pow(DARKEST_HZ / BRIGHTEST_HZ, damping);
    ddsp_room now;
    room_at(&now, &reverb->start, &reverb->target, fraction);
    reverb->start = now;
    double kept = 0.0;
    for (int j = 0; j < LINES; j++) {
        const double loss = pow(10.0, -3.0 * reverb->line_length[j] / (decay_s * rate));
        /* Hadamard's 1 / sqrt(8) put in. */
        reverb->target.feedback[j] = (float)(loss * sqrt(1.0 / LINES));
        kept += loss * loss / LINES;
    }
    cut_hz = cut_hz > 0.45 * rate ? 0.45 * rate : cut_hz;
    reverb->target.brightness = (float)(1.0 - exp(-2.0 * 3.14159265358979323846 * cut_hz / rate));
    /* A longer decay adds up more echoes: keep the level. */
    reverb->target.input = (float)sqrt((1.0 - kept) / LINES);
}

/* High-pass and diffusers, in place. */
static void diffuse(ddsp_reverb *reverb, float *x, int n)
{
    float low = reverb->highpass;
    for (int i = 0; i < n; i++) {
        low = ddsp_flush(x[i] + reverb->highpass_decay * (low - x[i]), LEAST);
        x[i] -= low;
    }
    reverb->highpass = low;
    for (int j = 0; j < DDSP_REVERB_DIFFUSERS; j++) {
        float *delay = reverb->diffuser[j];
        int at = reverb->diffuser_at[j];
        for (int i = 0; i < n; i++) {
            const float old = delay[at];
            const float kept = ddsp_flush(x[i] - DIFFUSION * old, LEAST);
            delay[at] = kept;
            x[i] = DIFFUSION * kept + old;
            at = at + 1 == reverb->diffuser_length[j] ? 0 : at + 1;
        }
        reverb->diffuser_at[j] = at;
    }
}

/* One line's samples out of (store = 0) or into (1) its ring. */
static void ring_copy(ddsp_reverb *reverb, int j, float *samples, int n, int store)
{
    const int at = reverb->line_at[j], left = reverb->line_length[j] - at;
    const int first = n < left ? n : left;
    float *ring = reverb->line[j];
    if (store) {
        memcpy(ring + at, samples, (size_t)first * sizeof(float));
        memcpy(ring, samples + first, (size_t)(n - first) * sizeof(float));
        reverb->line_at[j] = n < left ? at + n : n - left;
    } else {
        memcpy(samples, ring + at, (size_t)first * sizeof(float));
        memcpy(samples + first, ring, (size_t)(n - first) * sizeof(float));
    }
}

/* The low-passes, all lines side by side. */
static void darken(ddsp_reverb *reverb, float x[LINES][DDSP_REVERB_CHUNK],
                   const float *brightness, int n)
{
    float low[LINES];
    memcpy(low, reverb->low, sizeof low);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < LINES; j++)
            x[j][i] = low[j] = ddsp_flush(low[j] + brightness[i] * (x[j][i] - low[j]), LEAST);
    memcpy(reverb->low, low, sizeof low);
}

/* Hadamard of the eight lines (fast Walsh transform), sample by sample. */
DDSP_INLINE void mix_lines(
    float x[LINES][DDSP_REVERB_CHUNK], int n)
{
    for (int i = 0; i < n; i++) {
        const float a = x[0][i] + x[1][i], b = x[0][i] - x[1][i];
        const float c = x[2][i] + x[3][i], d = x[2][i] - x[3][i];
        const float e = x[4][i] + x[5][i], f = x[4][i] - x[5][i];
        const float g = x[6][i] + x[7][i], h = x[6][i] - x[7][i];
        const float ac = a + c, bd = b + d, a_c = a - c, b_d = b - d;
        const float eg = e + g, fh = f + h, e_g = e - g, f_h = f - h;
        x[0][i] = ac + eg;
        x[1][i] = bd + fh;
        x[2][i] = a_c + e_g;
        x[3][i] = b_d + f_h;
        x[4][i] = ac - eg;
        x[5][i] = bd - fh;
        x[6][i] = a_c - e_g;
        x[7][i] = b_d - f_h;
    }
}

DDSP_INLINE void ddsp_reverb_process_body(ddsp_reverb *reverb, const float *in,
                                          const float *fraction, float *left, float *right,
                                          int n)
{
    float x[LINES][DDSP_REVERB_CHUNK], dry[DDSP_REVERB_CHUNK], brightness[DDSP_REVERB_CHUNK];
    const ddsp_room *from = &reverb->start, *to = &reverb->target;
    memcpy(dry, in, (size_t)n * sizeof(float));
    diffuse(reverb, dry, n);
    for (int i = 0; i < n; i++) {
        dry[i] *= ddsp_ramp_value(from->input, to->input, fraction[i]);
        brightness[i] = ddsp_ramp_value(from->brightness, to->brightness, fraction[i]);
    }
    for (int j = 0; j < LINES; j++)
        ring_copy(reverb, j, x[j], n, 0);
    darken(reverb, x, brightness, n);
    for (int i = 0; i < n; i++) {
        /* Two orthogonal sums: the sides are unlike each other. */
        left[i] = x[0][i] + x[1][i] - x[2][i] - x[3][i] + x[4][i] + x[5][i] - x[6][i] - x[7][i];
        right[i] = x[0][i] - x[1][i] + x[2][i] - x[3][i] - x[4][i] + x[5][i] - x[6][i] + x[7][i];
    }
    for (int j = 0; j < LINES; j++)
        for (int i = 0; i < n; i++)
            x[j][i] *= ddsp_ramp_value(from->feedback[j], to->feedback[j], fraction[i]);
    mix_lines(x, n);
    for (int j = 0; j < LINES; j++) {
        for (int i = 0; i < n; i++)
            x[j][i] = ddsp_flush(x[j][i] + dry[i], LEAST);
        ring_copy(reverb, j, x[j], n, 1);
    }
}

DDSP_CPU_DISPATCH(extern, ddsp_reverb_process,
         (ddsp_reverb *reverb, const float *in, const float *fraction, float *left, float *right,
          int n),
         (reverb, in, fraction, left, right, n))
