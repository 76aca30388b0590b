/* ddsp_synthesis.h: from control frames to sound. Rules and threads: ddsp_common.h. */

/* ---- voice: harmonic oscillator bank + filtered noise ------------------ */

typedef struct ddsp_voice ddsp_voice;

/* Setup. NULL when out of memory. */
ddsp_voice *ddsp_voice_new(void);

/* Setup; also resets. sample_rate 8000..384000 Hz, max_block 1..8192,
 * n_harmonics 0..128, n_noise 0 or 2..129. band_limit_hz, 1000..384000, is
 * the highest frequency the model was trained on (half its sample rate):
 * harmonics at or above it are masked as in training, the noise bands span
 * 0..band_limit_hz. */
int ddsp_voice_prepare(ddsp_voice *voice, double sample_rate, int max_block,
                       int n_harmonics, int n_noise, double band_limit_hz,
                       uint32_t seed);

/* Setup, after ddsp_voice_prepare, which forgets it; also resets. A second noise
 * beside the first, with bands of its own (ranges as there): for a morph between two
 * models. set_frame then reads n_noise + n_second noise_magnitudes. Harmonics are
 * masked at the higher of both limits. */
int ddsp_voice_prepare_second(ddsp_voice *voice, int n_second, double second_limit_hz);

/* Audio. Silence, phase 0, noise from the start of its seeded sequence. */
void ddsp_voice_reset(ddsp_voice *voice);

/* Audio. New targets, reached linearly after ramp_s seconds (at least one
 * sample), then held. amplitude is linear, harmonic_distribution is
 * n_harmonics non-negative weights (normalised here, after the band-limit
 * mask), noise_magnitudes n_noise linear gains on white noise, uniform in
 * [-1, 1], of the model's own rate 2 * band_limit_hz.
 * f0_hz jumps instead of gliding while the harmonics are silent; a leap by a fifth
 * or more in 25 ms or less is a cross-fade of both pitches over the ramp; below 10 Hz
 * there is no pitch: the harmonics fade where they are. */
void ddsp_voice_set_frame(ddsp_voice *voice, float f0_hz, float amplitude,
                          const float *harmonic_distribution,
                          const float *noise_magnitudes, float ramp_s);

/* Audio. The harmonics go on from the phases of `other`, as those of two voices that play one
 * pitch have to for a cross-fade between them: in opposite phases they would cancel. A jump,
 * which is heard unless the voice is silent or its gain 0. Both are prepared for one rate. */
void ddsp_voice_match_phase(ddsp_voice *voice, const ddsp_voice *other);

/* Audio. Writes n mono samples, 0 <= n <= max_block. */
void ddsp_voice_render(ddsp_voice *voice, float *out, int n);

/* Setup. NULL is allowed. */
void ddsp_voice_free(ddsp_voice *voice);

/* ---- one noise for several voices --------------------------------------- */

/* The noises of voices are independent, so that their powers add up: one noise of the summed
 * power sounds the same and costs as much as that of a single voice. In every block each voice
 * is rendered by ddsp_voice_render_shared instead of ddsp_voice_render, then the bank once:
 *     for each voice: ddsp_voice_render_shared(voice, bank, 0, out, n), summed
 *     ddsp_noise_bank_render(bank, sum, n)
 * A voice alone in a bank of its seed sounds as by ddsp_voice_render, to the rounding. */
typedef struct ddsp_noise_bank ddsp_noise_bank;

/* Setup. NULL when out of memory. */
ddsp_noise_bank *ddsp_noise_bank_new(void);

/* Setup; also resets. The arguments of the voices' ddsp_voice_prepare; n_noise 0: no noise. */
int ddsp_noise_bank_prepare(ddsp_noise_bank *bank, double sample_rate, int max_block,
                            int n_noise, double band_limit_hz, uint32_t seed);

