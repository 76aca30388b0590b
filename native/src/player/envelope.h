/* Attack, decay, sustain, release: a level 0..1 over time. */
#ifndef DDSP_ENVELOPE_H
#define DDSP_ENVELOPE_H

enum { DDSP_ENVELOPE_SILENT, DDSP_ENVELOPE_ATTACK, DDSP_ENVELOPE_DECAY, DDSP_ENVELOPE_RELEASE };

typedef struct {
    double attack_s, decay_s, sustain, release_s;
} ddsp_adsr;

/* Each segment starts from the level that there is. Whoever asks may look a little ahead; an
 * event may then come before that moment. */
typedef struct {
    ddsp_adsr adsr;
    int stage;
    double since, from;     /* seconds and level where the segment began */
    double stretch;         /* of this note's release: release_s times this; above 0 */
    double cut_s;           /* of a release that is shorter than its own; 0: it is not */
} ddsp_envelope;

/* New times and levels: the segment begins again from the level that there is. */
void ddsp_envelope_set(ddsp_envelope *envelope, ddsp_adsr adsr, double time_s);

/* A note starts; a legato one goes on where the last one is. Returns when it rises, seconds: a
 * loud one that is struck again dips for 5 ms first, else nobody would hear the stroke. */
double ddsp_envelope_attack(ddsp_envelope *envelope, double time_s, int legato);

/* Every key is up; the release takes release_s times `stretch`, above 0. */
void ddsp_envelope_release(ddsp_envelope *envelope, double time_s, double stretch);

/* The voice is wanted elsewhere: 60 dB in so many seconds, also from a release under way. */
void ddsp_envelope_cut(ddsp_envelope *envelope, double time_s, double seconds);

/* At a time not before the last event; moves on to the next segment when due. */
double ddsp_envelope_level(ddsp_envelope *envelope, double time_s);

#endif
