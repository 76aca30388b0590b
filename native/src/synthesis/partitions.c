#include "synthesis/partitions.h"

#include <stdlib.h>
#include <string.h>

#include "common/cpu_dispatch.h"
#include "common/sanitize.h"

enum { LANE = 16 };
#define LEAST 1e-20f    /* of a filter's values: what is smaller is nothing */

int ddsp_partitions_prepare(ddsp_partitions *run, int size, int count)
{
    const size_t spectrum = (size_t)size * 2, all = spectrum * (size_t)count;
    memset(run, 0, sizeof *run);
    run->size = size;
    run->count = count;
    run->filters = calloc(2 * all + spectrum + (size_t)size * 3, sizeof(float));
    if (!run->filters || !ddsp_fft_prepare(&run->fft, 2 * size)) {
        ddsp_partitions_free(run);
        return 0;
    }
    run->heard = run->filters + all;
    run->sum = run->heard + all;
    run->input = run->sum + spectrum;
    run->output = run->input + 2 * size;
    return 1;
}

void ddsp_partitions_set(ddsp_partitions *run, const float *response, int n)
{
    const int size = run->size;
    float *samples = run->input; /* nothing has been heard yet */
    for (int k = 0; k < run->count; k++) {
        const int left = n - k * size;
        const int some = left < 0 ? 0 : left < size ? left : size;
        float *re = run->filters + (size_t)k * 2 * (size_t)size;
        memset(samples, 0, (size_t)size * 2 * sizeof *samples);
        for (int i = 0; i < some; i++)
            samples[i] = response[k * size + i] / (2.0f * (float)size);
        ddsp_fft_begin_forward(&run->fft, samples);
        while (ddsp_fft_pass(&run->fft)) {
        }
        ddsp_fft_end_forward(&run->fft, re, re + size);
        for (int i = 0; i < 2 * size; i++)
            re[i] = ddsp_flush(re[i], LEAST);
    }
    ddsp_partitions_clear(run);
}

void ddsp_partitions_free(ddsp_partitions *run)
{
    free(run->filters);
    ddsp_fft_free(&run->fft);
    memset(run, 0, sizeof *run);
}

void ddsp_partitions_clear(ddsp_partitions *run)
{
    const size_t size = (size_t)run->size;
    memset(run->sum, 0, size * 2 * sizeof(float));
    memset(run->input, 0, size * 2 * sizeof(float));
    memset(run->output, 0, size * sizeof(float));
    run->newest = run->known = 0;
}

float *ddsp_partitions_turn(ddsp_partitions *run)
{
    const size_t size = (size_t)run->size;
    ddsp_fft_begin_forward(&run->fft, run->input);
    memcpy(run->input, run->input + size, size * sizeof(float));
    run->newest = run->newest == 0 ? run->count - 1 : run->newest - 1;
    run->known += run->known < run->count;
    return run->heard + (size_t)run->newest * 2 * size;
}

/* Sixteen values of n products, each `stride` floats after the one before, added to the sum. */
DDSP_INLINE void add_products(const float *restrict x, const float *restrict h, int stride, int n,
                              int size, float *restrict sum_re, float *restrict sum_im)
{
    float re[LANE], im[LANE];
    memcpy(re, sum_re, sizeof re);
    memcpy(im, sum_im, sizeof im);
    for (int k = 0; k < n; k++, x += stride, h += stride) {
        const float *restrict xi = x + size, *restrict hi = h + size;
        for (int i = 0; i < LANE; i++) {
            re[i] += x[i] * h[i] - xi[i] * hi[i];
            im[i] += x[i] * hi[i] + xi[i] * h[i];
        }
    }
    memcpy(sum_re, re, sizeof re);
    memcpy(sum_im, im, sizeof im);
}

/* The first value's two numbers are real bins of their own. */
DDSP_INLINE void add_real(const float *x, const float *h, int stride, int n, int size,
                          float *real)
{
    for (int k = 0; k < n; k++, x += stride, h += stride) {
        real[0] += x[0] * h[0];
        real[1] += x[size] * h[size];
    }
}

/* Partitions from..from+n-1 with the spectra that lie from `slot` on. */
DDSP_INLINE void add_run(ddsp_partitions *run, int from, int slot, int n, int first, int last,
                         float *real)
{
    const int size = run->size, stride = 2 * size;
    const float *x = run->heard + (size_t)slot * (size_t)stride;
    const float *h = run->filters + (size_t)from * (size_t)stride;
    for (int i = first; i < last; i += LANE)
        add_products(x + i, h + i, stride, n, size, run->sum + i, run->sum + size + i);
    if (first == 0)
        add_real(x, h, stride, n, size, real);
}

DDSP_INLINE void multiply_body(ddsp_partitions *run, int from, int n, int first, int last)
{
    const int straight = n < run->count - run->newest ? n : run->count - run->newest;
    float real[2] = {run->sum[0], run->sum[run->size]};
    add_run(run, from, run->newest, straight, first, last, real);
    add_run(run, from + straight, 0, n - straight, first, last, real);
    if (first == 0) {
        run->sum[0] = real[0];
        run->sum[run->size] = real[1];
    }
}

DDSP_CPU_DISPATCH(static, multiply, (ddsp_partitions *run, int from, int n, int first, int last),
                  (run, from, n, first, last))

void ddsp_partitions_clear_sum(ddsp_partitions *run)
{
    memset(run->sum, 0, (size_t)run->size * 2 * sizeof(float));
}

void ddsp_partitions_multiply(ddsp_partitions *run, int from, int most, int first, int last)
{
    int n = run->count - from;
    n = most < n ? most : n;
    n = run->known < n ? run->known : n;
    if (n > 0)
        multiply(run, from, n, first, last);
}
