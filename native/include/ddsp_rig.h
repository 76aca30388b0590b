/* ddsp_rig.h: everything between two blocks of the card. Rules and threads: ddsp_common.h. */

/* ---- part: one instrument: ear or plain clock, player, voices, the rings between ---- */

typedef struct ddsp_part ddsp_part;

/* What a voice is to play at one moment: of a note that starts or of a tick, which falls due once
 * a hop (and at a listening part's first pitch of a sound). Where the part has no conditioner the
 * control thread decodes it and answers with a frame of controls. A part with a conditioner plays
 * it itself, in the same block, and makes ticks only if it listens, for whoever wants to know
 * what was heard; nobody need read them. */
typedef struct {
    int64_t position;     /* samples since the rig began; when it fell due */
    int64_t made_ns;      /* CLOCK_MONOTONIC when it was put into the ring */
    float f0_hz;          /* as ddsp_features: what was heard; 0, 0 and -80 where the part */
    float confidence;     /* does not listen */
    float loudness_db;
    int32_t voice;        /* 0..n_voices - 1 */
    int32_t settled;      /* 1: it has been silence for so long (2 s) that a model need not be
                           * asked any more */
    ddsp_feature_frame frame;  /* what the player makes of it */
} ddsp_tick;

/* Setup. NULL when out of memory. */
ddsp_part *ddsp_part_new(void);

/* Setup; also resets; not while a rig has it. Ranges as ddsp_voice_prepare and
 * ddsp_analyser_prepare; n_voices 1..16. listens 1: an analyser and an effect player; 0: a synth
 * player, whose voice 0 has a frame at every tick. max_block is the card's period and the rig's
 * max_block: answers to ticks are timed by it (see ddsp_part_send_frame). */
int ddsp_part_prepare(ddsp_part *part, double sample_rate, int max_block,
                      int n_voices, int n_harmonics, int n_noise,
                      double band_limit_hz, double hop_s, int listens,
                      uint32_t seed);

/* Setup, after ddsp_part_prepare; not while a rig has it. As
 * ddsp_voice_prepare_second, of every voice. */
int ddsp_part_prepare_second(ddsp_part *part, int n_second, double second_limit_hz);

/* Setup, after ddsp_part_prepare; not while a rig has it. Body and room of the model, of which the
 * rig's control DDSP_BODY says how much is added to the voices. As ddsp_convolver_prepare. */
int ddsp_part_set_response(ddsp_part *part, const float *response, int n, double response_rate);

/* Setup, after ddsp_part_prepare; not while a rig has it. The model's usual softest and loudest
 * note, for the synth player; -60 and 0 until then. */
int ddsp_part_set_loudness(ddsp_part *part, double min_loudness_db, double max_loudness_db);

/* Setup, after ddsp_part_prepare with the conditioner's sizes; not while a rig has it. The part
 * decodes its frames itself. The conditioner is the part's from now on, though not freed by it,
 * and every model of it needs its network. DDSP_BAD_ARGUMENT where sizes differ. */
int ddsp_part_set_conditioner(ddsp_part *part, ddsp_conditioner *conditioner);

/* Any thread. Frames in which a network of the part's conditioner gave something not finite. */
uint32_t ddsp_part_faults(ddsp_part *part);

/* Setup. NULL is allowed; not while a rig has it. */
void ddsp_part_free(ddsp_part *part);

/* Any thread. The part's share of the left and the right side, linear, 0..16; 1 and 1 until it is
 * set. It moves there in 10 ms, but at once before the part is played. 1; DDSP_BAD_ARGUMENT for
 * a part not prepared. */
int ddsp_part_set_gain(ddsp_part *part, float left, float right);

/* Control. An event for the part's player (voices at and above n_voices are not there), which
 * happens at the head of the next block. 1; 0 when the ring, of 256, is full. */
int ddsp_part_send_event(ddsp_part *part, const ddsp_event *event);

/* Control. What the audio thread knew of the synth player's DDSP_MAX_VOICES voices after its last
 * block. A voice whose serial is not that of the last event sent has not taken it yet. */
void ddsp_part_voice_states(ddsp_part *part, ddsp_voice_state *out);

/* Audio, or where the rig does not run. What the part's player asked for at its newest tick, of the
 * loudest voice, before any conditioning; loudness_db is -80 where nothing sounds. */
void ddsp_part_newest_frame(const ddsp_part *part, ddsp_feature_frame *out);

/* Control, before ddsp_rig_play of `part`. When it is played it goes on with what the player of
 * `other`, which a rig plays, is playing then: every note, or what is heard and frozen. */
