#include "player/motion.h"

#include <math.h>

#include "common/sanitize.h"
#include "common/smooth_noise.h"

#define FULL_TURN 6.283185307179586
#define LONGEST_S 60.0f
#define LARGEST_AMOUNT 4.0f
#define AMOUNT_S 0.02           /* time constant of a change of the amounts */
#define CARRIED_DEPTH_S 0.15    /* a legato note takes over the vibrato, and gives it up in this */
#define CARRIED_DB_S 0.06       /* ... and the level in this */
#define FALL_S 0.12             /* pitch and breath of a release take so long */
#define NOISE_S 0.35            /* the noise of an attack is gone in this share of it ... */
#define LEAST_NOISE_S 0.015     /* ... but not sooner */
#define DRIFT_HZ 1.2            /* rates of what is irregular */
#define WANDER_HZ 1.5
#define TREMOR_HZ 10.0
#define FLICKER_HZ 24.0
#define PARTIALS_HZ 20.0
#define PARTIALS_FROM 4096      /* notes begin at a place of their own below it */
#define WANDER_TURNS 0.12       /* the vibrato's phase strays by so much at wander 1 */
#define WANDER_DEPTH 0.35       /* ... and its depth by this share */
#define PEAK_OF_RMS 1.4142135623730951
/* Each irregular motion has a sequence of its own. */
enum { PHASE_SEED = 0x51ed270b, DEPTH_SEED = 0x2545f491, DRIFT_SEED = 0x6a09e667,
       TREMOR_SEED = 0x3c6ef372, FLICKER_SEED = 0x1f83d9ab };

static double smooth(double part)
{
    const double x = part < 0.0 ? 0.0 : part > 1.0 ? 1.0 : part;
    return x * x * (3.0 - 2.0 * x);
}

/* Share of `length_s` that has passed; all of it where there is no length. */
static double passed(double since_s, double length_s)
{
    if (since_s <= 0.0)
        return 0.0;
    return since_s >= length_s ? 1.0 : since_s / length_s;
}

ddsp_amounts ddsp_amounts_of(const ddsp_synth_settings *settings)
{
    return (ddsp_amounts){
        .vibrato = ddsp_within(settings->vibrato_amount, 0.0f, LARGEST_AMOUNT),
        .pitch = ddsp_within(settings->pitch_amount, 0.0f, LARGEST_AMOUNT),
        .dynamics = ddsp_within(settings->dynamics_amount, 0.0f, LARGEST_AMOUNT),
        .attack = ddsp_within(settings->attack_amount, 0.0f, LARGEST_AMOUNT),
    };
}

static void approach(double *amount, double wanted, double share)
{
    *amount = fabs(wanted - *amount) < 1e-4 ? wanted : *amount + share * (wanted - *amount);
}

void ddsp_amounts_approach(ddsp_amounts *amounts, const ddsp_amounts *wanted, double passed_s)
{
    const double share = -expm1(-passed_s / AMOUNT_S);
    approach(&amounts->vibrato, wanted->vibrato, share);
    approach(&amounts->pitch, wanted->pitch, share);
    approach(&amounts->dynamics, wanted->dynamics, share);
    approach(&amounts->attack, wanted->attack, share);
}

void ddsp_motion_reset(ddsp_motion *motion)
{
    *motion = (ddsp_motion){.released_s = INFINITY};
}

