#include "rig/mixer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/cpu_dispatch.h"
#include "common/level.h"
#include "common/sanitize.h"

#define RAMP_S 0.01
#define LARGEST_GAIN 16.0f
#define FULL_SCALE 0.999969482421875f /* a 16-bit card's largest sample; also in units.py */

enum { CHUNK = 64 };    /* samples side by side */

int ddsp_mixer_prepare(ddsp_mixer *mixer, double sample_rate, int max_block, ddsp_meter *meter)
{
    ddsp_mixer_free(mixer);
    mixer->sample_rate = sample_rate;
    mixer->meter = meter;
    mixer->output = ddsp_output_new();
    mixer->clean = calloc((size_t)max_block * 5, sizeof(float));
    if (!mixer->output || !mixer->clean)
        return DDSP_NO_MEMORY;
    mixer->room = mixer->clean + 2 * max_block;
    mixer->mono = mixer->room + 2 * max_block;
    ddsp_input_side_reset(&mixer->side, sample_rate);
    mixer->asked = DDSP_SIDE_MEAN;
    ddsp_smoothed_value_jump(&mixer->hush, 1.0f);
    ddsp_limiter_reset(&mixer->limiter, sample_rate);
    return ddsp_output_prepare(mixer->output, sample_rate, max_block);
}

void ddsp_mixer_free(ddsp_mixer *mixer)
{
    ddsp_output_free(mixer->output);
    free(mixer->clean);
    memset(mixer, 0, sizeof *mixer);
}

static void move(ddsp_mixer *mixer, ddsp_smoothed_value *smoothed, float value, float high, int jump)
{
    value = ddsp_flush(ddsp_within(value, 0.0f, high), 1e-10f);
    if (jump)
        ddsp_smoothed_value_jump(smoothed, value);
    else
        ddsp_smoothed_value_to(smoothed, value, RAMP_S, mixer->sample_rate);
}

/* The shares of the input's sides go where they are asked for. */
static void move_sides(ddsp_mixer *mixer, int jump)
{
    static const float sides[3][2] = {{1.0f, 0.0f}, {0.0f, 1.0f}, {0.5f, 0.5f}};
    const int side = mixer->asked == DDSP_SIDE_MEAN ? mixer->side.side : mixer->asked;
    move(mixer, &mixer->left, mixer->trim * sides[side][0], LARGEST_GAIN, jump);
    move(mixer, &mixer->right, mixer->trim * sides[side][1], LARGEST_GAIN, jump);
    atomic_store_explicit(&mixer->meter->input_side, side, memory_order_relaxed);
}

void ddsp_mixer_set(ddsp_mixer *mixer, const float *values, int jump)
{
    mixer->asked = (int)(ddsp_within(values[DDSP_INPUT], 0.0f, 2.0f) + 0.5f);
    mixer->trim = ddsp_within(values[DDSP_TRIM], 0.0f, LARGEST_GAIN);
    move_sides(mixer, jump);
    move(mixer, &mixer->dry, values[DDSP_DRY], LARGEST_GAIN, jump);
    move(mixer, &mixer->wet, values[DDSP_WET], LARGEST_GAIN, jump);
    move(mixer, &mixer->bypass, values[DDSP_BYPASS], 1.0f, jump);
    move(mixer, &mixer->mute, values[DDSP_MUTE], 1.0f, jump);
    move(mixer, &mixer->gain[0], values[DDSP_GAIN_LEFT], LARGEST_GAIN, jump);
    move(mixer, &mixer->gain[1], values[DDSP_GAIN_RIGHT], LARGEST_GAIN, jump);
    ddsp_output_set_reverb(mixer->output, values[DDSP_REVERB_SIZE],
                           values[DDSP_REVERB_DAMPING], values[DDSP_REVERB_WET]);
    if (jump)
        ddsp_output_reset(mixer->output);
}

/* The input without NaN, infinity and denormals; how many samples were not finite. */
DDSP_INLINE void sanitize_body(const float *restrict in, float *restrict clean, int n,
                               unsigned *bad)
{
    unsigned found = 0;
    for (int i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &in[i], sizeof bits);
        const uint32_t level = bits & INT32_MAX;
        found += level >= UINT32_C(0x7f800000); /* infinity's bits; NaN's are beyond */
        bits = level - UINT32_C(0x00800000) < UINT32_C(0x7f000000) ? bits : 0; /* FLT_MIN.. */
        memcpy(&clean[i], &bits, sizeof bits);
    }
    *bad = found;
}

