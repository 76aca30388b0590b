/* ddsp_player.h: from what is heard or played to feature frames. Rules and threads: ddsp_common.h.
 *
 * Python decides (MIDI table, voice allocation, pedals, settings) and sends events; these players
 * perform them: they are asked once a frame, in the audio callback or by an offline loop. Times
 * are seconds of the owner's clock and do not go back. A frame costs about a microsecond.
 */

/* ---- effect player: gate, knee, held pitch, scale snap, voicing, freeze ---- */

typedef struct ddsp_effect ddsp_effect;

enum { DDSP_SNAP_OFF = 0, DDSP_SNAP_SOFT = 1, DDSP_SNAP_HARD = 2 };

typedef struct {
    float gate_db;             /* the gate opens here; -80: it is off */
    float gate_hysteresis_db;  /* it closes this far below; 0 or more */
    float snap_offset;         /* semitones from A4 = 440 Hz to the tuning of the scale */
    float transpose;           /* semitones by which the sound will be moved; the scale is that
                                * of what sounds, so whole semitones count here */
    int32_t snap;              /* DDSP_SNAP_* */
    uint32_t snap_notes;       /* bit n: pitch class n (0: C) is in the scale; none: all */
} ddsp_effect_settings;

/* Setup. hop_s: seconds taken for the time between two frames where the times given make no
 * sense. Settings: gate off, snap off. NULL when out of memory. */
ddsp_effect *ddsp_effect_new(double hop_s);

/* Setup. NULL is allowed. */
void ddsp_effect_free(ddsp_effect *effect);

/* Audio. Nothing heard, nothing frozen. Settings stay. */
void ddsp_effect_reset(ddsp_effect *effect);

/* Audio. New settings while it plays; what is heard glides there. Values that are not finite
 * become 0. */
void ddsp_effect_set(ddsp_effect *effect, const ddsp_effect_settings *settings);

/* Audio. on 1: hold the present sound until on 0. Fades in 60 ms. */
void ddsp_effect_freeze(ddsp_effect *effect, int on);

/* Audio. Goes on with what another one hears and holds frozen, and its settings; hop_s stays. */
void ddsp_effect_adopt(ddsp_effect *effect, const ddsp_effect *other);

/* Audio. One frame of the analyser at time_s. out: f0_hz is 0 (before the first pitch) or
 * 20..8000, loudness_db -80..0; whatever came in, all of it is finite. */
void ddsp_effect_frame(ddsp_effect *effect, const ddsp_features *heard, double time_s,
                       ddsp_feature_frame *out);

/* ---- synth player: envelope, glide, expression, bend, pressure, vibrato of each voice ---- */

typedef struct ddsp_synth ddsp_synth;

enum { DDSP_ALL_VOICES = -1 };

/* How a player would play one note: choices made once, at its start, by whoever sends it, and
 * carried out frame by frame. Fields that are 0 ask for nothing; ddsp_synth_settings says how much
 * of each group is heard. Sizes are those of amount 1. */
typedef struct {
    uint32_t seed;            /* of everything irregular below */
    /* vibrato */
    float vibrato_cents;      /* each way, once it has grown; 0..200 */
    float vibrato_db;         /* of the level, with it; 0..12 */
    float vibrato_hz;         /* 0..12 */
    float vibrato_delay_s, vibrato_rise_s;  /* it begins then and grows for so long */
    float vibrato_wander;     /* 0..1: how irregular its rate and depth are */
    /* pitch */
    float detune_cents;       /* throughout; -100..100 */
    float drift_cents;        /* irregular and slow, about its middle; root mean square, 0..100 */
    float scoop_cents;        /* where the pitch begins; -2400..2400 */
    float scoop_s;            /* it arrives then: from a legato note on an S curve, else soon */
    /* dynamics */
    float accent_db;          /* throughout; -24..24 */
    float swell_db, swell_s;  /* rises by so much until then ... */
    float fade_db, fade_s;    /* ... and falls by so much in the time that follows */
    float tremor_db;          /* irregular, 2 to 9 Hz; peak of a sine of that power, 0..12 */
    float flicker_db;         /* of the timbre, irregular, 5 to 22 Hz; root mean square, 0..12 */
    float partials_db;        /* of single harmonics, irregular, 4 to 18 Hz; rms, 0..6 */
    /* attack and release */
    float attack_db, attack_s;  /* begins so far below its level and arrives then */
    float attack_noise;       /* 0..1: so much of its harmonics are noise as it begins */
    float release_stretch;    /* of release_s; 0 or 1: as it is; up to 8 */
    float release_cents;      /* falls by so much as it dies away; -200..200 */
    float release_noise;      /* 0..1: so much becomes noise as it dies away */
} ddsp_note_expression;

/* What one note is played with, chosen once at its start. Fields that are 0 ask for nothing, so
 * that a later version may add fields; `version` says which ones the sender knew: since 2
 * `expression`. */
enum { DDSP_NOTE_VERSION = 2 };
typedef struct {
    int32_t version;      /* DDSP_NOTE_VERSION */
    float pitch;          /* MIDI note */
    float velocity;       /* 0..1 */
    float level_db;       /* added to the loudness: the soft pedal */
    float glide_s;        /* seconds from glide_from to pitch; 0: at once */
    float glide_from;     /* MIDI note; below 0: where the voice that was struck last is now */
    ddsp_note_expression expression;
} ddsp_note;

/* How a voice, or with DDSP_ALL_VOICES the whole instrument, is touched while it sounds. The two
 * add up; of the pressures the harder one counts. */
