/* ddsp_analysis.h: from sound to features. Rules and threads: ddsp_common.h. */

/* ---- analyser: pitch and loudness -------------------------------------- */

typedef struct ddsp_analyser ddsp_analyser;

/* One frame of features. */
typedef struct {
    int64_t position;     /* samples heard since reset when it was made */
    float f0_hz;          /* last trusted pitch; 0 until there is one */
    float confidence;     /* 0 (no pitch) .. 1 (perfectly periodic) */
    float loudness_db;    /* mean square, dB re full scale, -80 .. +10 */
    float treble_db;      /* share of the power above 5 kHz, dB, -60 .. 0, where there is no
                           * trusted pitch (confidence below 0.6); elsewhere, or in silence, 0 */
} ddsp_features;

/* Setup. NULL when out of memory. */
ddsp_analyser *ddsp_analyser_new(void);

/* Setup; also resets. sample_rate 8000..384000 Hz, max_block 1..8192,
 * hop_s 0.001..0.1 s between frames. f0 is searched in 27.5..2000 Hz;
 * below 41 Hz it is known after two to three periods and two hops. */
int ddsp_analyser_prepare(ddsp_analyser *analyser, double sample_rate,
                          int max_block, double hop_s);

/* Audio. */
void ddsp_analyser_reset(ddsp_analyser *analyser);

/* Audio. eager 1: the first trusted pitch of a sound that begins, which is looked for every
 * millisecond, makes a frame at once, from which the hops are counted on. 0 (as prepared):
 * frames fall due by the hop alone. Kept by reset. */
void ddsp_analyser_set_eager(ddsp_analyser *analyser, int eager);

/* Audio. Hears n mono samples (0 <= n <= max_block) and writes the frames
 * that fell due, the k-th (k = 1, 2, ...) round(k * hop_s * sample_rate)
 * samples after the start (or the last eager one). Returns how many; room for
 * ddsp_analyser_max_frames() is always enough. */
int ddsp_analyser_process(ddsp_analyser *analyser, const float *in, int n,
                          ddsp_features *out);

/* Any thread after prepare. The most frames one process call can write. */
int ddsp_analyser_max_frames(const ddsp_analyser *analyser);

/* Setup. NULL is allowed. */
void ddsp_analyser_free(ddsp_analyser *analyser);