void ddsp_part_go_on_from(ddsp_part *part, ddsp_part *other);

/* Control. Takes up to n ticks, oldest first; how many. The ring holds 2048;
 * ticks that find it full are lost and counted. */
int ddsp_part_read_ticks(ddsp_part *part, ddsp_tick *out, int n);

/* Control. New targets of one voice, values as ddsp_voice_set_frame.
 *
 * position >= 0: the position of the tick that this answers. The ramp starts at
 * position + max_block and ends ramp_s later, whenever the answer came, so that
 * with ramp_s = hop_s each ramp follows on the last. An answer that comes after
 * the start still ends in time; one after the end goes there at once (1 ms) and
 * is counted late. No ramp is shorter than 1 ms.
 *
 * onset 1: a note that starts: a later frame waits until this ramp has ended.
 *
 * position < 0: a note that starts now: the ramp begins with the next block,
 * and unused older frames of this voice are dropped. It is an onset.
 *
 * 1; 0 when the voice's ring is full (counted); DDSP_BAD_ARGUMENT for a voice
 * that is not there.
 *
 * While no frame comes for 1 s (the control thread stalled) the voices hold;
 * then they fade by 60 dB in 2 s, counted as a stall. The next frame brings
 * them back on its ramp. */
int ddsp_part_send_frame(ddsp_part *part, int voice, int64_t position, int onset,
                         float f0_hz, float amplitude,
                         const float *harmonic_distribution,
                         const float *noise_magnitudes, float ramp_s);

/* ---- rig: from a block of the card's input to a block of its output ---- */

typedef struct ddsp_rig ddsp_rig;

enum {
    DDSP_MAX_TOGETHER = 16,     /* parts that play as one group */
    DDSP_MAX_GROUPS = 4,        /* in a rig, with those that fade out */
    DDSP_MAX_PARTS = DDSP_MAX_GROUPS * DDSP_MAX_TOGETHER,
    DDSP_TIME_BUCKETS = 24
};

/* Controls: linear gains 0..16 unless stated; each moves there in 10 ms (the
 * reverb in 20 ms), but at once before the first block. */
enum {
    DDSP_TRIM,            /* of the input, before the parts and the dry path; 1 */
    DDSP_DRY,             /* the chosen input in the output, without delay; 0 */
    DDSP_WET,             /* the parts, with their room; 1 */
    DDSP_BYPASS,          /* 1: the output is the input, bit for bit; 0 */
    DDSP_MUTE,            /* 1: the output is silent, bypassed or not; 0 */
    DDSP_GAIN_LEFT,       /* of dry and wet together; 1 */
    DDSP_GAIN_RIGHT,
    DDSP_REVERB_SIZE,     /* as ddsp_output_set_reverb; 0.5 */
    DDSP_REVERB_DAMPING,  /* 0.5 */
    DDSP_REVERB_WET,      /* 0 */
    DDSP_INPUT,           /* 0: left, 1: right, 2: the mean of both, or the louder one where the
                             mean is far below it (see input_side); 2 */
    DDSP_BODY,            /* how much of the parts' own responses is heard, 0..1, in 20 ms; 1 */
    DDSP_CONTROLS
};

/* Counters grow from prepare on. */
typedef struct {
    int64_t position;          /* samples since prepare */
    uint64_t blocks;           /* calls of process */
    float input_peak;          /* linear, after the trim, since the last read */
    float output_peak;         /* before the limit of 1, since the last read */
    float input_sides[2];      /* peaks of both channels since the last read: as they */
    float output_sides[2];     /* come in, before the trim, and as they go out */
    int input_side;            /* what is heard now: 0 left, 1 right, 2 the mean of both */
    uint64_t input_clips;      /* samples at full scale, before or after the trim */
    uint64_t output_clips;     /* samples that were limited */
    uint64_t bad_inputs;       /* NaN or infinite samples, taken as 0 */
    uint64_t late_frames;      /* came after their ramp's end */
    uint64_t tick_overruns;    /* ticks lost: the control thread did not read */
    uint64_t frame_overruns;   /* frames refused: the audio thread did not read */
    uint64_t stalls;           /* times that no frame came for 1 s */
    int parts;                 /* in the rig now */
    float load;                /* process time over block time, last second or so */
    uint64_t process_last_ns;
    uint64_t process_max_ns;
    uint64_t process_ns[24];   /* blocks that took 2^i .. 2^(i+1) ns */
} ddsp_rig_stats;