/* Setup, after ddsp_noise_bank_prepare; also resets. The arguments of the voices'
 * ddsp_voice_prepare_second. */
int ddsp_noise_bank_prepare_second(ddsp_noise_bank *bank, int n_second, double second_limit_hz);

/* Audio. Silence, noise from the start of its seeded sequence. */
void ddsp_noise_bank_reset(ddsp_noise_bank *bank);

/* Audio. Writes n samples of the voice's harmonics and puts its noise into the bank. The first
 * sample is `offset` samples after the bank's next one; 0 <= offset, offset + n <= the bank's
 * max_block. (A block may be rendered in pieces, with frames set between them.) */
void ddsp_voice_render_shared(ddsp_voice *voice, ddsp_noise_bank *bank, int offset, float *out,
                              int n);

/* Audio. Adds n samples of noise to out, 0 <= n <= max_block. */
void ddsp_noise_bank_render(ddsp_noise_bank *bank, float *out, int n);

/* Setup. NULL is allowed. */
void ddsp_noise_bank_free(ddsp_noise_bank *bank);

/* ---- output: gain, stereo reverb, safety ------------------------------- */

typedef struct ddsp_output ddsp_output;

/* Setup. NULL when out of memory. */
ddsp_output *ddsp_output_new(void);

/* Setup; also resets, to gain 1, size and damping 0.5, wet 0. Same ranges as
 * ddsp_voice_prepare. */
int ddsp_output_prepare(ddsp_output *output, double sample_rate, int max_block);

/* Audio. Clears the reverb tail and jumps every ramp to its target. */
void ddsp_output_reset(ddsp_output *output);

/* Audio. Linear gain of each side, 0..16, ramped over 10 ms. */
void ddsp_output_set_gain(ddsp_output *output, float left, float right);

/* Audio. size, damping and wet in 0..1, ramped over 20 ms. At wet 0 the
 * reverb is not heard at all: output = gain * input. */
void ddsp_output_set_reverb(ddsp_output *output, float size, float damping,
                            float wet);

/* Audio. n mono samples in, 2n interleaved stereo samples out,
 * 0 <= n <= max_block. Samples beyond +-1 are left to the caller. */
void ddsp_output_process(ddsp_output *output, const float *in, float *out,
                         int n);

/* Audio. The same of n samples for each side; the room hears the mean of both.
 * right NULL: both sides are the left one. */
void ddsp_output_process_sides(ddsp_output *output, const float *left, const float *right,
                               float *out, int n);

/* Setup. NULL is allowed. */
void ddsp_output_free(ddsp_output *output);

/* ---- convolver: a body or a room, as an impulse response ---------------- */

typedef struct ddsp_convolver ddsp_convolver;

enum { DDSP_MAX_RESPONSE = 384000 };  /* samples: one second at the highest rate */

/* Setup. NULL when out of memory. */
ddsp_convolver *ddsp_convolver_new(void);

/* Setup; also resets. Takes in n samples, 1..DDSP_MAX_RESPONSE, each limited to +-16 (NaN is 0), of
 * a response at response_rate, and brings them to sample_rate, both 8000..384000 Hz, so that its
 * frequency response stays the same; it may last a second. Another one replaces the one before. */
int ddsp_convolver_prepare(ddsp_convolver *convolver, double sample_rate, const float *response,
                           int n, double response_rate);

/* Audio. As if nothing had been heard. */
void ddsp_convolver_reset(ddsp_convolver *convolver);

/* Audio. n samples, any n >= 0, into n of their convolution with the response, without delay; in
 * may be out. The blocks do not change the result by a bit. The work of a second is spread over
 * all stretches of 32 samples; silence for longer than the response costs next to nothing. Silent
 * before prepare. */
void ddsp_convolver_process(ddsp_convolver *convolver, const float *in, float *out, int n);

/* Setup. NULL is allowed. */
void ddsp_convolver_free(ddsp_convolver *convolver);
