/* Pitch: peaks of the normalised square difference, and a tracker that prefers
 * continuity.
 *
 * A period is judged by what it leaves unexplained, in proportion (its logarithm): in a
 * clean tone half a period that explains 95 % is wrong where the whole explains 99.9 %,
 * in a noisy one the same difference is chance. A longer period costs a little (every
 * multiple of a period is a period too), a leap from the last pitch costs something: one
 * forward step of a Viterbi search without look-ahead.
 *
 * After an onset only the new sound is compared, and only periods of which enough has
 * been heard.
 */
#include "analysis/pitch.h"

#include <math.h>
#include <string.h>

#define LOWEST_HZ 40.0
#define HIGHEST_HZ 2000.0
#define SMALLEST_PEAK 0.3f     /* of a candidate */
#define UNEXPLAINED 0.02f      /* what is left in the cleanest of tones */
#define OCTAVE_COST 0.65f      /* of each octave below HIGHEST_HZ */
#define LEAP_COST 1.0f         /* of an octave's leap or more */
#define LARGEST_COST 2.0f      /* the past never outweighs clear evidence */
#define HEARD_HIGH 1.4f        /* periods since the onset, before one is confirmed */
#define HEARD_LOW 1.75f        /* ... of a low note */
#define HIGH_S 0.0046          /* periods up to this are those of high notes */
#define ENOUGH_S 0.003         /* or a period, to be compared until its likeness counts in full */
#define YOUNG_S 0.05           /* a sound since whose onset no more has passed */
#define SHORT_S 0.0014         /* a period of which three fit in what is compared */
#define LOUD_POWER 3e-5f       /* -45 dB: a note that has begun */
#define FADED 0.03f            /* of the window's power: the sound it holds has ended */
#define SMALLEST_POWER 1e-7f   /* of a pitched sound: -70 dB */
#define QUIET_POWER 3e-6f      /* -55 dB: below it the room is heard, and more likeness asked for */
#define QUIET_COST 0.025f       /* of confidence, for each dB below */
#define REACH (DDSP_PITCH_TAPS / 2 + 2) /* samples around a peak that tell where it is */
#define FAR_S 0.0025           /* within which some periods of a high note are compared */

/* Lagrange's polynomial through the TAPS values around: exact where the similarity is
 * smooth (low, dark tones), good to 0.3 of the sample rate (bright ones). */
static void make_taps(ddsp_pitch *pitch)
{
    for (int phase = 0; phase <= DDSP_PITCH_PHASES; phase++) {
        const double x = DDSP_PITCH_TAPS / 2 - 1 + (double)phase / DDSP_PITCH_PHASES;
        for (int i = 0; i < DDSP_PITCH_TAPS; i++) {
            double tap = 1.0;
            for (int j = 0; j < DDSP_PITCH_TAPS; j++)
                if (j != i)
                    tap *= (x - j) / (i - j);
            pitch->taps[phase][i] = (float)tap;
        }
    }
}

int ddsp_pitch_prepare(ddsp_pitch *pitch, double rate)
{
    pitch->rate = rate;
    pitch->min_lag = (int)floor(rate / HIGHEST_HZ);
    pitch->min_lag = pitch->min_lag < 2 ? 2 : pitch->min_lag;
    make_taps(pitch);
    pitch->max_lag = (int)ceil(rate / LOWEST_HZ);
    return ddsp_correlogram_prepare(&pitch->correlogram, rate, pitch->max_lag + REACH);
}

void ddsp_pitch_free(ddsp_pitch *pitch)
{
    ddsp_correlogram_free(&pitch->correlogram);
}

/* The next period is a new sound's first. */
static void forget(ddsp_pitch *pitch)
{
    pitch->n_track = 0;
    ddsp_pitch_confirm_reset(&pitch->confirm);
}

void ddsp_pitch_reset(ddsp_pitch *pitch)
{
    ddsp_correlogram_reset(&pitch->correlogram);
    ddsp_onset_reset(&pitch->onset);
    forget(pitch);
}

void ddsp_pitch_hear(ddsp_pitch *pitch, float sample)
{
    ddsp_correlogram_hear(&pitch->correlogram, sample);
    if (ddsp_onset_hear(&pitch->onset, &pitch->correlogram))
        forget(pitch);
}

