#include "player/envelope.h"

#include <math.h>

#define TIME_CONSTANTS 5.0  /* curves are a capacitor's: so many of them count as "there" */
#define DIP_ABOVE 0.35      /* a note struck while more than this sounds dips ... */
#define DIP 0.25            /* ... to this share of it ... */
#define DIP_S 0.005         /* ... for so long */
#define RELEASED 1e-3       /* release takes its time from full level to this */
#define SILENT 1e-4

/* Exponential, and exactly at its end when `part` is 1. */
static double toward(double start, double end, double part)
{
    const double done = expm1(-TIME_CONSTANTS * fmin(part, 1.0)) / expm1(-TIME_CONSTANTS);
    return start + (end - start) * done;
}

static int is_down(const ddsp_envelope *envelope)
{
    return envelope->stage == DDSP_ENVELOPE_ATTACK || envelope->stage == DDSP_ENVELOPE_DECAY;
}

void ddsp_envelope_set(ddsp_envelope *envelope, ddsp_adsr adsr, double time_s)
{
    const ddsp_adsr old = envelope->adsr;
    if (adsr.attack_s != old.attack_s || adsr.decay_s != old.decay_s
        || adsr.sustain != old.sustain || adsr.release_s != old.release_s) {
        envelope->from = ddsp_envelope_level(envelope, time_s);
        envelope->since = fmax(time_s, envelope->since);
    }
    envelope->adsr = adsr;
}

double ddsp_envelope_attack(ddsp_envelope *envelope, double time_s, int legato)
{
    if (legato && is_down(envelope))
        return fmax(time_s, envelope->since);
    envelope->from = ddsp_envelope_level(envelope, time_s);
    envelope->since = time_s;
    envelope->cut_s = 0.0;
    envelope->stage = DDSP_ENVELOPE_ATTACK;
    if (envelope->from > DIP_ABOVE) {
        envelope->from *= DIP;
        envelope->since += DIP_S;
    }
    return envelope->since;
}

void ddsp_envelope_release(ddsp_envelope *envelope, double time_s, double stretch)
{
    if (!is_down(envelope))
        return;
    envelope->from = ddsp_envelope_level(envelope, time_s);
    envelope->stage = DDSP_ENVELOPE_RELEASE;
    envelope->since = time_s;
    envelope->stretch = stretch;
}

void ddsp_envelope_cut(ddsp_envelope *envelope, double time_s, double seconds)
{
    if (envelope->stage == DDSP_ENVELOPE_SILENT)
        return;
    envelope->from = ddsp_envelope_level(envelope, time_s);
    if (envelope->stage == DDSP_ENVELOPE_SILENT)
        return;
    envelope->stage = DDSP_ENVELOPE_RELEASE;
    envelope->since = time_s;
    envelope->cut_s = seconds;
}

double ddsp_envelope_level(ddsp_envelope *envelope, double time_s)
{
    const ddsp_adsr *adsr = &envelope->adsr;
    double t = fmax(0.0, time_s - envelope->since);
    if (envelope->stage == DDSP_ENVELOPE_ATTACK && t >= adsr->attack_s) {
        envelope->since += adsr->attack_s;
        envelope->stage = DDSP_ENVELOPE_DECAY;
        envelope->from = 1.0;
        t -= adsr->attack_s;
    }
    if (envelope->stage == DDSP_ENVELOPE_ATTACK)
        return toward(envelope->from, 1.0, t / adsr->attack_s);
    if (envelope->stage == DDSP_ENVELOPE_DECAY)
        return toward(envelope->from, adsr->sustain, t / adsr->decay_s);
    if (envelope->stage == DDSP_ENVELOPE_RELEASE) {
        /* A straight line in decibels: 60 dB in the release time. */
        const double cut_s = envelope->cut_s, own_s = adsr->release_s * envelope->stretch;
        const double release_s = cut_s > 0.0 && cut_s < own_s ? cut_s : own_s;
        const double level = envelope->from * pow(RELEASED, t / release_s);
        if (level > SILENT)
            return level;
        envelope->stage = DDSP_ENVELOPE_SILENT;
    }
    return 0.0;
}
