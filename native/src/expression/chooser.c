#include "expression/chooser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expression/bars.h"
#include "synthesis/random.h"

#define FULL_TURN 6.283185307179586
#define MOST_DEVIATIONS 2.5     /* of a draw from the mean */
/* While nobody knows how long a note will be: until some were played, and at least and at most. */
#define EXPECTED_S 0.7
#define SHORTEST_S 0.15
#define LONGEST_S 2.5
#define NEWEST 0.3              /* how much each new note counts in what is expected of the next */
#define CHORD_S 0.03            /* notes that are closer together than this are a chord */
#define LONGEST_SWELL_S 4.0     /* no swell or fade takes longer: bows and lungs end */
enum { WIDEST_SLIDE = 12 };     /* semitones */
/* The random numbers of a note: two for each quantity, and these. */
enum { CHANCE_OF_A_SCOOP = 1000, CHANCE_OF_A_SLIDE, CHANCE_OF_ITS_SEED };
#define OF_CHOICES 0x9d2c5680u  /* the seed of a note's choices is not that of the noise */

ddsp_chooser *ddsp_chooser_new(const ddsp_expression *expression, uint32_t seed)
{
    ddsp_chooser *chooser = ddsp_expression_good(expression) ? malloc(sizeof *chooser) : NULL;
    if (chooser)
        ddsp_chooser_begin(chooser, expression, seed);
    return chooser;
}

void ddsp_chooser_free(ddsp_chooser *chooser)
{
    free(chooser);
}

void ddsp_chooser_begin(ddsp_chooser *chooser, const ddsp_expression *expression, uint32_t seed)
{
    chooser->expression = *expression;
    chooser->seed = seed;
    memset(chooser->strokes, 0, sizeof chooser->strokes);
    for (int c = 0; c < DDSP_CHOOSER_CHANNELS; c++) {
        chooser->expected_s[c] = EXPECTED_S;
        chooser->struck_s[c] = -1.0;
    }
}

/* About as long as those before it. */
static double expect(ddsp_chooser *chooser, int channel, double time_s)
{
    const double since_s = time_s - chooser->struck_s[channel];
    double *expected_s = &chooser->expected_s[channel];
    if (chooser->struck_s[channel] >= 0.0 && since_s > CHORD_S)
        *expected_s += NEWEST * (fmin(fmax(since_s, SHORTEST_S), LONGEST_S) - *expected_s);
    chooser->struck_s[channel] = time_s;
    return *expected_s;
}

/* ---- chance ---- */

/* A uniform number within 0..1, neither of both. */
static double uniform(uint64_t keys, uint32_t number)
{
    return (ddsp_random_bits(keys, number) + 0.5) * (1.0 / 4294967296.0);
}

/* G. E. P. Box and M. E. Muller's transform of two uniform numbers. */
static double normal(uint64_t keys, uint32_t number)
{
    const double radius = sqrt(-2.0 * log(uniform(keys, 2 * number)));
    const double x = radius * cos(FULL_TURN * uniform(keys, 2 * number + 1));
    return fmin(fmax(x, -MOST_DEVIATIONS), MOST_DEVIATIONS);
}

static uint64_t keys_of(ddsp_chooser *chooser, int channel, int note)
{
    const uint64_t key = (uint64_t)channel * DDSP_CHOOSER_KEYS + (uint64_t)note;
    const uint64_t count = chooser->strokes[channel][note]++;
    return ddsp_random_keys(chooser->seed ^ OF_CHOICES,
                            count * DDSP_CHOOSER_CHANNELS * DDSP_CHOOSER_KEYS + key);
}

/* ---- choices ---- */

static void draw(const ddsp_chooser *chooser, const ddsp_struck_note *struck, double length_s,
                 uint64_t keys, double *drawn)
{
    const double octaves = (struck->note - chooser->expression.middle_note) / 12.0;
    for (int q = 0; q < DDSP_QUANTITIES; q++) {
        const ddsp_tendency *tendency = &chooser->expression.tendencies[q];
        const ddsp_quantity *quantity = ddsp_quantity_get(q);
        drawn[q] = 0.0;
        if (!tendency->known)
            continue;
        const double value = ddsp_tendency_at(tendency, octaves, struck->velocity, length_s,
                                              normal(keys, (uint32_t)q));
        drawn[q] = fmin(fmax(value, quantity->minimum), quantity->maximum);
    }
}

/* A parabola over the phrase, 0 on average: -2/3 at its ends, 1/3 in its middle. */
static double arch(double in_phrase)
{
    const double x = 2.0 * fmin(in_phrase, 1.0) - 1.0;
    return in_phrase >= 0.0 ? 1.0 / 3.0 - x * x : 0.0;
}

