#include <math.h>

#include "ddsp_kernel.h"

#define USUAL_LENGTH_S 0.7
#define USUAL_VELOCITY 0.7
#define SHORTEST_S 0.05
#define LONGEST_S 8.0
#define MOST_OCTAVES 3.0        /* from the middle of the range */
#define LARGEST 2.0             /* of the range's own size */

#define QUANTITY(number, name, unit, minimum, maximum, meaning) \
    [number] = {name, unit, meaning, minimum, maximum, LARGEST * ((maximum) - (minimum))}

static const ddsp_quantity quantities[DDSP_QUANTITIES] = {
    QUANTITY(DDSP_VIBRATO_CENTS, "vibrato_cents", "cents", 0.0, 100.0,
             "depth of the vibrato each way"),
    QUANTITY(DDSP_VIBRATO_DB, "vibrato_db", "dB", 0.0, 6.0,
             "motion of the level with the vibrato, each way"),
    QUANTITY(DDSP_VIBRATO_HZ, "vibrato_hz", "Hz", 2.5, 9.0, "rate of the vibrato"),
    QUANTITY(DDSP_VIBRATO_DELAY_S, "vibrato_delay_s", "s", 0.0, 2.0,
             "from the start of a note to that of its vibrato"),
    QUANTITY(DDSP_VIBRATO_RISE_S, "vibrato_rise_s", "s", 0.02, 2.0,
             "for so long the vibrato grows"),
    QUANTITY(DDSP_VIBRATO_WANDER, "vibrato_wander", "", 0.0, 1.0,
             "irregularity of the vibrato's rate and depth"),
    QUANTITY(DDSP_DETUNE_CENTS, "detune_cents", "cents", -30.0, 30.0,
             "intonation, for the whole note"),
    QUANTITY(DDSP_DRIFT_CENTS, "drift_cents", "cents", 0.0, 20.0,
             "slow motion of the pitch, root mean square"),
    QUANTITY(DDSP_SCOOP_SHARE, "scoop_share", "", 0.0, 1.0,
             "share of detached notes that begin off their pitch"),
    QUANTITY(DDSP_SCOOP_CENTS, "scoop_cents", "cents", -150.0, 150.0, "where these begin"),
    QUANTITY(DDSP_SCOOP_S, "scoop_s", "s", 0.01, 0.5, "when they arrive"),
    QUANTITY(DDSP_SLIDE_SHARE, "slide_share", "", 0.0, 1.0,
             "share of legato notes that slide from the one before"),
    QUANTITY(DDSP_SLIDE_S, "slide_s", "s", 0.01, 0.4, "when these arrive"),
    QUANTITY(DDSP_ACCENT_DB, "accent_db", "dB", -9.0, 9.0,
             "level against other notes of the same stroke"),
    QUANTITY(DDSP_PHRASE_DB, "phrase_db", "dB", 0.0, 12.0,
             "a phrase's middle against its first and last note"),
    QUANTITY(DDSP_SWELL_DB, "swell_db", "dB", -9.0, 12.0, "rise of the level within a note"),
    QUANTITY(DDSP_SWELL_SHARE, "swell_share", "", 0.02, 0.98, "the part of the note that rises"),
    QUANTITY(DDSP_FADE_DB, "fade_db", "dB", -9.0, 18.0,
             "fall of the level from then to the note's end"),
    QUANTITY(DDSP_TREMOR_DB, "tremor_db", "dB", 0.0, 6.0,
             "irregular motion of the level, 2 to 9 Hz"),
    QUANTITY(DDSP_FLICKER_DB, "flicker_db", "dB", 0.0, 9.0,
             "irregular motion of the timbre, in dB of loudness"),
    QUANTITY(DDSP_PARTIALS_DB, "partials_db", "dB", 0.0, 6.0,
             "irregular motion of single harmonics, root mean square"),
    QUANTITY(DDSP_ATTACK_DB, "attack_db", "dB", 0.0, 36.0,
             "a detached note begins so far below its level"),
    QUANTITY(DDSP_ATTACK_S, "attack_s", "s", 0.002, 1.0, "and arrives then"),
    QUANTITY(DDSP_ATTACK_NOISE, "attack_noise", "", 0.0, 0.9,
             "part of the tone that is noise as it begins"),
    QUANTITY(DDSP_RELEASE_STRETCH, "release_stretch", "", 0.25, 4.0,
             "length of the release against the setting's"),
    QUANTITY(DDSP_RELEASE_CENTS, "release_cents", "cents", -60.0, 60.0,
             "fall of the pitch as the note dies away"),
    QUANTITY(DDSP_RELEASE_NOISE, "release_noise", "", 0.0, 0.9,
             "part of the tone that is noise as it dies away"),
};

const ddsp_quantity *ddsp_quantity_get(int32_t number)
{
    return number >= 0 && number < DDSP_QUANTITIES ? &quantities[number] : NULL;
}

static int within(double x, double low, double high)
{
    return x >= low && x <= high; /* not NaN */
}

int ddsp_tendency_good(int32_t quantity, const ddsp_tendency *tendency)
{
    const ddsp_quantity *q = ddsp_quantity_get(quantity);
    return q && within(tendency->mean, q->minimum, q->maximum)
           && within(tendency->deviation, 0.0, q->largest)
           && within(tendency->pitch, -q->largest, q->largest)
           && within(tendency->velocity, -q->largest, q->largest)
           && within(tendency->length, -q->largest, q->largest);
}

double ddsp_tendency_at(const ddsp_tendency *tendency, double octaves, double velocity,
                        double length_s, double chance)
{
    const double doublings = log2(fmin(fmax(length_s, SHORTEST_S), LONGEST_S) / USUAL_LENGTH_S);
    return tendency->mean + tendency->pitch * fmin(fmax(octaves, -MOST_OCTAVES), MOST_OCTAVES)
           + tendency->velocity * (velocity - USUAL_VELOCITY) + tendency->length * doublings
           + tendency->deviation * chance;
}

int ddsp_expression_good(const ddsp_expression *expression)
{
    if (!within(expression->middle_note, -128.0, 256.0))
        return 0;
    for (int q = 0; q < DDSP_QUANTITIES; q++)
        if (expression->tendencies[q].known
            && !ddsp_tendency_good(q, &expression->tendencies[q]))
            return 0;
    return 1;
}
