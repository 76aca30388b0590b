/* A real inverse FFT of n samples is a complex one of n/2: even samples in the real
 * part, odd ones in the imaginary part. The complex one is Stockham's (no bit
 * reversal), radix 4 with one radix-2 pass where n/2 is an odd power of two.
 */
#include "synthesis/fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cpu_dispatch.h"


int ddsp_fft_prepare(ddsp_fft *fft, int n)
{
    const double turn = 2.0 * 3.14159265358979323846;
    fft->n = n;
    fft->cosine = calloc((size_t)n * 4, sizeof(float));
    if (!fft->cosine)
        return 0;
    fft->sine = fft->cosine + n;
    fft->re = fft->sine + n;
    fft->im = fft->re + n / 2;
    fft->work_re = fft->im + n / 2;
    fft->work_im = fft->work_re + n / 2;
    for (int k = 0; k < n; k++) {
        fft->cosine[k] = (float)cos(turn * k / n);
        fft->sine[k] = (float)sin(turn * k / n);
    }
    return 1;
}

void ddsp_fft_free(ddsp_fft *fft)
{
    free(fft->cosine);
    memset(fft, 0, sizeof *fft);
}

/* The half-length spectrum whose transform is even + i odd. */
static void pack(const ddsp_fft *fft, float *restrict to_re, float *restrict to_im)
{
    const int half = fft->n / 2;
    const float *re = fft->re, *im = fft->im;
    to_re[0] = to_im[0] = 0.0f;
    for (int k = 1; k < half; k++) {
        const float sum_re = re[k] + re[half - k], sum_im = im[k] - im[half - k];
        const float odd_re = re[k] - re[half - k], odd_im = im[k] + im[half - k];
        const float c = fft->cosine[k], s = fft->sine[k];
        to_re[k] = sum_re - (odd_re * s + odd_im * c);
        to_im[k] = sum_im + (odd_re * c - odd_im * s);
    }
}

/* One radix-4 pass: sub-transforms of length n at stride s. */
DDSP_INLINE void pass4(
    const float *restrict xr, const float *restrict xi, float *restrict yr, float *restrict yi,
    int n, int s, const float *cosine, const float *sine, int full)
{
    const int quarter = n / 4 * s, jump = full / n;
    for (int p = 0; p < n / 4; p++) {
        const float c1 = cosine[p * jump], s1 = sine[p * jump];
        const float c2 = cosine[2 * p * jump], s2 = sine[2 * p * jump];
        const float c3 = cosine[3 * p * jump], s3 = sine[3 * p * jump];
        const float *ar = xr + p * s, *ai = xi + p * s;
        float *to_r = yr + 4 * p * s, *to_i = yi + 4 * p * s;
        for (int q = 0; q < s; q++) {
            const float br = ar[q + quarter], bi = ai[q + quarter];
            const float dr = ar[q + 3 * quarter], di = ai[q + 3 * quarter];
            const float cr = ar[q + 2 * quarter], ci = ai[q + 2 * quarter];
            const float pr = ar[q] + cr, pi = ai[q] + ci, mr = ar[q] - cr, mi = ai[q] - ci;
            const float or = br + dr, oi = bi + di;
            const float jr = di - bi, ji = br - dr; /* i (b - d) */
            const float r1 = mr + jr, i1 = mi + ji, r2 = pr - or, i2 = pi - oi;
            const float r3 = mr - jr, i3 = mi - ji;
            to_r[q] = pr + or;
            to_i[q] = pi + oi;
            to_r[q + s] = r1 * c1 - i1 * s1;
            to_i[q + s] = r1 * s1 + i1 * c1;
            to_r[q + 2 * s] = r2 * c2 - i2 * s2;
            to_i[q + 2 * s] = r2 * s2 + i2 * c2;
            to_r[q + 3 * s] = r3 * c3 - i3 * s3;
            to_i[q + 3 * s] = r3 * s3 + i3 * c3;
        }
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
    for (; n >= 4; n /= 4, s *= 4) {
        pass4(xr, xi, yr, yi, n, s, fft->cosine, fft->sine, fft->n);
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
