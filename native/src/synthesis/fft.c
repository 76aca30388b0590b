/* A real inverse FFT of n samples is a complex one of n/2: even samples in the real
 * part, odd ones in the imaginary part. The complex one is of radix 4
 * (fft_passes.h) with one radix-2 pass at the end where n/2 is an odd power of two.
 */
#include "synthesis/fft.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/cpu_dispatch.h"

/* Single elements, for short transforms and for processors without vectors. */
#define FFT_BYTES 4
#define FFT_NAME(name) name##_one
#define FFT_TARGET
#include "synthesis/fft_passes.h"

#ifndef DDSP_SCALAR
#define FFT_BYTES 16
#define FFT_NAME(name) name##_four
#define FFT_TARGET
#include "synthesis/fft_passes.h"
#endif

#ifdef DDSP_HAS_AVX2
#define FFT_BYTES 32
#define FFT_NAME(name) name##_eight
#define FFT_TARGET DDSP_AVX2
#include "synthesis/fft_passes.h"
#endif

#define TURN (2.0 * 3.14159265358979323846)

/* The twiddles of a radix-4 pass of length n lie side by side: cosine and sine of one turn
 * p / n, of two and of three, n / 4 of each. */
static float *pass_twiddles(float *to, int n)
{
    const int quarter = n / 4;
    for (int turns = 1; turns <= 3; turns++, to += 2 * quarter)
        for (int p = 0; p < quarter; p++) {
            to[p] = (float)cos(TURN * turns * p / n);
            to[p + quarter] = (float)sin(TURN * turns * p / n);
        }
    return to;
}

int ddsp_fft_prepare(ddsp_fft *fft, int n)
{
    const int half = n / 2;
    fft->n = n;
    /* All passes' twiddles together are fewer than 2 half = 6 / 4 half (1 + 1/4 + ...). */
    fft->cosine = calloc((size_t)half * 8, sizeof(float));
    if (!fft->cosine)
        return 0;
    fft->sine = fft->cosine + half;
    fft->re = fft->sine + half;
    fft->im = fft->re + half;
    fft->work_re = fft->im + half;
    fft->work_im = fft->work_re + half;
    fft->twiddles = fft->work_im + half;
    for (int k = 0; k < half; k++) {
        fft->cosine[k] = (float)cos(TURN * k / n);
        fft->sine[k] = (float)sin(TURN * k / n);
    }
    float *to = fft->twiddles;
    for (int length = half; length >= 4; length /= 4)
        to = pass_twiddles(to, length);
    return 1;
}

void ddsp_fft_free(ddsp_fft *fft)
{
    free(fft->cosine);
    memset(fft, 0, sizeof *fft);
}

/* Bins 1 to n/2 - 1 of the half-length spectrum whose transform is even + i odd. */
DDSP_INLINE void mix_mirrored(const ddsp_fft *fft, const float *restrict re,
                              const float *restrict im, float *restrict to_re,
                              float *restrict to_im)
{
    const int half = fft->n / 2;
    const float *restrict cosine = fft->cosine, *restrict sine = fft->sine;
    for (int k = 1; k < half; k++) {
        const float sum_re = re[k] + re[half - k], sum_im = im[k] - im[half - k];
        const float odd_re = re[k] - re[half - k], odd_im = im[k] + im[half - k];
        const float c = cosine[k], s = sine[k];
        to_re[k] = sum_re - (odd_re * s + odd_im * c);
        to_im[k] = sum_im + (odd_re * c - odd_im * s);
    }
}

/* That spectrum from the bins that are in place. */
DDSP_INLINE void pack_body(const ddsp_fft *fft, float *restrict to_re, float *restrict to_im)
{
    to_re[0] = to_im[0] = 0.0f;
    mix_mirrored(fft, fft->re, fft->im, to_re, to_im);
}

DDSP_CPU_DISPATCH(static, pack, (const ddsp_fft *fft, float *restrict to_re, float *restrict to_im),
                  (fft, to_re, to_im))