/* Setup. NULL when out of memory. */
ddsp_rig *ddsp_rig_new(void);

/* Setup; also resets, and frees the parts that it had. wake_fd is an eventfd,
 * written after a block in which a tick was made or a part retired; -1 none. */
int ddsp_rig_prepare(ddsp_rig *rig, double sample_rate, int max_block,
                     int wake_fd);

/* Setup; frees its parts too. NULL is allowed. */
void ddsp_rig_free(ddsp_rig *rig);

/* Control. The part runs (listens, ticks, takes frames) from the next block on;
 * delay_s later (0..60) it is faded in and all others are faded out, equal
 * power, in fade_s (0..10). part NULL: all are faded out. A later call replaces
 * one that still waits. A part is played once.
 * 1; 0 when DDSP_MAX_GROUPS groups are out (see ddsp_rig_retired) or the ring is full;
 * DDSP_BAD_ARGUMENT for a part not prepared with this rate and block, or played
 * before. From 1 on the rig owns the part. */
int ddsp_rig_play(ddsp_rig *rig, ddsp_part *part, float delay_s, float fade_s);

/* Control. The same for n parts, 1..DDSP_MAX_TOGETHER, which begin with the same sample and are
 * faded in and out together; all of them or none. */
int ddsp_rig_play_together(ddsp_rig *rig, ddsp_part *const *parts, int n, float delay_s,
                           float fade_s);

/* Control. A part that the audio thread has done with, which the caller owns
 * again; NULL when there is none. */
ddsp_part *ddsp_rig_retired(ddsp_rig *rig);

/* Any thread. 1; DDSP_BAD_ARGUMENT for a control that is not there. */
int ddsp_rig_set(ddsp_rig *rig, int control, float value);

/* Control. All voices silent within 5 ms from the next block on, the room
 * emptied, frames sent before forgotten. What is sent afterwards sounds. 1. */
int ddsp_rig_panic(ddsp_rig *rig);

/* Control. A test signal over everything that is played, muted and bypassed too: n mono
 * samples, with the gains left and right (0..1) of both sides; the sum is limited to +-1.
 * What comes in meanwhile is written to heard, 2n samples, as it comes (a block's input
 * stands where its output does), unless heard is NULL. Both buffers must stay until
 * ddsp_rig_test_done. 1; 0 while another one is played; DDSP_BAD_ARGUMENT for n < 1. */
int ddsp_rig_test(ddsp_rig *rig, const float *signal, int64_t n, float left, float right,
                  float *heard);

/* Control. Fade the test signal out in 10 ms. */
void ddsp_rig_test_end(ddsp_rig *rig);

/* Control. 1: none is played (any more), the buffers are the caller's; 0: not yet. */
int ddsp_rig_test_done(ddsp_rig *rig);

/* Audio. in: 2n interleaved samples or NULL (silence); out: 2n; any n >= 0. in
 * may be out. rig is a ddsp_rig (the type that ddsp_stream.h calls). */
void ddsp_rig_process(void *rig, const float *in, float *out, int n);

/* Any thread. Disturbs nothing but the peaks, which start anew. */
void ddsp_rig_read(ddsp_rig *rig, ddsp_rig_stats *out);

/* ---- probe: between the audio thread and the rig, to measure latency -------- */

typedef struct ddsp_probe ddsp_probe;

/* What was caught; times in ns of CLOCK_MONOTONIC. */
typedef struct {
    int64_t block_ns;     /* when the block of the first loud sample was begun */
    int offset;           /* of that sample in its block */
    int64_t tone_ns;      /* when the block in which the tone began was begun; 0: no tone */
    int64_t since_tone;   /* samples from the tone's first to the first loud one */
} ddsp_catch;

/* Setup. NULL when out of memory. The rig must live longer. */
ddsp_probe *ddsp_probe_new(ddsp_rig *rig, double sample_rate);

/* Setup. NULL is allowed. */
void ddsp_probe_free(ddsp_probe *probe);

/* One thread, any. From the next block on look for the first sample beyond
 * threshold (linear). tone_hz > 0: what the rig hears is, until the next call, a
 * tone of twelve harmonics of this amplitude that starts with that block; 0: what
 * comes in. */
void ddsp_probe_arm(ddsp_probe *probe, float threshold, float tone_hz, float amplitude);

/* The same thread. 1 and what was caught, or 0. */
int ddsp_probe_read(ddsp_probe *probe, ddsp_catch *out);

/* Audio. As ddsp_rig_process; probe is a ddsp_probe. */
void ddsp_probe_process(void *probe, const float *in, float *out, int n);