static ddsp_note_expression sane(const ddsp_note_expression *how)
{
    return (ddsp_note_expression){
        .seed = how->seed,
        .vibrato_cents = ddsp_within(how->vibrato_cents, 0.0f, 200.0f),
        .vibrato_db = ddsp_within(how->vibrato_db, 0.0f, 12.0f),
        .vibrato_hz = ddsp_within(how->vibrato_hz, 0.0f, 12.0f),
        .vibrato_delay_s = ddsp_within(how->vibrato_delay_s, 0.0f, LONGEST_S),
        .vibrato_rise_s = ddsp_within(how->vibrato_rise_s, 0.0f, LONGEST_S),
        .vibrato_wander = ddsp_within(how->vibrato_wander, 0.0f, 1.0f),
        .detune_cents = ddsp_within(how->detune_cents, -100.0f, 100.0f),
        .drift_cents = ddsp_within(how->drift_cents, 0.0f, 100.0f),
        .scoop_cents = ddsp_within(how->scoop_cents, -2400.0f, 2400.0f),
        .scoop_s = ddsp_within(how->scoop_s, 0.0f, LONGEST_S),
        .accent_db = ddsp_within(how->accent_db, -24.0f, 24.0f),
        .swell_db = ddsp_within(how->swell_db, -24.0f, 24.0f),
        .swell_s = ddsp_within(how->swell_s, 0.0f, LONGEST_S),
        .fade_db = ddsp_within(how->fade_db, -24.0f, 24.0f),
        .fade_s = ddsp_within(how->fade_s, 0.0f, LONGEST_S),
        .tremor_db = ddsp_within(how->tremor_db, 0.0f, 12.0f),
        .flicker_db = ddsp_within(how->flicker_db, 0.0f, 12.0f),
        .partials_db = ddsp_within(how->partials_db, 0.0f, 6.0f),
        .attack_db = ddsp_within(how->attack_db, 0.0f, 40.0f),
        .attack_s = ddsp_within(how->attack_s, 0.0f, LONGEST_S),
        .attack_noise = ddsp_within(how->attack_noise, 0.0f, 1.0f),
        .release_stretch = ddsp_within(how->release_stretch, 0.0f, 8.0f),
        .release_cents = ddsp_within(how->release_cents, -200.0f, 200.0f),
        .release_noise = ddsp_within(how->release_noise, 0.0f, 1.0f),
    };
}

/* Cents each way; not yet irregular. */
static double depth(const ddsp_motion *motion, double time_s)
{
    const ddsp_note_expression *how = &motion->how;
    const double since = time_s - motion->began_s;
    const double grown = smooth(passed(since - how->vibrato_delay_s, how->vibrato_rise_s));
    double cents = how->vibrato_cents * grown;
    if (motion->carried_depth > 0.0)
        cents = fmax(cents, motion->carried_depth * exp(-fmax(0.0, since) / CARRIED_DEPTH_S));
    return cents;
}

static double phase(const ddsp_motion *motion, double time_s)
{
    return ddsp_turning_phase(&motion->vibrato, time_s);
}

static double noise(const ddsp_motion *motion, uint32_t of, double rate, double time_s)
{
    return ddsp_smooth_noise(motion->how.seed ^ of, rate * (time_s - motion->origin_s));
}

/* The level of bow or breath, dB: the accent, and a swell about it that fades. */
static double arch(const ddsp_note_expression *how, double since)
{
    return how->accent_db + how->swell_db * (smooth(passed(since, how->swell_s)) - 0.5)
           - how->fade_db * smooth(passed(since - how->swell_s, how->fade_s));
}

static double swing(const ddsp_motion *motion, double time_s)
{
    const double stray = WANDER_TURNS * motion->how.vibrato_wander
                         * noise(motion, PHASE_SEED, WANDER_HZ, time_s);
    return sin(FULL_TURN * (phase(motion, time_s) + stray));
}

/* How deep the vibrato is now, of its own depth; at most 2. */
static double strength(const ddsp_motion *motion, double cents, double time_s)
{
    const ddsp_note_expression *how = &motion->how;
    const double stray =
        WANDER_DEPTH * how->vibrato_wander * noise(motion, DEPTH_SEED, WANDER_HZ, time_s);
    const double grown = how->vibrato_cents > 0.0f ? cents / how->vibrato_cents : 0.0;
    return fmin(2.0, grown) * fmax(0.0, 1.0 + stray);
}

static double level_db(const ddsp_motion *motion, const ddsp_amounts *amounts, double time_s,
                       double vibrato)
{
    const ddsp_note_expression *how = &motion->how;
    const double since = time_s - motion->began_s;
    const double rest = 1.0 - passed(since, how->attack_s);
    double db = amounts->dynamics * arch(how, since) + amounts->vibrato * how->vibrato_db * vibrato;
    if (!motion->legato)
        db -= amounts->attack * how->attack_db * rest * rest;
    if (how->tremor_db > 0.0f)
        db += amounts->dynamics * how->tremor_db / PEAK_OF_RMS
              * noise(motion, TREMOR_SEED, TREMOR_HZ, time_s);
    return db + motion->carried_db * exp(-fmax(0.0, since) / CARRIED_DB_S);
}