/* One pass in the widest vectors that fill it: `width` is how many elements lie side by side. */
#ifdef DDSP_HAS_AVX2
#define WIDEST(name, width, arguments) \
    if (ddsp_use_avx2() && (width) >= 8) { name##_eight arguments; } else
#else
#define WIDEST(name, width, arguments)
#endif
#ifdef DDSP_SCALAR
#define WIDE(name, width, arguments)
#else
#define WIDE(name, width, arguments) if ((width) >= 4) { name##_four arguments; } else
#endif
#define PASS(name, width, arguments) \
    do { WIDEST(name, width, arguments) WIDE(name, width, arguments) name##_one arguments; } while (0)

void ddsp_fft_inverse_packed(ddsp_fft *fft, float *out)
{
    float *xr = fft->work_re, *xi = fft->work_im, *yr = fft->re, *yi = fft->im;
    const float *w = fft->twiddles;
    int n = fft->n / 2, s = 1;
    PASS(first4, n / 4, (xr, xi, yr, yi, n, w));
    for (;;) {
        float *r = xr, *i = xi;
        xr = yr, xi = yi, yr = r, yi = i;
        w += 6 * (n / 4), n /= 4, s *= 4;
        if (n <= 4)
            break;
        PASS(pass4, s, (xr, xi, yr, yi, n, s, w));
    }
    if (n == 4)
        PASS(last4, s, (xr, xi, out, s));
    else
        PASS(last2, s, (xr, xi, out, s));
}

void ddsp_fft_inverse(ddsp_fft *fft, float *out)
{
    pack(fft, fft->work_re, fft->work_im);
    ddsp_fft_inverse_packed(fft, out);
}

/* ---- in steps ---- */

static void begin(ddsp_fft *fft)
{
    fft->from_re = fft->work_re, fft->from_im = fft->work_im;
    fft->to_re = fft->re, fft->to_im = fft->im;
    fft->at = fft->twiddles;
    fft->length = fft->n / 2;
    fft->stride = 1;
}

int ddsp_fft_pass(ddsp_fft *fft)
{
    float *xr = fft->from_re, *xi = fft->from_im, *yr = fft->to_re, *yi = fft->to_im;
    const float *w = fft->at;
    const int n = fft->length, s = fft->stride;
    if (s == 1)
        PASS(first4, n / 4, (xr, xi, yr, yi, n, w));
    else
        PASS(pass4, s, (xr, xi, yr, yi, n, s, w));
    fft->from_re = yr, fft->from_im = yi, fft->to_re = xr, fft->to_im = xi;
    fft->at += 6 * (n / 4);
    fft->length = n / 4;
    fft->stride = 4 * s;
    return fft->length >= 4;
}

/* Even samples and, turned, odd ones: the transform of the conjugate is that of the other sign,
 * conjugated. */
DDSP_INLINE void split_body(ddsp_fft *fft, const float *restrict samples)
{
    float *restrict re = fft->work_re, *restrict im = fft->work_im;
    for (int k = 0; k < fft->n / 2; k++) {
        re[k] = samples[2 * k];
        im[k] = -samples[2 * k + 1];
    }
}

DDSP_CPU_DISPATCH(static, split, (ddsp_fft *fft, const float *restrict samples), (fft, samples))

void ddsp_fft_begin_forward(ddsp_fft *fft, const float *samples)
{
    split(fft, samples);
    begin(fft);
}

/* The spectrum of the samples from that of even + i odd, of which the conjugate is here. */
DDSP_INLINE void end_forward_body(const ddsp_fft *fft, float *restrict to_re, float *restrict to_im)
{
    const int half = fft->n / 2;
    const float *restrict re = fft->from_re, *restrict im = fft->from_im;
    const float *restrict cosine = fft->cosine, *restrict sine = fft->sine;
    to_re[0] = re[0] - im[0];
    to_im[0] = re[0] + im[0];
    for (int k = 1; k < half; k++) {
        const float even_re = re[k] + re[half - k], even_im = im[half - k] - im[k];
        const float odd_re = re[k] - re[half - k], odd_im = -im[k] - im[half - k];
        const float c = cosine[k], s = sine[k];
        to_re[k] = 0.5f * (even_re + odd_im * c - odd_re * s);
        to_im[k] = 0.5f * (even_im - odd_re * c - odd_im * s);
    }
}

DDSP_CPU_DISPATCH(static, end_forward,
                  (const ddsp_fft *fft, float *restrict to_re, float *restrict to_im),
                  (fft, to_re, to_im))

void ddsp_fft_end_forward(const ddsp_fft *fft, float *re, float *im)
{
    end_forward(fft, re, im);
}

DDSP_INLINE void join_body(ddsp_fft *fft, const float *restrict re, const float *restrict im)
{
    fft->work_re[0] = re[0] + im[0];
    fft->work_im[0] = re[0] - im[0];
    mix_mirrored(fft, re, im, fft->work_re, fft->work_im);
}

DDSP_CPU_DISPATCH(static, join,
                  (ddsp_fft *fft, const float *restrict re, const float *restrict im),
                  (fft, re, im))

void ddsp_fft_begin_inverse(ddsp_fft *fft, const float *re, const float *im)
{
    join(fft, re, im);
    begin(fft);
}

DDSP_INLINE void end_inverse_body(const ddsp_fft *fft, float *restrict samples)
{
    const int quarter = fft->n / 4;
    const float *restrict re = fft->from_re + quarter, *restrict im = fft->from_im + quarter;
    for (int k = 0; k < quarter; k++) {
        samples[2 * k] = re[k];
        samples[2 * k + 1] = im[k];
    }
}

DDSP_CPU_DISPATCH(static, end_inverse, (const ddsp_fft *fft, float *restrict samples),
                  (fft, samples))

void ddsp_fft_end_inverse(const ddsp_fft *fft, float *samples)
{
    end_inverse(fft, samples);
}