/* Where the pitch of the note begins. */
static void begin_pitch(const ddsp_struck_note *struck, const double *drawn, uint64_t keys,
                        ddsp_note_expression *out)
{
    const int interval = struck->tied_to - struck->note;
    if (struck->tied_to < 0) {
        if (uniform(keys, CHANCE_OF_A_SCOOP) < drawn[DDSP_SCOOP_SHARE]) {
            out->scoop_cents = (float)drawn[DDSP_SCOOP_CENTS];
            out->scoop_s = (float)drawn[DDSP_SCOOP_S];
        }
    } else if (uniform(keys, CHANCE_OF_A_SLIDE) < drawn[DDSP_SLIDE_SHARE]
               && abs(interval) <= WIDEST_SLIDE) {
        out->scoop_cents = 100.0f * (float)interval;
        out->scoop_s = (float)drawn[DDSP_SLIDE_S];
    }
}

static ddsp_struck_note sane(const ddsp_struck_note *struck)
{
    ddsp_struck_note s = *struck;
    s.channel &= DDSP_CHOOSER_CHANNELS - 1;
    s.note &= DDSP_CHOOSER_KEYS - 1;
    s.tied_to = s.tied_to < 0 ? -1 : s.tied_to & (DDSP_CHOOSER_KEYS - 1);
    s.velocity = fmin(fmax(s.velocity, 0.0), 1.0); /* NaN is 0 */
    s.time_s = isfinite(s.time_s) ? s.time_s : 0.0;
    s.in_phrase = isfinite(s.in_phrase) ? s.in_phrase : -1.0;
    s.length_s = isfinite(s.length_s) ? s.length_s : -1.0;
    s.bars = ddsp_bars_sane(&s.bars);
    return s;
}

void ddsp_chooser_choose(ddsp_chooser *chooser, const ddsp_struck_note *struck,
                         ddsp_note_expression *out)
{
    double drawn[DDSP_QUANTITIES];
    const ddsp_struck_note s = sane(struck);
    const uint64_t keys = keys_of(chooser, s.channel, s.note);
    const double length_s =
        s.length_s >= 0.0 ? s.length_s : expect(chooser, s.channel, s.time_s);
    draw(chooser, &s, length_s, keys, drawn);
    const double moved_s = fmin(length_s, LONGEST_SWELL_S);
    double swell_s = drawn[DDSP_SWELL_SHARE] * moved_s, fade_s = moved_s - swell_s;
    ddsp_bars_meet(&s.bars, s.swells, s.time_s, &swell_s, &fade_s);
    *out = (ddsp_note_expression){
        .seed = ddsp_random_bits(keys, CHANCE_OF_ITS_SEED),
        .vibrato_cents = (float)drawn[DDSP_VIBRATO_CENTS],
        .vibrato_db = (float)drawn[DDSP_VIBRATO_DB],
        .vibrato_hz = (float)drawn[DDSP_VIBRATO_HZ],
        .vibrato_delay_s = (float)drawn[DDSP_VIBRATO_DELAY_S],
        .vibrato_rise_s = (float)drawn[DDSP_VIBRATO_RISE_S],
        .vibrato_wander = (float)drawn[DDSP_VIBRATO_WANDER],
        .detune_cents = (float)drawn[DDSP_DETUNE_CENTS],
        .drift_cents = (float)drawn[DDSP_DRIFT_CENTS],
        .accent_db = (float)(drawn[DDSP_ACCENT_DB] + drawn[DDSP_PHRASE_DB] * arch(s.in_phrase)),
        .swell_db = (float)drawn[DDSP_SWELL_DB],
        .swell_s = (float)swell_s,
        .fade_db = (float)drawn[DDSP_FADE_DB],
        .fade_s = (float)fade_s,
        .tremor_db = (float)drawn[DDSP_TREMOR_DB],
        .flicker_db = (float)drawn[DDSP_FLICKER_DB],
        .partials_db = (float)drawn[DDSP_PARTIALS_DB],
        .attack_db = (float)drawn[DDSP_ATTACK_DB],
        .attack_s = (float)drawn[DDSP_ATTACK_S],
        .attack_noise = (float)drawn[DDSP_ATTACK_NOISE],
        .release_stretch = (float)drawn[DDSP_RELEASE_STRETCH],
        .release_cents = (float)drawn[DDSP_RELEASE_CENTS],
        .release_noise = (float)drawn[DDSP_RELEASE_NOISE],
    };
    begin_pitch(&s, drawn, keys, out);
}
