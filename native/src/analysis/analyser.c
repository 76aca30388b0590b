/* The streaming analyser: conditions the input, keeps two histories of it and
 * makes a frame of features every hop. All memory is taken in prepare.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ddsp_kernel.h"
#include "analysis/loudness.h"
#include "analysis/low_pitch.h"
#include "analysis/pitch.h"
#include "analysis/section.h"
#include "analysis/treble.h"

#define COARSE_RATE 12000.0
#define RUMBLE_HZ 30.0      /* below this is stage, not voice */
#define FORMANT_HZ 3500.0   /* above this helps no pitch */
#define LONGEST_LEVEL_S 0.037 /* a period of the lowest pitch */
#define LOWEST_HZ 27.5f
#define HIGHEST_HZ 2000.0f
#define SURELY_HIGH_HZ 165.0f /* a trusted pitch that no lower one is looked for below: four times 41 */
#define ONSET_S 0.001        /* from the first sample of a sound to an eager frame of it */
#define SHORTEST_HOP_S 0.001 /* also between looks for a first pitch */
#define LARGEST_INPUT 16.0f
#define TRUSTED 0.6f        /* confidence from which a pitch replaces the last */

/* A history whose newest n samples are always contiguous: each sample is written
 * twice, half a buffer apart. */
typedef struct {
    float *data;
    int length, head;
} history;

static int history_new(history *h, int length)
{
    h->data = calloc((size_t)length * 2, sizeof(float));
    h->length = length;
    h->head = 0;
    return h->data != NULL;
}

static void history_clear(history *h)
{
    memset(h->data, 0, (size_t)h->length * 2 * sizeof(float));
    h->head = 0;
}

static void history_push(history *h, float x)
{
    h->data[h->head] = h->data[h->head + h->length] = x;
    h->head = h->head + 1 == h->length ? 0 : h->head + 1;
}

/* The oldest of the last `length` samples, in order. */
static const float *history_oldest(const history *h)
{
    return h->data + h->head;
}

struct ddsp_analyser {
    double sample_rate, hop;    /* hop in samples, not always whole */
    int max_block, max_frames;
    ddsp_section rumble, formant[2];
    ddsp_treble treble;
    history heard;
    ddsp_pitch pitch;           /* of every decimation-th sample */
    ddsp_low_pitch low_pitch;   /* likewise, below its lowest */
    int decimation, until_coarse;
    int eager;
    int64_t last;               /* position of the last frame */
    int64_t position, origin, frame, due; /* the frame-th hop from the origin is due next */
    float f0_hz;
};

ddsp_analyser *ddsp_analyser_new(void)
{
    return calloc(1, sizeof(ddsp_analyser));
}

static void release(ddsp_analyser *a)
{
    free(a->heard.data);
    ddsp_pitch_free(&a->pitch);
    ddsp_low_pitch_free(&a->low_pitch);
    memset(a, 0, sizeof *a);
}

void ddsp_analyser_free(ddsp_analyser *a)
{
    if (a)
        release(a);
    free(a);
}

int ddsp_analyser_prepare(ddsp_analyser *a, double sample_rate, int max_block, double hop_s)
{
    if (!a || !(sample_rate >= 8000.0 && sample_rate <= 384000.0) || max_block < 1
        || max_block > DDSP_MAX_BLOCK || !(hop_s >= SHORTEST_HOP_S && hop_s <= 0.1))
        return DDSP_BAD_ARGUMENT;
    release(a);
    a->sample_rate = sample_rate;
    a->max_block = max_block;
    a->hop = hop_s * sample_rate;
    a->max_frames = (int)(max_block / (SHORTEST_HOP_S * sample_rate)) + 2;
    a->rumble = ddsp_section_pass(sample_rate, RUMBLE_HZ, 0.7071, 1);
    const double formant_hz = fmin(FORMANT_HZ, 0.4 * sample_rate);
    a->formant[0] = ddsp_section_pass(sample_rate, formant_hz, 0.5412, 0);
    a->formant[1] = ddsp_section_pass(sample_rate, formant_hz, 1.3066, 0);
    a->treble = ddsp_treble_new(sample_rate);

    a->decimation = (int)lround(sample_rate / COARSE_RATE);
    a->decimation = a->decimation < 1 ? 1 : a->decimation;
    const int ok = history_new(&a->heard, (int)(LONGEST_LEVEL_S * sample_rate) + 1)
                   && ddsp_pitch_prepare(&a->pitch, sample_rate / a->decimation)
                   && ddsp_low_pitch_prepare(&a->low_pitch, sample_rate / a->decimation);
    if (!ok) {
        release(a);
        return DDSP_NO_MEMORY;
    }
    ddsp_analyser_reset(a);
    return DDSP_OK;
}

/* The hops are counted from here. */
static void count_from(ddsp_analyser *a, int64_t origin)
{
    a->origin = origin;
    a->frame = 1;
    a->due = origin + llround(a->hop);
}

