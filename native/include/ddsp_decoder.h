/* ddsp_decoder.h: from feature frames to control frames. Rules and threads: ddsp_common.h.
 *
 * A network holds a model's weights; a decoder state remembers what one voice has played through
 * it; a conditioner lies around one or two decoders and adds shifts, gains, silence and the morph
 * between two models. */

/* ---- network: the weights of one model --------------------------------- */

typedef struct ddsp_network ddsp_network;

enum {
    DDSP_MAX_STATE = 512,      /* numbers that a voice remembers */
    DDSP_MAX_UNITS = 512,      /* outputs of a hidden layer */
    DDSP_MAX_LAYERS = 8        /* hidden layers in a row */
};

/* outputs[j] = bias[j] + the sum of weights[j * n_in + i] * inputs[i]. */
typedef struct {
    const float *weights;      /* n_out rows of n_in */
    const float *bias;         /* n_out */
    int n_in, n_out;           /* n_in 0: there is no such layer */
} ddsp_layer;

/* A decoder network as the exporter writes it (docs/decoder.md), recurrent or with running means:
 *
 *   x = (f0_scaled - pitch_centre) * pitch_slope, (pw_scaled - loudness_centre) * loudness_slope
 *   running means: every mean moves by its share towards x; x = (x, x - means)
 *   layers[0] also adds past applied to the earlier inputs; leaky_relu after each layer
 *   recurrent: a GRU cell on the last layer's output, then merge applied to both; leaky_relu
 *   gain = max(0, exp((pw_scaled - gain_centre) * gain_slope) - gain_floor)
 *   amplitude = gain * exp(its head within amplitude_low..amplitude_high)
 *   harmonic_distribution = softmax(its head)
 *   noise_magnitudes = gain * exp(its head within noise_low..noise_high) */
typedef struct {
    int n_harmonics, n_noise;  /* 1..128, 1..129 */
    int state_size;            /* 1..512: the GRU's, or the means followed by earlier inputs */
    float pitch_centre, pitch_slope, loudness_centre, loudness_slope;
    float leak;                /* 0..1: slope of leaky_relu below 0 */
    float gain_centre, gain_slope, gain_floor;      /* 0..2, 0..20, 0..1 */
    float amplitude_low, amplitude_high;            /* -40..10 */
    float noise_low, noise_high;                    /* -40..10 */
    const float *mean_shares;  /* n_means, in the order of the state */
    int n_means;               /* even, 0..state_size; pitch and loudness take turns */
    int n_layers;              /* 1..8 */
    ddsp_layer layers[8];
    ddsp_layer past;           /* of the state behind the means, newest first */
    ddsp_layer gates[6];       /* recurrent: input to reset, update, new; state to the same */
    ddsp_layer merge[2];       /* recurrent: from the last layer, from the new state */
    ddsp_layer amplitude, harmonics, noise;
} ddsp_network_weights;

/* Setup. NULL when out of memory. */
ddsp_network *ddsp_network_new(void);

/* Setup. Copies the weights, whose values may be anything. DDSP_BAD_ARGUMENT where sizes do not
 * fit each other or a scalar is outside its range. */
int ddsp_network_prepare(ddsp_network *network, const ddsp_network_weights *weights);

/* Setup. NULL is allowed. */
void ddsp_network_free(ddsp_network *network);

/* A prepared network never changes: any number of threads and voices may share it. */

/* ---- decoder: what one voice has played -------------------------------- */

typedef struct {
    float state[512];          /* DDSP_MAX_STATE */
    uint32_t faults;           /* frames that were not finite, since it was zeroed */
} ddsp_decoder_state;

/* Audio. Forgets what was played; faults keep counting. Zeroed memory is a fresh state too. */
void ddsp_decoder_reset(ddsp_decoder_state *state);

/* Audio. One step: f0_hz and loudness_db of `in` to `out`, of which the network's n_harmonics and
 * n_noise entries are written. f0_hz is passed through (0 below 0.001 Hz or not finite).
 * Silence steps the network too. Where anything is not finite the frame is silent, the state
 * starts afresh and faults counts it. About 0.5 us; the network must be prepared. */
void ddsp_decoder_step(const ddsp_network *network, ddsp_decoder_state *state,
                       const ddsp_feature_frame *in, ddsp_control_frame *out);

/* Any thread, for benches: nanoseconds of one step, the best of `repeats` runs of `steps`. */
double ddsp_decoder_time(const ddsp_network *network, int steps, int repeats);

/* ---- conditioner: settings and morph around one or two decoders --------- */

typedef struct ddsp_conditioner ddsp_conditioner;

/* How loud a model is shown what is to be played, and by how much its answer is turned up so that
 * it sounds as loud as was asked: a table over pitch and loudness, measured on the model itself
 * (docs/models.md). Between entries it is linear, beyond its ends as at the nearer one. */
enum { DDSP_MAX_MAP_NOTES = 160, DDSP_MAX_MAP_LEVELS = 32 };
typedef struct {
    int n_notes, n_levels;        /* 1..160 rows, a semitone apart; 2..32 columns */
    double lowest_note;           /* MIDI note of the first row, -20..160 */
    const float *loudness_db;     /* n_levels, rising, -80..0: what is asked for */
    const float *shown_db;        /* n_notes rows of n_levels, -80..0: what the model is shown */
    const float *gain_db;         /* the same shape, -60..60: of all that it answers */
    const float *noise_db;        /* the same shape, -60..0: of its noise, besides */
} ddsp_loudness_map;