DDSP_CPU_DISPATCH(static, sanitize,
         (const float *restrict in, float *restrict clean, int n, unsigned *bad),
         (in, clean, n, bad))

/* What was seen of a chunk: the largest level, and how many samples were at full scale. */
typedef struct {
    int32_t level;      /* see level.h */
    int clips;
} seen;

/* Both sides times their shares. */
DDSP_INLINE void add_sides_body(const float *restrict stereo, const float *restrict left,
                                const float *restrict right, float *restrict mono, int n,
                                seen *found)
{
    int32_t highest = 0;
    int clips = 0;
    for (int i = 0; i < n; i++) {
        const float l = stereo[2 * i], r = stereo[2 * i + 1];
        /* Limited, so that no later product can overflow. */
        const float x = ddsp_within(left[i] * l + right[i] * r, -1000.0f, 1000.0f);
        const int32_t level = ddsp_level_bits(x);
        mono[i] = ddsp_flush(x, FLT_MIN);
        highest = level > highest ? level : highest;
        clips += (fabsf(x) >= FULL_SCALE)
                 | ((left[i] > 0.0f) & (fabsf(l) >= FULL_SCALE))
                 | ((right[i] > 0.0f) & (fabsf(r) >= FULL_SCALE));
    }
    *found = (seen){highest, clips};
}

DDSP_CPU_DISPATCH(static, add_sides,
         (const float *restrict stereo, const float *restrict left, const float *restrict right,
          float *restrict mono, int n, seen *found),
         (stereo, left, right, mono, n, found))

void ddsp_mixer_hear(ddsp_mixer *mixer, const float *in, int n)
{
    float *clean = mixer->clean, left[CHUNK], right[CHUNK];
    unsigned clips = 0, bad = 0;
    int32_t level = 0;
    if (in)
        sanitize(in, clean, 2 * n, &bad);
    else
        memset(clean, 0, (size_t)n * 2 * sizeof *clean);
    const int before = mixer->side.side;
    if (ddsp_input_side_hear(&mixer->side, clean, n) != before)
        move_sides(mixer, 0);
    for (int done = 0; done < n; done += CHUNK) {
        const int count = n - done < CHUNK ? n - done : CHUNK;
        seen found;
        ddsp_smoothed_value_fill(&mixer->left, done, left, count);
        ddsp_smoothed_value_fill(&mixer->right, done, right, count);
        add_sides(clean + 2 * done, left, right, mixer->mono + done, count, &found);
        level = found.level > level ? found.level : level;
        clips += (unsigned)found.clips;
    }
    ddsp_smoothed_value_advance(&mixer->left, n);
    ddsp_smoothed_value_advance(&mixer->right, n);
    ddsp_meter_peak(&mixer->meter->input_peak, ddsp_level_of(level));
    if (clips | bad) {
        atomic_fetch_add_explicit(&mixer->meter->input_clips, clips, memory_order_relaxed);
        atomic_fetch_add_explicit(&mixer->meter->bad_inputs, bad, memory_order_relaxed);
    }
}

/* The controls of a chunk, sample by sample. */
typedef struct {
    float hush[CHUNK], wet[CHUNK], dry[CHUNK], bypass[CHUNK], mute[CHUNK], gain[2][CHUNK];
} controls;

static void read_controls(const ddsp_mixer *mixer, int ahead, controls *now, int n)
{
    ddsp_smoothed_value_fill(&mixer->hush, ahead, now->hush, n);
    ddsp_smoothed_value_fill(&mixer->wet, ahead, now->wet, n);
    ddsp_smoothed_value_fill(&mixer->dry, ahead, now->dry, n);
    ddsp_smoothed_value_fill(&mixer->bypass, ahead, now->bypass, n);
    ddsp_smoothed_value_fill(&mixer->mute, ahead, now->mute, n);
    for (int s = 0; s < 2; s++)
        ddsp_smoothed_value_fill(&mixer->gain[s], ahead, now->gain[s], n);
}

/* Room and dry path into both sides; their largest level. */
DDSP_INLINE void add_up_body(const controls *restrict now, const float *restrict room,
                             const float *restrict mono, float *restrict left,
                             float *restrict right, int n, int32_t *level)
{
    int32_t highest = 0;
    for (int i = 0; i < n; i++) {
        const float wet = now->wet[i] * now->hush[i], dry = now->dry[i] * mono[i];
        const float l = now->gain[0][i] * (wet * room[2 * i] + dry);
        const float r = now->gain[1][i] * (wet * room[2 * i + 1] + dry);
        const int32_t l_level = ddsp_level_bits(l), r_level = ddsp_level_bits(r);
        const int32_t louder = l_level > r_level ? l_level : r_level;
        highest = louder > highest ? louder : highest;
        left[i] = l;
        right[i] = r;
    }
    *level = highest;
}