void ddsp_analyser_reset(ddsp_analyser *a)
{
    ddsp_section *all[] = {&a->rumble, &a->formant[0], &a->formant[1]};
    for (int i = 0; i < 3; i++)
        all[i]->s1 = all[i]->s2 = 0.0;
    history_clear(&a->heard);
    ddsp_pitch_reset(&a->pitch);
    ddsp_low_pitch_reset(&a->low_pitch);
    a->until_coarse = a->decimation;
    a->position = a->last = 0;
    count_from(a, 0);
    a->f0_hz = 0.0f;
}

void ddsp_analyser_set_eager(ddsp_analyser *a, int eager)
{
    a->eager = eager;
}

int ddsp_analyser_max_frames(const ddsp_analyser *a)
{
    return a->max_frames;
}

static ddsp_features features_now(ddsp_analyser *a, float period_s, float confidence)
{
    ddsp_features f = {.position = a->position, .confidence = confidence};
    if (period_s > 0.0f && f.confidence >= TRUSTED)
        a->f0_hz = fminf(fmaxf(1.0f / period_s, LOWEST_HZ), HIGHEST_HZ);
    f.f0_hz = a->f0_hz;
    const int n = ddsp_loudness_window(a->sample_rate, f.confidence >= TRUSTED ? a->f0_hz : 0.0f,
                                       (double)a->pitch.onset.since * a->decimation,
                                       a->heard.length);
    f.loudness_db =
        ddsp_loudness_db(history_oldest(&a->heard) + a->heard.length - n, n);
    if (f.confidence < TRUSTED)
        f.treble_db = ddsp_treble_db(&a->treble, history_oldest(&a->heard), a->heard.length);
    return f;
}

/* Replaces the tracker's answer where the sound has a pitch below its range. */
static void look_lower(ddsp_analyser *a, float *period_s, float *confidence)
{
    const int trusted = *period_s > 0.0f && *confidence >= TRUSTED;
    /* A low tone of pulses is an onset each period, after which the tracker compares too little. */
    const int pulses = a->low_pitch.last > 0.0f
                       && (double)a->pitch.onset.since * a->decimation < a->sample_rate / LOWEST_HZ;
    if (trusted && *period_s < 1.0f / SURELY_HIGH_HZ && !pulses)
        return;
    float lower;
    const float shorter_s = trusted && !pulses ? *period_s : 0.0f;
    const float lower_s = ddsp_low_pitch_look(&a->low_pitch, shorter_s, *confidence, &lower);
    if (lower_s > 0.0f) {
        *period_s = lower_s;
        *confidence = lower;
    }
}

/* A sound began ONSET_S ago, and no frame has been made since: its level is worth one. */
static int is_new_onset(const ddsp_analyser *a)
{
    const int64_t heard = llround(ONSET_S * a->sample_rate / a->decimation);
    return a->pitch.onset.since == heard
           && a->position - a->last >= (int64_t)ceil(SHORTEST_HOP_S * a->sample_rate);
}

int ddsp_analyser_process(ddsp_analyser *a, const float *in, int n, ddsp_features *out)
{
    int made = 0;
    for (int i = 0; i < n; i++) {
        float x = in[i];
        if (!(fabsf(x) <= LARGEST_INPUT)) /* too large, infinite or NaN */
            x = x > 0.0f ? LARGEST_INPUT : x < 0.0f ? -LARGEST_INPUT : 0.0f;
        const double clean = ddsp_section_step(&a->rumble, x);
        const double low =
            ddsp_section_step(&a->formant[1], ddsp_section_step(&a->formant[0], clean));
        history_push(&a->heard, fabs(clean) < 1e-12 ? 0.0f : (float)clean);
        const int fresh = --a->until_coarse == 0;
        if (fresh) {
            const float coarse = fabs(low) < 1e-12 ? 0.0f : (float)low;
            ddsp_pitch_hear(&a->pitch, coarse);
            ddsp_low_pitch_hear(&a->low_pitch, coarse);
            a->until_coarse = a->decimation;
        }
        a->position++;
        const int is_due = a->position == a->due;
        const int begins = fresh && a->eager && is_new_onset(a);
        const int looks = is_due || (fresh && ddsp_pitch_seeks(&a->pitch));
        if (!looks && !begins)
            continue;
        /* Looks for a first pitch are a millisecond apart: nearer ones agree too easily. */
        float confidence = 0.0f, period_s = 0.0f;
        if (looks)
            period_s = ddsp_pitch_estimate(&a->pitch, &confidence);
        if (is_due)
            look_lower(a, &period_s, &confidence);
        if (is_due)
            a->due = a->origin + llround((double)++a->frame * a->hop);
        else if (begins || (a->eager && a->pitch.confirm.known))
            count_from(a, a->position);
        else
            continue;
        out[made++] = features_now(a, period_s, confidence);
        a->last = a->position;
    }
    ddsp_section_settle(&a->rumble);
    ddsp_section_settle(&a->formant[0]);
    ddsp_section_settle(&a->formant[1]);
    return made;
}
