/* Inverse FFT of a real signal. */
#ifndef DDSP_FFT_H
#define DDSP_FFT_H

typedef struct {
    int size;          /* real samples: a power of two, at least 8 */
    int *swap;         /* bit-reversed index of each of the size / 2 complex values */
    float *twiddle;    /* size / 4 pairs cos, sin: of the complex transform */
    float *split;      /* size / 2 pairs cos, sin: of the real one */
    float *work;       /* size floats */
} fft;

/* Setup. 0, or -1 without memory. */
int fft_prepare(fft *f, int size);
void fft_free(fft *f);

/* Audio. spectrum: size / 2 + 1 pairs (re, im), of which the imaginary parts of
 * the first and last are taken as 0. out[t] = sum over all `size` bins of the
 * Hermitian spectrum times exp(+2 pi i b t / size), not divided by anything. */
void fft_inverse(fft *f, const float *spectrum, float *out);

#endif
