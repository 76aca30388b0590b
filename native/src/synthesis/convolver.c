/* Convolution without latency, and with as much work in one period as in any other.
 *
 * The first 64 samples of the response are summed directly; the next 1984 lie in partitions of 64
 * samples (Gardner, "Efficient convolution without input-output delay", 1995), the rest in
 * partitions of 1024, whose input is complete 1024 samples before their output is due. Time is cut
 * into steps of 32 samples, half a short block. At the end of each one a share of the work is done:
 * after the first half of a short block the products that need nothing newer, after the second half
 * the newest spectrum and the way back; and one of 32 steps of the long partitions, a pass of an
 * FFT or a stretch of the products. What is done when follows from the position alone, so the
 * sound is the same to the bit whatever the blocks are.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ddsp_kernel.h"
#include "common/cpu_dispatch.h"
#include "common/sanitize.h"
#include "synthesis/partitions.h"
#include "synthesis/resample.h"

enum {
    STEP = 32,
    SHORT = 64,
    LONG = 1024,
    STEPS = LONG / STEP,
    NEAR = 2 * LONG,        /* samples of the response before the long partitions */
    LANES = 16,
    STRETCH = LONG / 16,    /* values of the long products in a step */
};
#define LOUDEST 1000.0f
#define LARGEST 16.0f       /* sample of a response */
#define LEAST 1e-12f        /* of it: -240 dB */
#define QUIET 1e-15f        /* of the input: what is softer is silence */

struct ddsp_convolver {
    int length;             /* of the response; 0 until prepared */
    float head[SHORT];
    ddsp_partitions near, far;
    int position;           /* within a long block */
    int far_runs;           /* the long partitions have a block to work on */
    float *far_place;       /* of the spectrum that is being made */
    float *far_next;        /* [LONG]: their output of the next block */
    int64_t silence;        /* samples without input */
    int asleep;             /* nothing is left to be heard */
};

ddsp_convolver *ddsp_convolver_new(void)
{
    return calloc(1, sizeof(ddsp_convolver));
}

static void release(ddsp_convolver *convolver)
{
    ddsp_partitions_free(&convolver->near);
    ddsp_partitions_free(&convolver->far);
    free(convolver->far_next);
    memset(convolver, 0, sizeof *convolver);
}

void ddsp_convolver_free(ddsp_convolver *convolver)
{
    if (convolver)
        release(convolver);
    free(convolver);
}

static int prepare_runs(ddsp_convolver *convolver, const float *clean, int n)
{
    const int far = n > NEAR ? (n - NEAR + LONG - 1) / LONG : 1;
    convolver->far_next = calloc(LONG, sizeof(float));
    if (!convolver->far_next || !ddsp_partitions_prepare(&convolver->near, SHORT, NEAR / SHORT - 1)
        || !ddsp_partitions_prepare(&convolver->far, LONG, far))
        return 0;
    ddsp_partitions_set(&convolver->near, clean + SHORT, n - SHORT);
    ddsp_partitions_set(&convolver->far, clean + NEAR, n - NEAR);
    return 1;
}

/* Cleaned, at the convolver's rate, and silence behind it as far as the long partitions; NULL: no
 * memory. */
static float *taken_in(const float *response, int n, double from_rate, double to_rate, int length)
{
    float *given = malloc((size_t)n * sizeof *given);
    float *made = calloc((size_t)(length > NEAR ? length : NEAR), sizeof *made);
    for (int i = 0; given && i < n; i++)
        given[i] = ddsp_flush(ddsp_within(response[i], -LARGEST, LARGEST), LEAST);
    if (given && made && ddsp_resample_response(given, n, from_rate, made, length, to_rate)) {
        for (int i = 0; i < length; i++)
            made[i] = ddsp_flush(made[i], LEAST);
    } else {
        free(made);
        made = NULL;
    }
    free(given);
    return made;
}

static int is_rate(double rate)
{
    return rate >= 8000.0 && rate <= 384000.0;
}

int ddsp_convolver_prepare(ddsp_convolver *convolver, double sample_rate, const float *response,
                           int n, double response_rate)
{
    if (!convolver || !response || n < 1 || n > DDSP_MAX_RESPONSE || !is_rate(sample_rate)
        || !is_rate(response_rate) || n > response_rate)
        return DDSP_BAD_ARGUMENT;
    release(convolver);
    const int length = (int)ceil(n * sample_rate / response_rate);
    float *made = taken_in(response, n, response_rate, sample_rate, length);
    if (!made)
        return DDSP_NO_MEMORY;
    memcpy(convolver->head, made, sizeof convolver->head);
    const int done = prepare_runs(convolver, made, length > NEAR ? length : NEAR);
    free(made);
    if (!done) {
        release(convolver);
        return DDSP_NO_MEMORY;
    }
    convolver->length = length;
    ddsp_convolver_reset(convolver);
    return DDSP_OK;
}

static void clear(ddsp_convolver *convolver)
{
    ddsp_partitions_clear(&convolver->near);
    ddsp_partitions_clear(&convolver->far);
    memset(convolver->far_next, 0, LONG * sizeof(float));
    convolver->far_runs = 0;
}

void ddsp_convolver_reset(ddsp_convolver *convolver)
{
    if (convolver->length == 0)
        return;
    clear(convolver);
    convolver->position = 0;
    convolver->silence = 0;
    convolver->asleep = 1;
}