/* Vertex of the parabola through three equally spaced values; offset in -1..1. */
static float vertex(float before, float at, float after, float *height)
{
    const float curve = before - 2.0f * at + after;
    float offset = curve < 0.0f ? 0.5f * (before - after) / curve : 0.0f;
    offset = offset < -1.0f ? -1.0f : offset > 1.0f ? 1.0f : offset;
    *height = at - 0.25f * (before - after) * offset;
    return offset;
}

static float between(const ddsp_pitch *pitch, const float *s, int sixteenths)
{
    const float *at = s + sixteenths / DDSP_PITCH_PHASES - (DDSP_PITCH_TAPS / 2 - 1);
    const float *taps = pitch->taps[sixteenths % DDSP_PITCH_PHASES];
    float sum = 0.0f;
    for (int i = 0; i < DDSP_PITCH_TAPS; i++)
        sum += taps[i] * at[i];
    return sum;
}

/* The top of the peak around sample `at` of the similarity. */
static float peak_near(const ddsp_pitch *pitch, int at, float *height)
{
    const float *s = pitch->correlogram.similarity;
    const float near = (float)at + vertex(s[at - 1], s[at], s[at + 1], height);
    int i = (int)lroundf(near * DDSP_PITCH_PHASES);
    float here = between(pitch, s, i), before = between(pitch, s, i - 1);
    float after = between(pitch, s, i + 1);
    for (int step = 0; step < 4 && (before > here || after > here); step++) {
        if (before > after) {
            i--, after = here, here = before, before = between(pitch, s, i - 1);
        } else {
            i++, before = here, here = after, after = between(pitch, s, i + 1);
        }
    }
    const float top = (float)i + vertex(before, here, after, height);
    return top / DDSP_PITCH_PHASES;
}

/* What a period costs by itself. */
static float own_cost(const ddsp_pitch *pitch, const ddsp_pitch_candidate *c)
{
    return logf(1.0f - c->height + UNEXPLAINED)
           + OCTAVE_COST * (c->octave - log2f((float)(pitch->rate / HIGHEST_HZ)));
}

/* Peaks of the similarity, the DDSP_PITCH_CANDIDATES cheapest of them. */
static int find_candidates(const ddsp_pitch *pitch, int longest, ddsp_pitch_candidate *found)
{
    const float *s = pitch->correlogram.similarity;
    int n = 0;
    int lag = pitch->min_lag;
    /* The slope down from lag 0 is similarity with itself, not a period. */
    while (lag <= longest && s[lag] > 0.0f && s[lag] <= s[lag - 1])
        lag++;
    for (; lag <= longest; lag++) {
        if (s[lag] < SMALLEST_PEAK || s[lag] < s[lag - 1] || s[lag] <= s[lag + 1])
            continue;
        ddsp_pitch_candidate new = {0};
        new.lag = peak_near(pitch, lag, &new.height);
        new.octave = log2f(new.lag);
        if (new.height > 1.0f)
            new.height = 1.0f;
        new.cost = own_cost(pitch, &new);
        int place = n;
        if (n < DDSP_PITCH_CANDIDATES) {
            n++;
        } else {
            place = 0;
            for (int i = 1; i < n; i++)
                if (found[i].cost > found[place].cost)
                    place = i;
            if (found[place].cost <= new.cost)
                continue;
        }
        found[place] = new;
    }
    return n;
}

/* One forward step of the search; returns the likeliest candidate. */
static int follow(ddsp_pitch *pitch, ddsp_pitch_candidate *found, int n)
{
    int best = 0;
    for (int i = 0; i < n; i++) {
        float past = LARGEST_COST;
        for (int j = 0; j < pitch->n_track; j++) {
            float leap = fabsf(found[i].octave - pitch->track[j].octave);
            leap = leap > 1.0f ? 1.0f : leap;
            const float cost = pitch->track[j].cost + LEAP_COST * leap;
            past = cost < past ? cost : past;
        }
        if (pitch->n_track == 0)
            past = 0.0f;
        found[i].cost += past;
        if (found[i].cost < found[best].cost)
            best = i;
    }
    const float least = found[best].cost;
    for (int i = 0; i < n; i++) {
        found[i].cost -= least;
        pitch->track[i] = found[i];
    }
    pitch->n_track = n;
    return best;
}

/* Mean square of the last moment. */
static float power_now(const ddsp_correlogram *c)
{
    const int recent = ddsp_correlogram_window(c, 0.0f);
    return ddsp_correlogram_energy(c, recent, 0) / (float)recent;
}

