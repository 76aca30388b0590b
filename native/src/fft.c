#include "fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

int fft_prepare(fft *f, int size)
{
    int half = size / 2, bits = 0;
    fft_free(f);
    f->size = size;
    f->swap = malloc(sizeof(int) * (size_t)half);
    f->twiddle = malloc(sizeof(float) * (size_t)half);
    f->split = malloc(sizeof(float) * (size_t)size);
    f->work = malloc(sizeof(float) * (size_t)size);
    if (!f->swap || !f->twiddle || !f->split || !f->work) {
        fft_free(f);
        return -1;
    }
    while ((1 << bits) < half) bits++;
    for (int i = 0; i < half; i++) {
        int reversed = 0;
        for (int b = 0; b < bits; b++) reversed |= ((i >> b) & 1) << (bits - 1 - b);
        f->swap[i] = reversed;
        f->split[2 * i] = (float)cos(2 * PI * i / size);
        f->split[2 * i + 1] = (float)sin(2 * PI * i / size);
    }
    for (int i = 0; i < half / 2; i++) {
        f->twiddle[2 * i] = (float)cos(2 * PI * i / half);
        f->twiddle[2 * i + 1] = (float)sin(2 * PI * i / half);
    }
    return 0;
}

void fft_free(fft *f)
{
    free(f->swap);
    free(f->twiddle);
    free(f->split);
    free(f->work);
    memset(f, 0, sizeof *f);
}

/* In place, bit-reversed in, natural out, exponent +. */
static void complex_inverse(const fft *f, float *z)
{
    int n = f->size / 2;
    for (int i = 0; i < n; i += 2) { /* the first stage has no twiddles */
        float *a = z + 2 * i;
        float re = a[2], im = a[3];
        a[2] = a[0] - re;
        a[3] = a[1] - im;
        a[0] += re;
        a[1] += im;
    }
    for (int span = 2; span < n; span *= 2) {
        int stride = n / (2 * span);
        for (int start = 0; start < n; start += 2 * span) {
            float *restrict a = z + 2 * start, *restrict b = a + 2 * span;
            for (int i = 0; i < span; i++) {
                float c = f->twiddle[2 * i * stride], s = f->twiddle[2 * i * stride + 1];
                float re = b[2 * i] * c - b[2 * i + 1] * s;
                float im = b[2 * i] * s + b[2 * i + 1] * c;
                b[2 * i] = a[2 * i] - re;
                b[2 * i + 1] = a[2 * i + 1] - im;
                a[2 * i] += re;
                a[2 * i + 1] += im;
            }
        }
    }
}

void fft_inverse(fft *f, const float *spectrum, float *out)
{
    int half = f->size / 2;
    float *z = f->work;
    /* Even samples in the real part, odd ones in the imaginary part: with
     * E and O their spectra, X[b] = E[b] + w^-b O[b], Z = E + i O. */
    for (int b = 0; b < half; b++) {
        const float *x = spectrum + 2 * b, *y = spectrum + 2 * (half - b);
        float xi = b ? x[1] : 0.0f, yi = b ? -y[1] : 0.0f; /* y conjugated */
        float er = x[0] + y[0], ei = xi + yi;
        float dr = x[0] - y[0], di = xi - yi;
        float c = f->split[2 * b], s = f->split[2 * b + 1];
        float or_ = dr * c - di * s, oi = dr * s + di * c;
        float *to = z + 2 * f->swap[b];
        to[0] = er - oi;
        to[1] = ei + or_;
    }
    complex_inverse(f, z);
    memcpy(out, z, sizeof(float) * (size_t)f->size);
}