DDSP_CPU_DISPATCH(static, add_up,
         (const controls *restrict now, const float *restrict room, const float *restrict mono,
          float *restrict left, float *restrict right, int n, int32_t *level),
         (now, room, mono, left, right, n, level))

/* The limiter's gains. It waits for itself from sample to sample, but rests at 1 where nothing
 * is too loud. */
static void limits(ddsp_limiter *limiter, const float *left, const float *right, float highest,
                   float *limit, int n)
{
    if (limiter->gain == 1.0f && highest <= 1.0f) {
        for (int i = 0; i < n; i++)
            limit[i] = 1.0f;
        return;
    }
    for (int i = 0; i < n; i++)
        limit[i] = ddsp_limiter_next(limiter, fmaxf(fabsf(left[i]), fabsf(right[i])));
}

/* One sample of one side: limiter, bypass, mute. *level: what the meter shows. */
DDSP_INLINE float leave_one(float played, float limit, float bypass, float open, float in,
                            int32_t *level)
{
    /* Rounding may leave a crest just above. */
    const float limited = ddsp_within(limit * played, -1.0f, 1.0f);
    /* Without arithmetic at the end: the input to the bit. */
    float y = bypass == 1.0f ? in : limited + bypass * (in - limited);
    y = open == 1.0f ? y : open * y;
    const int too_loud = (bypass < 1.0f) & (fabsf(played) > 1.0f);
    *level = ddsp_level_bits(too_loud ? played : y);
    return ddsp_flush(y, FLT_MIN);
}

DDSP_INLINE void leave_body(const controls *restrict now, const float *restrict left,
                            const float *restrict right, const float *restrict limit,
                            const float *restrict clean, float *restrict out, int n, seen *found)
{
    int32_t highest = 0;
    int clips = 0;
    for (int i = 0; i < n; i++) {
        const float bypass = now->bypass[i], open = 1.0f - now->mute[i];
        int32_t l_level, r_level;
        out[2 * i] = leave_one(left[i], limit[i], bypass, open, clean[2 * i], &l_level);
        out[2 * i + 1] = leave_one(right[i], limit[i], bypass, open, clean[2 * i + 1], &r_level);
        const int32_t louder = l_level > r_level ? l_level : r_level;
        highest = louder > highest ? louder : highest;
        clips += (bypass < 1.0f) & (fabsf(left[i]) > 1.0f);
        clips += (bypass < 1.0f) & (fabsf(right[i]) > 1.0f);
    }
    *found = (seen){highest, clips};
}

DDSP_CPU_DISPATCH(static, leave,
         (const controls *restrict now, const float *restrict left, const float *restrict right,
          const float *restrict limit, const float *restrict clean, float *restrict out, int n,
          seen *found),
         (now, left, right, limit, clean, out, n, found))

void ddsp_mixer_mix(ddsp_mixer *mixer, const float *sum, const float *right_sum, float *out, int n)
{
    int32_t level = 0;
    unsigned clips = 0;
    ddsp_output_process_sides(mixer->output, sum, right_sum, mixer->room, n);
    for (int done = 0; done < n; done += CHUNK) {
        const int count = n - done < CHUNK ? n - done : CHUNK;
        controls now;
        float left[CHUNK], right[CHUNK], limit[CHUNK];
        int32_t highest;
        seen found;
        read_controls(mixer, done, &now, count);
        add_up(&now, mixer->room + 2 * done, mixer->mono + done, left, right, count, &highest);
        limits(&mixer->limiter, left, right, ddsp_level_of(highest), limit, count);
        leave(&now, left, right, limit, mixer->clean + 2 * done, out + 2 * done, count, &found);
        level = found.level > level ? found.level : level;
        clips += (unsigned)found.clips;
    }
    ddsp_smoothed_value *all[] = {&mixer->hush, &mixer->wet, &mixer->dry, &mixer->bypass,
                         &mixer->mute, &mixer->gain[0], &mixer->gain[1]};
    for (unsigned g = 0; g < sizeof all / sizeof *all; g++)
        ddsp_smoothed_value_advance(all[g], n);
    ddsp_meter_peak(&mixer->meter->output_peak, ddsp_level_of(level));
    if (clips)
        atomic_fetch_add_explicit(&mixer->meter->output_clips, clips, memory_order_relaxed);
}
