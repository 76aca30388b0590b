/* A real inverse FFT of n samples is a complex one of n/2: even samples in the real
 * part, odd ones in the imaginary part. The complex one is Stockham's (no bit
 * reversal), radix 4 with one radix-2 pass where n/2 is an odd power of two.
 */
#include "synthesis/fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cpu_dispatch.h"

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

/* The half-length spectrum whose transform is even + i odd. */
DDSP_INLINE void pack(const ddsp_fft *fft, float *restrict to_re, float *restrict to_im)
{
    const int half = fft->n / 2;
    const float *restrict re = fft->re, *restrict im = fft->im;
    const float *restrict cosine = fft->cosine, *restrict sine = fft->sine;
    to_re[0] = to_im[0] = 0.0f;
    for (int k = 1; k < half; k++) {
        const float sum_re = re[k] + re[half - k], sum_im = im[k] - im[half - k];
        const float odd_re = re[k] - re[half - k], odd_im = im[k] + im[half - k];
        const float c = cosine[k], s = sine[k];
        to_re[k] = sum_re - (odd_re * s + odd_im * c);
        to_im[k] = sum_im + (odd_re * c - odd_im * s);
    }
}

/* A radix-4 butterfly: element p * s + q of each quarter of x, times the twiddles, to element
 * 4 * p * s + q of y and at s, 2 s, 3 s after it. */
#define BUTTERFLY(from, to, quarter, s, c1, s1, c2, s2, c3, s3)                    \
    do {                                                                           \
        const float br = xr[(from) + (quarter)], bi = xi[(from) + (quarter)];      \
        const float cr = xr[(from) + 2 * (quarter)], ci = xi[(from) + 2 * (quarter)]; \
        const float dr = xr[(from) + 3 * (quarter)], di = xi[(from) + 3 * (quarter)]; \
        const float pr = xr[from] + cr, pi = xi[from] + ci;                        \
        const float mr = xr[from] - cr, mi = xi[from] - ci;                        \
        const float or = br + dr, oi = bi + di;                                    \
        const float jr = di - bi, ji = br - dr; /* i (b - d) */                    \
        const float r1 = mr + jr, i1 = mi + ji, r2 = pr - or, i2 = pi - oi;        \
        const float r3 = mr - jr, i3 = mi - ji;                                    \
        yr[to] = pr + or;                                                          \
        yi[to] = pi + oi;                                                          \
        yr[(to) + (s)] = r1 * (c1) - i1 * (s1);                                    \
        yi[(to) + (s)] = r1 * (s1) + i1 * (c1);                                    \
        yr[(to) + 2 * (s)] = r2 * (c2) - i2 * (s2);                                \
        yi[(to) + 2 * (s)] = r2 * (s2) + i2 * (c2);                                \
        yr[(to) + 3 * (s)] = r3 * (c3) - i3 * (s3);                                \
        yi[(to) + 3 * (s)] = r3 * (s3) + i3 * (c3);                                \
    } while (0)

/* The first pass, of length n at stride 1: vectors run across p. */
DDSP_INLINE void pass4_first(const float *restrict xr, const float *restrict xi,
                             float *restrict yr, float *restrict yi, int n,
                             const float *restrict w)
{
    const int quarter = n / 4;
    for (int p = 0; p < quarter; p++)
        BUTTERFLY(p, 4 * p, quarter, 1, w[p], w[p + quarter], w[p + 2 * quarter],
                  w[p + 3 * quarter], w[p + 4 * quarter], w[p + 5 * quarter]);
}

/* One of length n at stride s: vectors run across q. s is a constant where it is inlined. */
DDSP_INLINE void pass4(const float *restrict xr, const float *restrict xi, float *restrict yr,
                       float *restrict yi, int n, int s, const float *restrict w)
{
    const int count = n / 4, quarter = count * s;
    for (int p = 0; p < count; p++) {
        const float c1 = w[p], s1 = w[p + count], c2 = w[p + 2 * count];
        const float s2 = w[p + 3 * count], c3 = w[p + 4 * count], s3 = w[p + 5 * count];
        for (int q = 0; q < s; q++)
            BUTTERFLY(p * s + q, 4 * p * s + q, quarter, s, c1, s1, c2, s2, c3, s3);
    }
}

/* The last pass, of length 2, where there is one. */
DDSP_INLINE void pass2(
    const float *restrict xr, const float *restrict xi, float *restrict yr, float *restrict yi,
    int s)
{
    for (int q = 0; q < s; q++) {
        yr[q] = xr[q] + xr[q + s];
        yi[q] = xi[q] + xi[q + s];
        yr[q + s] = xr[q] - xr[q + s];
        yi[q + s] = xi[q] - xi[q + s];
    }
}

DDSP_INLINE void ddsp_fft_inverse_body(ddsp_fft *fft, float *out)
{
    const int half = fft->n / 2;
    float *xr = fft->work_re, *xi = fft->work_im, *yr = fft->re, *yi = fft->im;
    pack(fft, xr, xi);
    int n = half, s = 1;
    for (const float *w = fft->twiddles; n >= 4; w += 6 * (n / 4), n /= 4, s *= 4) {
        if (s == 1)
            pass4_first(xr, xi, yr, yi, n, w);
        else if (s == 4)
            pass4(xr, xi, yr, yi, n, 4, w);
        else if (s == 16)
            pass4(xr, xi, yr, yi, n, 16, w);
        else
            pass4(xr, xi, yr, yi, n, s, w);
        float *r = xr, *i = xi;
        xr = yr, xi = yi, yr = r, yi = i;
    }
    if (n == 2) {
        pass2(xr, xi, yr, yi, s);
        xr = yr, xi = yi;
    }
    for (int k = 0; k < half; k++) {
        out[2 * k] = xr[k];
        out[2 * k + 1] = xi[k];
    }
}

DDSP_CPU_DISPATCH(extern, ddsp_fft_inverse, (ddsp_fft *fft, float *out), (fft, out))
