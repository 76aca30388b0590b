/* What the trainer computes most, in C. Also read as the cffi cdef: declarations only.
 * No state; any thread; arrays are the caller's and C-contiguous.
 */

/* Sum of sines. amplitudes [segments + 1][n] ramp linearly from one row to the next over hop
 * samples, as in the kernel; phase [segments * hop] is the fundamental's, 2^32 a turn; only the
 * first count[s] harmonics of a segment sound. out [segments * hop]. */
void ddsp_training_harmonic(const float *amplitudes, const uint32_t *phase,
                            const int32_t *count, int segments, int hop, int n, float *out);

/* The gradient of a loss by the amplitudes, [segments + 1][n], from that by the samples. */
void ddsp_training_harmonic_gradient(const float *sample_gradient, const uint32_t *phase,
                                     const int32_t *count, int segments, int hop, int n,
                                     float *amplitude_gradient);

/* Two spectra [frames][bins] of complex numbers, the last bin Nyquist: the sums of
 * |a - b| and of |log(a + floor) - log(b + floor)| over their magnitudes a and b to sums[2].
 * ours is replaced by the gradient of their sum in the form that an inverse real FFT without
 * scaling turns into the gradient by the windowed samples. */
void ddsp_training_spectral(float *ours, const float *theirs, long frames, int bins, float floor,
                            double *sums);
