#ifndef DDSP_FFT_H
#define DDSP_FFT_H

/* Inverse real FFT of one power-of-two length. */
typedef struct {
    int n;                      /* real samples, a power of two >= 16 */
    float *cosine, *sine;       /* [n / 2] of 2 pi k / n; the memory of all begins at cosine */
    float *twiddles;            /* of the passes, in their order */
    float *re, *im;             /* [n / 2] each: the spectrum goes in here */
    float *work_re, *work_im;   /* [n / 2] */
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

#endif
