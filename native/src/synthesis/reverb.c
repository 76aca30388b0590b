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
    reverb->shortest = DDSP_REVERB_CHUNK;
    for (int j = 0; j < DDSP_REVERB_DIFFUSERS; j++) {
        const int length = prime_length(diffuser_s[j], sample_rate);
        total += (size_t)(reverb->diffuser_length[j] = length);
        reverb->shortest = length < reverb->shortest ? length : reverb->shortest;
    }
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

/* High-pass and diffusers, in place. No diffuser is shorter than the block, so that none
 * hears itself within it. */
DDSP_INLINE void diffuse(ddsp_reverb *reverb, float *restrict x, int n)
{
    const float decay = reverb->highpass_decay;
    float low = reverb->highpass, lows[DDSP_REVERB_CHUNK];
    for (int i = 0; i < n; i++)
        lows[i] = low = decay * low + (1.0f - decay) * x[i];
    reverb->highpass = ddsp_flush(low, LEAST);
    for (int i = 0; i < n; i++)
        x[i] -= lows[i];
    for (int j = 0; j < DDSP_REVERB_DIFFUSERS; j++) {
        const int length = reverb->diffuser_length[j];
        int at = reverb->diffuser_at[j];
        for (int done = 0; done < n;) {
            const int count = n - done < length - at ? n - done : length - at;
            float *restrict delay = reverb->diffuser[j] + at, *restrict to = x + done;
            for (int i = 0; i < count; i++) {
                const float old = delay[i];
                const float kept = ddsp_flush(to[i] - DIFFUSION * old, LEAST);
                delay[i] = kept;
                to[i] = DIFFUSION * kept + old;
            }
            done += count;
            at = at + count == length ? 0 : at + count;
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

typedef float four_lines __attribute__((vector_size(16)));

/* Four lines' samples side by side, and back. */
DDSP_INLINE void turn(float (*restrict to)[4], float x[4][DDSP_REVERB_CHUNK], int n)
{
    const float *restrict a = x[0], *restrict b = x[1], *restrict c = x[2], *restrict d = x[3];
    for (int i = 0; i < n; i++) {
        to[i][0] = a[i];
        to[i][1] = b[i];
        to[i][2] = c[i];
        to[i][3] = d[i];
    }
}

DDSP_INLINE void turn_back(float x[4][DDSP_REVERB_CHUNK], float (*restrict from)[4], int n)
{
    float *restrict a = x[0], *restrict b = x[1], *restrict c = x[2], *restrict d = x[3];
    for (int i = 0; i < n; i++) {
        a[i] = from[i][0];
        b[i] = from[i][1];
        c[i] = from[i][2];
        d[i] = from[i][3];
    }
}

/* The low-passes. A filter's samples wait for each other: its vectors run across the lines,
 * everything else's across samples. */
DDSP_INLINE void darken(ddsp_reverb *reverb, float x[LINES][DDSP_REVERB_CHUNK],
                        const float *brightness, int n)
{
    float first[DDSP_REVERB_CHUNK][4], second[DDSP_REVERB_CHUNK][4];
    four_lines low[2], now[2];
    turn(first, x, n);
    turn(second, x + 4, n);
    memcpy(low, reverb->low, sizeof low);
    for (int i = 0; i < n; i++) {
        const float open = brightness[i], closed = 1.0f - open;
        memcpy(&now[0], first[i], sizeof now[0]);
        memcpy(&now[1], second[i], sizeof now[1]);
        low[0] = closed * low[0] + open * now[0];
        low[1] = closed * low[1] + open * now[1];
        memcpy(first[i], &low[0], sizeof low[0]);
        memcpy(second[i], &low[1], sizeof low[1]);
    }
    memcpy(reverb->low, low, sizeof low);
    /* Once a block: denormals that arise within one are flushed where they leave it. */
    for (int j = 0; j < LINES; j++)
        reverb->low[j] = ddsp_flush(reverb->low[j], LEAST);
    turn_back(x, first, n);
    turn_back(x + 4, second, n);
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

/* At most as many samples as the shortest diffuser has. */
DDSP_INLINE void process_block(ddsp_reverb *reverb, const float *in, const float *restrict fraction,
                               float *restrict left, float *restrict right, int n)
{
    float x[LINES][DDSP_REVERB_CHUNK], dry[DDSP_REVERB_CHUNK], brightness[DDSP_REVERB_CHUNK];
    const ddsp_room *from = &reverb->start, *to = &reverb->target;
    memcpy(dry, in, (size_t)n * sizeof(float));
    diffuse(reverb, dry, n);
    const int still = fraction[0] >= 1.0f; /* the ramp is over: its start counts no more */
    const float level = still ? to->input : from->input, level_gain = to->input - level;
    const float open = still ? to->brightness : from->brightness;
    const float open_gain = to->brightness - open;
    for (int i = 0; i < n; i++) {
        dry[i] *= level + fraction[i] * level_gain;
        brightness[i] = open + fraction[i] * open_gain;
    }
    for (int j = 0; j < LINES; j++)
        ring_copy(reverb, j, x[j], n, 0);
    darken(reverb, x, brightness, n);
    for (int i = 0; i < n; i++) {
        /* Two orthogonal sums: the sides are unlike each other. */
        const float a = x[0][i] - x[3][i], b = x[1][i] - x[2][i];
        const float c = x[4][i] - x[7][i], d = x[5][i] - x[6][i];
        left[i] = (a + b) + (c + d);
        right[i] = (a - b) - (c - d);
    }
    for (int j = 0; j < LINES; j++) {
        const float end = to->feedback[j], start = still ? end : from->feedback[j];
        for (int i = 0; i < n; i++)
            x[j][i] *= start + fraction[i] * (end - start);
    }
    mix_lines(x, n);
    for (int j = 0; j < LINES; j++) {
        for (int i = 0; i < n; i++)
            x[j][i] = ddsp_flush(x[j][i] + dry[i], LEAST);
        ring_copy(reverb, j, x[j], n, 1);
    }
}

DDSP_INLINE void ddsp_reverb_process_body(ddsp_reverb *reverb, const float *in,
                                          const float *fraction, float *left, float *right,
                                          int n)
{
    for (int done = 0; done < n;) {
        const int rest = n - done;
        const int count = rest < reverb->shortest ? rest : reverb->shortest;
        process_block(reverb, in + done, fraction + done, left + done, right + done, count);
        done += count;
    }
}

DDSP_CPU_DISPATCH(extern, ddsp_reverb_process,
         (ddsp_reverb *reverb, const float *in, const float *fraction, float *left, float *right,
          int n),
         (reverb, in, fraction, left, right, n))