/* Whether a long window hears only a sound that has stopped: its periods are those
 * of the end itself and of what rings after it, often octaves below. */
static int has_ended(const ddsp_correlogram *c, float lag)
{
    const int whole = ddsp_correlogram_window(c, lag);
    const float power = power_now(c);
    return power < SMALLEST_POWER
           || power < FADED * ddsp_correlogram_energy(c, whole, 0) / (float)whole;
}

/* The period of a high note, from the peak some periods away: there it is told more
 * exactly, and a resonance that noise excites has died away. Lowers *height to that of
 * the peak. */
static float refine(const ddsp_pitch *pitch, float lag, int longest, float *height)
{
    const float *s = pitch->correlogram.similarity;
    const float reach = fminf((float)(FAR_S * pitch->rate), (float)longest);
    const float periods = floorf(reach / lag);
    if (periods <= 1.0f)
        return lag;
    int at = (int)lroundf(periods * lag);
    at += s[at + 1] > s[at] ? 1 : s[at - 1] > s[at] ? -1 : 0;
    float far_height;
    const float far_lag = peak_near(pitch, at, &far_height);
    *height = fminf(*height, far_height);
    return far_lag / periods;
}

/* The longest lag to believe in: of a low note more periods are asked for, because the
 * first of them so often holds something like a shorter one (a fifth above). */
static int longest_heard(const ddsp_pitch *pitch)
{
    const float since = (float)pitch->onset.since, high = (float)(HIGH_S * pitch->rate);
    float lag = since / HEARD_HIGH;
    if (lag > high)
        lag = fmaxf(since / HEARD_LOW, (since + high) / (HEARD_HIGH + 1.0f));
    return lag < (float)pitch->max_lag ? (int)lag : pitch->max_lag;
}

/* Confidence in a period: its likeness, and less where little of it was compared yet. */
static float doubted(const ddsp_pitch *pitch, float lag, float height)
{
    const float enough = fmaxf(lag, (float)(ENOUGH_S * pitch->rate));
    const float compared = (float)pitch->onset.since - lag;
    return compared < enough ? 1.0f - (1.0f - height) * enough / compared : height;
}

/* What confidence loses in a quiet sound: there hum and breath look like a period for a
 * moment, while what is left of a string is as like itself as ever. */
static float quiet_cost(float power)
{
    return power < QUIET_POWER ? QUIET_COST * 10.0f * log10f(QUIET_POWER / power) : 0.0f;
}

static int is_young(const ddsp_pitch *pitch)
{
    return pitch->onset.since < (int64_t)(YOUNG_S * pitch->rate);
}

/* Of a high note that has begun some periods were compared already. */
static ddsp_beginning beginning(const ddsp_pitch *pitch, float lag, float power)
{
    const int short_and_loud = lag < (float)(SHORT_S * pitch->rate) && power > LOUD_POWER;
    return !is_young(pitch) ? DDSP_SLOW : short_and_loud ? DDSP_SHORT : DDSP_SUDDEN;
}

float ddsp_pitch_estimate(ddsp_pitch *pitch, float *confidence)
{
    ddsp_pitch_candidate found[DDSP_PITCH_CANDIDATES];
    ddsp_correlogram *c = &pitch->correlogram;
    *confidence = 0.0f;
    const int longest = longest_heard(pitch);
    ddsp_correlogram_compare(c, longest + REACH, pitch->onset.since);
    const int n = find_candidates(pitch, longest, found);
    if (n == 0) {
        forget(pitch);
        return 0.0f;
    }
    if (!pitch->confirm.known)
        pitch->n_track = 0; /* the past has no say in what it did not know */
    const int best = follow(pitch, found, n);
    if (has_ended(c, found[best].lag)) {
        forget(pitch);
        return 0.0f;
    }
    float height = found[best].height;
    const float lag = refine(pitch, found[best].lag, longest, &height);
    const float power = power_now(c);
    const float sure = fmaxf(doubted(pitch, lag, height) - quiet_cost(power), 0.0f);
    *confidence = ddsp_pitch_confirm_look(&pitch->confirm, beginning(pitch, lag, power), log2f(lag), sure);
    return lag / (float)pitch->rate;
}

int ddsp_pitch_seeks(const ddsp_pitch *pitch)
{
    return !pitch->confirm.known && is_young(pitch) && pitch->correlogram.filled == 0;
}
