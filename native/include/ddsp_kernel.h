/* ddsp_kernel.h: the public C API of the ddsp-edge kernel.
 *
 * This file is also read as the cffi cdef, so it holds no #include and no
 * #ifdef; a C file includes <stdint.h> before it.
 *
 * Threads. "Setup" functions (new, prepare, free) may allocate and fail, and
 * are called from any one thread while no other uses the object. "Audio"
 * functions never allocate, lock, log or fail; they are called from the one
 * thread that owns the object. Units are Hz, seconds and dB.
 * Objects are independent: different threads may use different objects.
 *
 * No audio function ever writes a NaN, an infinity or a denormal: bad input
 * (NaN, out of range) is replaced by the nearest sane value.
 */

enum {
    DDSP_MAX_HARMONICS = 128,
    DDSP_MAX_NOISE_BANDS = 129,
    DDSP_MAX_BLOCK = 8192
};

/* What prepare returns. */
enum {
    DDSP_OK = 0,
    DDSP_BAD_ARGUMENT = -1,   /* a value is outside the documented range */
    DDSP_NO_MEMORY = -2
};

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

/* Audio. Silence, phase 0, noise from the start of its seeded sequence. */
void ddsp_voice_reset(ddsp_voice *voice);

/* Audio. New targets, reached linearly after ramp_s seconds (at least one
 * sample), then held. amplitude is linear, harmonic_distribution is
 * n_harmonics non-negative weights (normalised here, after the band-limit
 * mask), noise_magnitudes n_noise linear gains on white noise, uniform in
 * [-1, 1], of the model's own rate 2 * band_limit_hz.
 * f0_hz jumps instead of gliding while the harmonics are silent; below 10 Hz
 * there is no pitch: the harmonics fade where they are. */
void ddsp_voice_set_frame(ddsp_voice *voice, float f0_hz, float amplitude,
                          const float *harmonic_distribution,
                          const float *noise_magnitudes, float ramp_s);

/* Audio. Writes n mono samples, 0 <= n <= max_block. */
void ddsp_voice_render(ddsp_voice *voice, float *out, int n);

/* Setup. NULL is allowed. */
void ddsp_voice_free(ddsp_voice *voice);

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

/* Setup. NULL is allowed. */
void ddsp_output_free(ddsp_output *output);

/* ---- analyser: pitch and loudness -------------------------------------- */

typedef struct ddsp_analyser ddsp_analyser;

/* One frame of features. */
typedef struct {
    int64_t position;     /* samples heard since reset when it was made */
    float f0_hz;          /* last trusted pitch; 0 until there is one */
    float confidence;     /* 0 (no pitch) .. 1 (perfectly periodic) */
    float loudness_db;    /* mean square, dB re full scale, -80 .. +10 */
} ddsp_features;

/* Setup. NULL when out of memory. */
ddsp_analyser *ddsp_analyser_new(void);

/* Setup; also resets. sample_rate 8000..384000 Hz, max_block 1..8192,
 * hop_s 0.001..0.1 s between frames. f0 is searched in 40..2000 Hz. */
int ddsp_analyser_prepare(ddsp_analyser *analyser, double sample_rate,
                          int max_block, double hop_s);

/* Audio. */
void ddsp_analyser_reset(ddsp_analyser *analyser);

/* Audio. Hears n mono samples (0 <= n <= max_block) and writes the frames
 * that fell due, the k-th (k = 1, 2, ...) after round(k * hop_s *
 * sample_rate) samples. Returns how many; room for
 * ddsp_analyser_max_frames() is always enough. */
int ddsp_analyser_process(ddsp_analyser *analyser, const float *in, int n,
                          ddsp_features *out);

/* Any thread after prepare. The most frames one process call can write. */
int ddsp_analyser_max_frames(const ddsp_analyser *analyser);

/* Setup. NULL is allowed. */
void ddsp_analyser_free(ddsp_analyser *analyser);
