/* ddsp_frames.h: what flows between the stages, one struct a frame. */

/* What a source (analysed audio or a MIDI voice) asks a model for at one moment. */
typedef struct {
    float f0_hz;          /* fundamental; 0 before the first pitch is known */
    float loudness_db;    /* mean square, dB re full scale, -80 (silence) .. 0 */
    float confidence;     /* 0..1, how periodic the input was; 1 for MIDI */
    float brightness_db;  /* the timbre of a note so much louder, at this loudness; 0 */
    float pitched;        /* 0..1, the share of the sound that is a note; the rest is noise */
    float treble_db;      /* share of the sound above 5 kHz, dB, which bounds that noise; 0: not */
    float partials_db;    /* single harmonics stray by so much, root mean square; their power stays */
    float partials_at;    /* where on their ways they are: 1 further for each swing */
    int32_t onset;        /* 1: a note starts here and is reached at once, not over a hop */
} ddsp_feature_frame;

/* What a voice plays: the decoder's answer. Sizes are the model's; with two models (a morph)
 * the second model's noise bands follow the first's. */
typedef struct {
    float f0_hz;          /* fundamental; 0: no pitch */
    float amplitude;      /* linear, of all harmonics together */
    float harmonic_distribution[128];  /* weights, DDSP_MAX_HARMONICS */
    float noise_magnitudes[258];       /* linear gains, 2 * DDSP_MAX_NOISE_BANDS */
} ddsp_control_frame;