static double pitch_cents(const ddsp_motion *motion, double time_s)
{
    const ddsp_note_expression *how = &motion->how;
    const double part = passed(time_s - motion->began_s, how->scoop_s), rest = 1.0 - part;
    double cents = how->detune_cents;
    cents += how->scoop_cents * (motion->legato ? 1.0 - smooth(part) : rest * rest * rest);
    if (how->drift_cents > 0.0f)
        cents += how->drift_cents * noise(motion, DRIFT_SEED, DRIFT_HZ, time_s);
    return cents;
}

static double pitched(const ddsp_motion *motion, const ddsp_amounts *amounts, double time_s,
                      double fallen)
{
    const ddsp_note_expression *how = &motion->how;
    double share = amounts->attack * how->release_noise * fallen;
    if (!motion->legato && how->attack_noise > 0.0f) {
        const double length_s = fmax(LEAST_NOISE_S, NOISE_S * how->attack_s);
        share += amounts->attack * how->attack_noise
                 * exp(-fmax(0.0, time_s - motion->began_s) / length_s);
    }
    return 1.0 - fmin(0.95, share);
}

ddsp_moved ddsp_motion_at(const ddsp_motion *motion, const ddsp_amounts *amounts, double time_s)
{
    const ddsp_note_expression *how = &motion->how;
    const double cents = depth(motion, time_s);
    double vibrato = 0.0;
    if (amounts->vibrato > 0.0 && cents > 0.0)
        vibrato = swing(motion, time_s) * strength(motion, cents, time_s);
    double fallen = 0.0;
    if (time_s > motion->released_s)
        fallen = smooth((time_s - motion->released_s) / FALL_S);
    ddsp_moved moved = {
        .cents = amounts->vibrato * how->vibrato_cents * vibrato
                 + amounts->pitch * pitch_cents(motion, time_s)
                 - amounts->attack * how->release_cents * fallen,
        .level_db = level_db(motion, amounts, time_s, vibrato),
        .pitched = pitched(motion, amounts, time_s, fallen),
    };
    if (how->flicker_db > 0.0f)
        moved.brightness_db = amounts->dynamics * how->flicker_db
                              * noise(motion, FLICKER_SEED, FLICKER_HZ, time_s);
    moved.partials_db = fmin(amounts->dynamics * how->partials_db, 9.0);
    moved.partials_at =
        how->seed % PARTIALS_FROM + PARTIALS_HZ * fmax(0.0, time_s - motion->origin_s);
    moved.cents = fmin(fmax(moved.cents, -5000.0), 5000.0);
    moved.level_db = fmin(fmax(moved.level_db, -60.0), 24.0);
    moved.brightness_db = fmin(fmax(moved.brightness_db, -24.0), 24.0);
    return moved;
}

void ddsp_motion_strike(ddsp_motion *motion, const ddsp_note_expression *how,
                        const ddsp_amounts *amounts, const ddsp_tempo *tempo, double time_s,
                        int legato)
{
    const ddsp_note_expression sound = sane(how);
    double cents = 0.0, db = 0.0, origin_s = time_s;
    const uint32_t seed = motion->how.seed;
    ddsp_turning vibrato =
        ddsp_turning_begin(&tempo->beat, tempo->waves, sound.vibrato_hz, time_s);
    if (legato) {
        vibrato.turn = fmod(phase(motion, time_s), 1.0);
        cents = depth(motion, time_s);
        db = ddsp_motion_at(motion, amounts, time_s).level_db;
        origin_s = motion->origin_s;
    }
    *motion = (ddsp_motion){
        .how = sound, .legato = legato, .began_s = time_s, .released_s = INFINITY,
        .origin_s = origin_s, .vibrato = vibrato, .carried_depth = cents,
    };
    if (!legato)
        return;
    motion->how.seed = seed; /* one breath: what is irregular goes on */
    motion->carried_db = db - ddsp_motion_at(motion, amounts, time_s).level_db;
}

void ddsp_motion_follow(ddsp_motion *motion, const ddsp_tempo *tempo, double time_s,
                        double passed_s)
{
    ddsp_turning_follow(&motion->vibrato, &tempo->beat, tempo->waves, motion->how.vibrato_hz,
                        time_s, passed_s);
}

void ddsp_motion_release(ddsp_motion *motion, double time_s)
{
    if (motion->released_s == INFINITY)
        motion->released_s = time_s;
}

double ddsp_motion_stretch(const ddsp_motion *motion, const ddsp_amounts *amounts)
{
    const double stretch = motion->how.release_stretch;
    return stretch > 0.0 ? pow(fmax(stretch, 0.125), fmin(amounts->attack, 2.0)) : 1.0;
}