typedef struct {
    float bend;           /* semitones */
    float pressure;       /* 0..1, up to 6 dB louder */
    float brightness;     /* -1..1 */
    float level_db;       /* volume, expression and breath */
    float vibrato;        /* 0..1 of vibrato_depth */
} ddsp_touch;

typedef struct {
    float attack_s, decay_s, sustain, release_s;  /* sustain 0..1 */
    float tuning_hz;          /* of A4 */
    float velocity_range_db;  /* from the softest to the loudest stroke */
    float vibrato_rate_hz, vibrato_depth;         /* depth in semitones */
    /* How much of each group of a note's expression is heard, 0..4: 0 none, 1 as it says. A note
     * that sounds moves there in about 50 ms. */
    float vibrato_amount, pitch_amount, dynamics_amount, attack_amount;
    /* Waves of every vibrato in a beat, where there is a beat; DDSP_NEAREST_WAVES: as many as come
     * nearest to its own rate; 0: it does not follow the beat. More than 12 a second are halved. */
    float vibrato_waves;
} ddsp_synth_settings;

enum { DDSP_NEAREST_WAVES = -1 };

/* Where the beat is: it was at `beats` at at_s, of the player's clock, and hz follow a second.
 * hz 0: there is no beat. */
typedef struct {
    double at_s, beats;
    float hz;                 /* 0..20 */
} ddsp_beat;

enum {
    DDSP_EVENT_START = 1,     /* a note on a voice: note, touch */
    DDSP_EVENT_RETARGET,      /* the same, legato: its envelope goes on */
    DDSP_EVENT_RELEASE,       /* nothing holds the voice's note any more; value > 0: the voice is
                               * wanted elsewhere, and fades in at most so many milliseconds */
    DDSP_EVENT_STOP,          /* silence at once */
    DDSP_EVENT_TOUCH,         /* touch, of a voice or of DDSP_ALL_VOICES */
    DDSP_EVENT_SYNTH,         /* synth: new settings, and those of the envelopes */
    DDSP_EVENT_EFFECT,        /* effect: new settings */
    DDSP_EVENT_FREEZE,        /* value 1 or 0; the effect's */
    DDSP_EVENT_RESET,         /* the player as new */
    DDSP_EVENT_CONDITION,     /* conditioning: new settings of the part's conditioner */
    DDSP_EVENT_BEAT,          /* beat: where it is from now on; vibratos go over to it smoothly */
    DDSP_EVENT_TUNE           /* note.pitch: the voice's note has another pitch from now on, and
                               * glides there in note.glide_s; nothing else of the note changes */
};

typedef struct {
    int32_t kind;             /* DDSP_EVENT_* */
    int32_t voice;            /* 0..15 or DDSP_ALL_VOICES */
    uint32_t serial;          /* of the voice's events; ddsp_voice_state gives the last one back */
    int32_t value;
    ddsp_note note;
    ddsp_touch touch;
    ddsp_synth_settings synth;
    ddsp_effect_settings effect;
    ddsp_conditioning conditioning;
    ddsp_beat beat;
} ddsp_event;

/* A frame of one voice. */
typedef struct {
    double time_s;
    int32_t voice;
    ddsp_feature_frame frame;
} ddsp_voice_frame;

/* What an allocator of voices wants to know. */
typedef struct {
    uint32_t serial;          /* of the last event that the voice took */
    int32_t sounds;           /* 0: its envelope has ended */
    float loudness_db;        /* of its last frame */
} ddsp_voice_state;

/* Setup. hop_s: seconds between two ticks; min_ and max_loudness_db: the model's usual softest
 * and loudest note. NULL when out of memory or for values that are not finite. */
ddsp_synth *ddsp_synth_new(double hop_s, double min_loudness_db, double max_loudness_db);

/* Setup. NULL is allowed. */
void ddsp_synth_free(ddsp_synth *synth);

/* Audio. Takes an event that happens at time_s. Events of other kinds, voices that are not
 * there and values that are not finite do no harm. */
void ddsp_synth_event(ddsp_synth *synth, const ddsp_event *event, double time_s);

/* Audio. Every voice is silent from time_s on. */
void ddsp_synth_panic(ddsp_synth *synth, double time_s);

/* Audio. Goes on with every note and setting of another one; hop and model stay. */
void ddsp_synth_adopt(ddsp_synth *synth, const ddsp_synth *other);

/* Audio. When ddsp_synth_onsets is to be called next; infinity when nothing is due. */
double ddsp_synth_due(const ddsp_synth *synth);

/* Audio. The frames that do not wait for a tick and are due by time_s: of notes that start, or
 * rise again 5 ms after the dip of a note struck twice. out has room for DDSP_MAX_VOICES. */
int ddsp_synth_onsets(ddsp_synth *synth, double time_s, ddsp_voice_frame *out);

/* Audio. The frames of a tick, of voice 0 and of every other one that does not rest. They say
 * what is to be reached hop_s later. out has room for DDSP_MAX_VOICES. */
int ddsp_synth_frames(ddsp_synth *synth, double time_s, ddsp_voice_frame *out);

/* Audio. 1: every voice has been silent for so long (2 s) that its frames say nothing new. */
int ddsp_synth_rests(const ddsp_synth *synth, double time_s);

/* Audio. The states of all DDSP_MAX_VOICES voices. */
void ddsp_synth_states(const ddsp_synth *synth, ddsp_voice_state *out);