/* Sixteen samples of the response's beginning; x is where the first one's input lies. */
DDSP_INLINE void sum_directly(const float *restrict head, const float *restrict x,
                              float *restrict out)
{
    float sum[LANES] = {0.0f};
    for (int k = 0; k < SHORT; k++) {
        const float h = head[k];
        for (int i = 0; i < LANES; i++)
            sum[i] += h * x[i - k];
    }
    memcpy(out, sum, sizeof sum);
}

/* At most STEP samples from `at` of the short block and `far_at` of the long one on. The sums run
 * over whole lanes: those past the end read what is not there yet, and are not used. */
DDSP_INLINE void play_body(ddsp_convolver *convolver, int at, int far_at, float *restrict out,
                           int n)
{
    const float *x = convolver->near.input + SHORT + at;
    const float *near = convolver->near.output + at, *far = convolver->far.output + far_at;
    float sum[STEP];
    for (int i = 0; i < n; i += LANES)
        sum_directly(convolver->head, x + i, sum + i);
    for (int i = 0; i < n; i++)
        out[i] = ddsp_flush(sum[i] + near[i] + far[i], LEAST * QUIET);
}

DDSP_CPU_DISPATCH(static, play,
                  (ddsp_convolver *convolver, int at, int far_at, float *restrict out, int n),
                  (convolver, at, far_at, out, n))

/* The end of the first half of a short block, and of the second one. */
static void work_near(ddsp_convolver *convolver, int second)
{
    ddsp_partitions *near = &convolver->near;
    if (!second) {
        ddsp_partitions_clear_sum(near);
        ddsp_partitions_multiply(near, 1, near->count, 0, SHORT);
        return;
    }
    float *spectrum = ddsp_partitions_turn(near);
    while (ddsp_fft_pass(&near->fft)) {
    }
    ddsp_fft_end_forward(&near->fft, spectrum, spectrum + SHORT);
    ddsp_partitions_multiply(near, 0, 1, 0, SHORT);
    ddsp_fft_begin_inverse(&near->fft, near->sum, near->sum + SHORT);
    while (ddsp_fft_pass(&near->fft)) {
    }
    ddsp_fft_end_inverse(&near->fft, near->output);
}

/* Step 0..STEPS-1 of a long block: five passes there, its spectrum, sixteen stretches of products,
 * five passes back. What is left over does nothing. */
static void work_far(ddsp_convolver *convolver, int step)
{
    enum { PASSES = 5, PRODUCTS = PASSES + 1, BACK = PRODUCTS + 16, END = BACK + 1 + PASSES };
    ddsp_partitions *far = &convolver->far;
    if (!convolver->far_runs)
        return;
    if (step < PASSES) {
        ddsp_fft_pass(&far->fft);
    } else if (step < PRODUCTS) {
        ddsp_fft_end_forward(&far->fft, convolver->far_place, convolver->far_place + LONG);
        ddsp_partitions_clear_sum(far);
    } else if (step < BACK) {
        const int first = (step - PRODUCTS) * STRETCH;
        ddsp_partitions_multiply(far, 0, far->count, first, first + STRETCH);
    } else if (step == BACK) {
        ddsp_fft_begin_inverse(&far->fft, far->sum, far->sum + LONG);
    } else if (step < END) {
        ddsp_fft_pass(&far->fft);
    } else if (step == END) {
        ddsp_fft_end_inverse(&far->fft, convolver->far_next);
    }
}

/* A long block is over. */
static void turn_far(ddsp_convolver *convolver)
{
    /* The long blocks before the present one, its output, and half a short block. */
    const int64_t longest = (int64_t)convolver->length + 4 * LONG;
    memcpy(convolver->far.output, convolver->far_next, LONG * sizeof(float));
    if (convolver->silence > longest) {
        clear(convolver);
        convolver->asleep = 1;
        return;
    }
    convolver->far_place = ddsp_partitions_turn(&convolver->far);
    convolver->far_runs = convolver->length > NEAR;
}

/* n samples that end no step, or end one. */
static void take(ddsp_convolver *convolver, const float *in, int n)
{
    float *near = convolver->near.input + SHORT + convolver->position % SHORT;
    float *far = convolver->far.input + LONG + convolver->position;
    int silent = 1;
    for (int i = 0; i < n; i++) {
        const float x = ddsp_flush(ddsp_within(in[i], -LOUDEST, LOUDEST), QUIET);
        near[i] = far[i] = x;
        silent &= x == 0.0f;
    }
    convolver->silence = silent ? convolver->silence + n : 0;
    convolver->asleep &= silent;
}

static void finish_step(ddsp_convolver *convolver)
{
    const int step = convolver->position / STEP - 1;
    work_far(convolver, step);
    work_near(convolver, convolver->position % SHORT == 0);
    if (convolver->position == LONG)
        turn_far(convolver);
}

void ddsp_convolver_process(ddsp_convolver *convolver, const float *in, float *out, int n)
{
    for (int done = 0; done < n && convolver->length;) {
        const int left = STEP - convolver->position % STEP;
        const int count = n - done < left ? n - done : left;
        const int at = convolver->position % SHORT, far_at = convolver->position;
        take(convolver, in + done, count);
        if (convolver->asleep)
            memset(out + done, 0, (size_t)count * sizeof *out);
        else
            play(convolver, at, far_at, out + done, count);
        done += count;
        convolver->position += count;
        if (convolver->position % STEP == 0 && !convolver->asleep)
            finish_step(convolver);
        convolver->position %= LONG;
    }
    if (!convolver->length)
        memset(out, 0, (size_t)n * sizeof *out);
}