/* What is known of a model. */
typedef struct {
    const ddsp_network *network;  /* lives longer than the conditioner; NULL: decoded elsewhere */
    int n_harmonics, n_noise;     /* 1..128, 2..129 */
    double band_limit_hz;         /* half the model's sample rate, 1000..384000 */
    double hop_s;                 /* between two of its frames, 0.001..0.1 */
    double usual_hz;              /* is shown while no pitch is known, 1..100000 */
    double offset_db;             /* is shown so much louder than the frames say, -400..400 */
    double lowest_hz, highest_hz; /* the range that it has learnt; 0 (or not finite): no bound */
    double reach;                 /* semitones, 0..24: a pitch beyond the range is shown at most so
                                   * far beyond it (before input_pitch). From half of it on it is
                                   * softer by 1 dB a semitone, by 12 dB at most; 1 to 4 semitones
                                   * further than it a note fades where `beyond` asks for it */
    const ddsp_loudness_map *loudness_map; /* copied; NULL: a model is shown what is asked for */
} ddsp_conditioned_model;

/* Settings; values outside their range count as its nearest end, NaN as 0. */
typedef struct {
    float pitch_shift;         /* semitones, -24..24: of the sound and of what a model is shown */
    float input_pitch;         /* semitones, -24..24: only of what a model is shown */
    float input_gain_db;       /* -40..40: only of what a model is shown; wakes no silence */
    float harmonic_gain_db;    /* -60..12 */
    float noise_gain_db;       /* -60..12 */
    float unpitched;           /* 0..1: how much of what has no pitch becomes noise */
    float morph;               /* 0..1: from the first model to the second */
    float beyond;              /* 0..1: notes far outside of a model's range are thin (0), silent (1) */
} ddsp_conditioning;

/* What the voices have to be prepared for (ddsp_voice_prepare, ddsp_voice_prepare_second). */
typedef struct {
    int n_harmonics, n_noise;
    double band_limit_hz;
    int n_second;              /* 0: no second noise */
    double second_limit_hz;
    double hop_s;              /* frames are begun so often: the first model's */
} ddsp_conditioner_sizes;

/* Setup. NULL when out of memory. */
ddsp_conditioner *ddsp_conditioner_new(void);

/* Setup; also resets, to the settings given. n_voices 1..16; second NULL: no morph. */
int ddsp_conditioner_prepare(ddsp_conditioner *conditioner, int n_voices,
                             const ddsp_conditioned_model *first,
                             const ddsp_conditioned_model *second, ddsp_conditioning settings);

/* Setup, or audio. After ddsp_conditioner_prepare. */
ddsp_conditioner_sizes ddsp_conditioner_get_sizes(const ddsp_conditioner *conditioner);

/* Audio. What the next frames move towards: gains, input_gain, unpitched and beyond take 20 ms (a voice
 * that is silent or begins with an onset has them at once), morph 50 ms; shifts of pitch count
 * from the next frame on, since a voice glides or leaps by itself. */
void ddsp_conditioner_set(ddsp_conditioner *conditioner, ddsp_conditioning settings);

/* Audio. Every voice forgets what it played and stands at the settings. */
void ddsp_conditioner_reset(ddsp_conditioner *conditioner);

/* Audio. Begins a frame of a voice, 0..n_voices - 1; what the last one had left is dropped. After
 * a silent frame (-80 dB) the models have forgotten what the voice played, so that the same note
 * sounds the same whatever was played before. */
void ddsp_conditioner_begin(ddsp_conditioner *conditioner, int voice,
                            const ddsp_feature_frame *in);

/* Audio. The next target of the frame that was begun: 1 and `out`, to be reached from offset_s
 * after the frame in ramp_s (both are seconds); 0 where there is none left; -1 where a model
 * without a network is to be asked first. Mostly one a frame; more where the second model is
 * faster than the first. Take all of them before the next frame: the models move on with each.
 * Entries of `out` behind the sizes are left as they are. */
int ddsp_conditioner_next(ddsp_conditioner *conditioner, int voice, ddsp_control_frame *out,
                          float *offset_s, float *ramp_s);

/* Audio. For models without a network: which one is to decode `shown` before the next target and
 * ddsp_conditioner_answer to be called with what it says. 0: the first one; 1: the second one; 2
 * and 3: the same, which forgets before what it played on this voice; -1: none. */
int ddsp_conditioner_ask(ddsp_conditioner *conditioner, int voice, ddsp_feature_frame *shown);

/* Audio. What the model that was asked said. */
void ddsp_conditioner_answer(ddsp_conditioner *conditioner, int voice,
                             const ddsp_control_frame *controls);

/* Audio. Frames in which a network gave something not finite, since prepare. */
uint32_t ddsp_conditioner_faults(const ddsp_conditioner *conditioner);

/* Setup. NULL is allowed. */
void ddsp_conditioner_free(ddsp_conditioner *conditioner);
