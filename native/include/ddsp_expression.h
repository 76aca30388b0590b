/* ddsp_expression.h: how each note is played, chosen once as it starts. Rules and threads:
 * ddsp_common.h.
 *
 * An instrument's expression says of every quantity of its playing (the depth of a vibrato, the
 * length of an attack) how it is distributed and what it leans on. A chooser draws from it what is
 * done with one note; the synth player carries that out. Python (ddsp_edge/synth/performer.py) and
 * the plug-in's receiver use the same chooser, so that a seed plays the same notes the same way
 * in both. The quantities are explained in docs/expression.md.
 */

/* What is drawn for a note. New ones are added at the end: what is drawn for the others then stays
 * as it is. */
enum {
    DDSP_VIBRATO_CENTS,
    DDSP_VIBRATO_DB,
    DDSP_VIBRATO_HZ,
    DDSP_VIBRATO_DELAY_S,
    DDSP_VIBRATO_RISE_S,
    DDSP_VIBRATO_WANDER,
    DDSP_DETUNE_CENTS,
    DDSP_DRIFT_CENTS,
    DDSP_SCOOP_SHARE,
    DDSP_SCOOP_CENTS,
    DDSP_SCOOP_S,
    DDSP_SLIDE_SHARE,
    DDSP_SLIDE_S,
    DDSP_ACCENT_DB,
    DDSP_PHRASE_DB,
    DDSP_SWELL_DB,
    DDSP_SWELL_SHARE,
    DDSP_FADE_DB,
    DDSP_TREMOR_DB,
    DDSP_FLICKER_DB,
    DDSP_PARTIALS_DB,
    DDSP_ATTACK_DB,
    DDSP_ATTACK_S,
    DDSP_ATTACK_NOISE,
    DDSP_RELEASE_STRETCH,
    DDSP_RELEASE_CENTS,
    DDSP_RELEASE_NOISE,
    DDSP_QUANTITIES
};

/* One of them: its name in files and in Python, its unit ("" for shares), what it means, and the
 * range that is played. No slope and no deviation is larger than `largest`. */
typedef struct {
    const char *name, *unit, *meaning;
    double minimum, maximum, largest;
} ddsp_quantity;

/* Any thread. The quantity of a number; NULL for one that there is not. */
const ddsp_quantity *ddsp_quantity_get(int32_t number);

/* How the values of one quantity are distributed: normally, about a mean that leans on what is
 * played. */
typedef struct {
    int32_t known;        /* 0: nothing is known of it, and nothing is done */
    double mean;          /* of a note of 0.7 s with a stroke of 0.7, in the middle of the range */
    double deviation;     /* standard, about the mean */
    double pitch;         /* added for each octave above the middle of the instrument's range */
    double velocity;      /* added from the softest stroke to the loudest */
    double length;        /* added for each doubling of the note's length */
} ddsp_tendency;

/* Any thread. 1: the numbers are finite and within the ranges of the quantity. */
int ddsp_tendency_good(int32_t quantity, const ddsp_tendency *tendency);

/* Any thread. The value for a note; chance is a draw of the standard normal distribution. Not yet
 * within the quantity's range. */
double ddsp_tendency_at(const ddsp_tendency *tendency, double octaves, double velocity,
                        double length_s, double chance);

/* Of an instrument. */
typedef struct {
    double middle_note;   /* MIDI note: the middle of its range */
    ddsp_tendency tendencies[DDSP_QUANTITIES];
} ddsp_expression;

/* Any thread. 1: every tendency that is known is good, and the middle is within -128 to 256. */
int ddsp_expression_good(const ddsp_expression *expression);

/* Where beats and bar lines are: `bar` beats lie between two lines, one of which is at beat
 * bar_from. beat.hz 0, or a bar that is not above 0: there are none. */
typedef struct {
    ddsp_beat beat;
    double bar, bar_from;
} ddsp_bars;

/* Where swells arrive and end. A note that holds no beat or line keeps its own lengths. */
enum { DDSP_SWELLS_FREE = 0, DDSP_SWELLS_ON_BEATS = 1, DDSP_SWELLS_ON_BARS = 2 };

/* A note that starts. */
typedef struct {
    double time_s;        /* of the caller's clock; rises from call to call */
    double velocity;      /* 0..1 */
    double length_s;      /* below 0: nobody knows; it is expected to be as those before it */
    double in_phrase;     /* 0 for the first note of a phrase .. 1 for its last; below 0: unknown */
    int32_t channel;      /* 0..15 */
    int32_t note;         /* key, 0..127 */
    int32_t tied_to;      /* the key from which a legato note goes on; below 0: it is detached */
    int32_t swells;       /* DDSP_SWELLS_* */
    ddsp_bars bars;
} ddsp_struck_note;

typedef struct ddsp_chooser ddsp_chooser;

/* Setup. What is left to chance hangs on the seed, the channel, the key and how often it was
 * struck, so that a note more changes no other's. NULL when out of memory or for an expression
 * that is not good. */
ddsp_chooser *ddsp_chooser_new(const ddsp_expression *expression, uint32_t seed);

/* Setup. NULL is allowed. */
void ddsp_chooser_free(ddsp_chooser *chooser);

/* Audio. What is done with a note. */
void ddsp_chooser_choose(ddsp_chooser *chooser, const ddsp_struck_note *struck,
                         ddsp_note_expression *out);
