#include "player/note_voice.h"

#include <math.h>

/* A voice is shown so much silence before it rests, for the model to forget the note. */
#define SETTLE_S 2.0
#define HANDS_SEMITONES 0.25    /* bent by so much, or louder or softer by so much, hands ... */
#define HANDS_DB 3.0            /* ... play the whole expression */
#define HANDS_COME_S 0.03
#define HANDS_GO_S 1.5

void ddsp_note_voice_reset(ddsp_note_voice *voice, ddsp_adsr adsr)
{
    *voice = (ddsp_note_voice){
        .serial = voice->serial,
        .envelope = {.adsr = adsr, .stretch = 1.0},
        .due_s = INFINITY,
        .rise_s = -1.0,
        .last_s = -1.0,
        .from = 69.0,
        .to = 69.0,
        .quiet_s = -INFINITY,
        .loudness_db = -INFINITY,
    };
    ddsp_motion_reset(&voice->motion);
}

void ddsp_note_voice_strike(ddsp_note_voice *voice, const ddsp_note *note, double from,
                            const ddsp_amounts *amounts, const ddsp_tempo *tempo, double time_s,
                            int legato)
{
    const int tied = legato && ddsp_note_voice_sounds(voice);
    ddsp_motion_strike(&voice->motion, &note->expression, amounts, tempo, time_s, tied);
    if (!tied)
        voice->bent = voice->pressed = 0.0;
    voice->note = *note;
    voice->struck = 1;
    voice->from = from;
    voice->to = note->pitch;
    voice->glide_at = time_s;
    voice->glide_s = note->glide_s;
    voice->rise_s = ddsp_envelope_attack(&voice->envelope, time_s, legato);
    voice->due_s = time_s;
}

void ddsp_note_voice_release(ddsp_note_voice *voice, const ddsp_amounts *amounts, double time_s)
{
    ddsp_motion_release(&voice->motion, time_s);
    ddsp_envelope_release(&voice->envelope, time_s, ddsp_motion_stretch(&voice->motion, amounts));
}

/* What `now` does, followed fast up and slowly down: hands stay a while after they have moved. */
static double followed(double before, double now, double passed_s)
{
    const double time_s = now > before ? HANDS_COME_S : HANDS_GO_S;
    return before + (fmin(now, 1.0) - before) * -expm1(-passed_s / time_s);
}

void ddsp_note_voice_follow_hands(ddsp_note_voice *voice, double bend, double level_db,
                                  double passed_s)
{
    const double bent = fabs(bend - voice->struck_bend) / HANDS_SEMITONES;
    const double pressed = fabs(level_db - voice->struck_db) / HANDS_DB;
    voice->bent = followed(voice->bent, bent, passed_s);
    voice->pressed = followed(voice->pressed, pressed, passed_s);
}

void ddsp_note_voice_stop(ddsp_note_voice *voice, double time_s)
{
    if (!ddsp_note_voice_sounds(voice))
        return;
    voice->envelope.stage = DDSP_ENVELOPE_SILENT;
    voice->envelope.from = 0.0;
    voice->due_s = time_s;
}

void ddsp_note_voice_tune(ddsp_note_voice *voice, double pitch, double glide_s, double time_s)
{
    const double left_s = voice->glide_at + voice->glide_s - time_s;
    voice->from = ddsp_note_voice_pitch(voice, time_s);
    voice->to = pitch;
    voice->glide_at = time_s;
    voice->glide_s = fmax(glide_s, left_s);
}

double ddsp_note_voice_pitch(const ddsp_note_voice *voice, double time_s)
{
    const double done = time_s - voice->glide_at;
    if (done >= voice->glide_s || voice->glide_s <= 0.0)
        return voice->to;
    return voice->from + (voice->to - voice->from) * fmax(0.0, done) / voice->glide_s;
}

double ddsp_note_voice_level(ddsp_note_voice *voice, double time_s)
{
    const double level = ddsp_envelope_level(&voice->envelope, time_s);
    if (level > 0.0)
        voice->quiet_s = INFINITY;
    else if (voice->quiet_s == INFINITY)
        voice->quiet_s = time_s;
    return level;
}

int ddsp_note_voice_rests(const ddsp_note_voice *voice, double time_s)
{
    return !ddsp_note_voice_sounds(voice) && time_s - voice->quiet_s > SETTLE_S
           && voice->due_s == INFINITY;
}

double ddsp_note_voice_due(const ddsp_note_voice *voice)
{
    if (voice->due_s < INFINITY)
        return voice->due_s;
    return voice->rise_s > voice->last_s ? voice->rise_s : INFINITY;
}

void ddsp_note_voice_take_due(ddsp_note_voice *voice)
{
    voice->last_s = ddsp_note_voice_due(voice);
    voice->due_s = INFINITY;
}

int ddsp_note_voice_skips(const ddsp_note_voice *voice, double time_s)
{
    return time_s < fmax(voice->rise_s, voice->last_s + DDSP_CLOSE_S)
           || ddsp_note_voice_due(voice) <= time_s;
}
