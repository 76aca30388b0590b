#ifndef DDSP_FFT_H
#define DDSP_FFT_H

/* Real FFT of one power-of-two length. */
typedef struct {
    int n;                      /* real samples, a power of two >= 16 */
    float *cosine, *sine;       /* [n / 2] of 2 pi k / n; the memory of all begins at cosine */
    float *twiddles;            /* of the passes, in their order */
    float *re, *im;             /* [n / 2] each: the spectrum goes in here */
    float *work_re, *work_im;   /* [n / 2] */
    /* Between the passes of a transform in steps: what is read, what is written next. */
    float *from_re, *from_im, *to_re, *to_im;
    const float *at;            /* twiddles of the next pass, */
    int length, stride;         /* and its size */
} ddsp_fft;

/* Takes its memory; 0 where there is none left. */
int ddsp_fft_prepare(ddsp_fft *fft, int n);

void ddsp_fft_free(ddsp_fft *fft);

/* out[j] = sum over all n bins of X[k] exp(2 pi i j k / n), where X[k] = re[k] + i im[k]
 * for 0 < k < n/2, X[n-k] is its conjugate, X[0] and X[n/2] are taken as 0.
 * re and im are lost. */
void ddsp_fft_inverse(ddsp_fft *fft, float *out);

/* The complex transform alone: out[2j] + i out[2j + 1] = sum over the n/2 elements of
 * (work_re[k] + i work_im[k]) exp(2 pi i j k / (n/2)). All four arrays are lost. */
void ddsp_fft_inverse_packed(ddsp_fft *fft, float *out);

/* ---- transforms in steps, for n / 2 a power of four: their work is spread over time ----
 *
 * A spectrum has n / 2 values in each of re and im: bins 0 to n / 2 - 1, where im[0] holds the
 * real bin n / 2. Between begin and end the fft holds one transform and does no other. */

/* Takes in n samples, to be transformed forward. */
void ddsp_fft_begin_forward(ddsp_fft *fft, const float *samples);

/* Takes in a spectrum, to be transformed back. */
void ddsp_fft_begin_inverse(ddsp_fft *fft, const float *re, const float *im);

/* One of the log4(n / 2) passes of either; 1 while there are more to do. */
int ddsp_fft_pass(ddsp_fft *fft);

/* After the passes: X[k] = sum over the samples of x[j] exp(-2 pi i j k / n). */
void ddsp_fft_end_forward(const ddsp_fft *fft, float *re, float *im);

/* After the passes: the last n / 2 samples, n times as large. */
void ddsp_fft_end_inverse(const ddsp_fft *fft, float *samples);

#endif
