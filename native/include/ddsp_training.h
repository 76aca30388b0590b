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
 * |a - b| and of |log(max(a, least) + floor) - log(max(b, least) + floor)| over their magnitudes
 * a and b to sums[2]; floor + least is at least 1e-25.
 * ours is replaced by the gradient of their sum in the form that an inverse real FFT without
 * scaling turns into the gradient by the windowed samples. */
void ddsp_training_spectral(float *ours, const float *theirs, long frames, int bins, float floor,
                            float least, double *sums);

/* One step of a gated recurrent unit. gates [steps][rows][3 * size] hold the inputs' part with
 * the biases and are replaced by the gates themselves (reset, update, new); product [rows][3 *
 * size] is the state before times the recurrent weights; bias_new [size] belongs to the new
 * gate's product. news and states are [steps][rows][size]: that product, and the states; the
 * state before step 0 is zero. */
void ddsp_training_gru_forward(int at, int rows, int size, const float *product,
                               const float *bias_new, float *gates, float *news, float *states);

/* Its gradients: outer [steps][rows][size] by the states; slope [rows][size] what arrives from
 * the step after through its product, replaced by what goes straight on to the step before.
 * by_gate [steps][rows][3 * size] by the gates' sums, by_product [rows][3 * size] by product. */
void ddsp_training_gru_backward(int at, int rows, int size, const float *gates, const float *news,
                                const float *states, const float *outer, float *slope,
                                float *by_gate, float *by_product);
