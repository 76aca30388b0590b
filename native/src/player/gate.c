#include "player/gate.h"

#include <math.h>

#define KNEE_DB (-60.0)
#define ATTACK_S 0.005      /* within a hop, so that no attack is lost */
#define HOLD_S 0.06         /* so long below the lower threshold before it closes */
#define RELEASE_S 0.12

double ddsp_gate_knee(double loudness_db)
{
    if (loudness_db < KNEE_DB)
        loudness_db = 2.0 * loudness_db - KNEE_DB;
    return loudness_db > DDSP_SILENCE_DB ? loudness_db : DDSP_SILENCE_DB;
}

void ddsp_gate_set(ddsp_gate *gate, double threshold_db, double hysteresis_db)
{
    gate->threshold = threshold_db;
    gate->lower = threshold_db - hysteresis_db;
    gate->off = threshold_db <= DDSP_SILENCE_DB;
}

void ddsp_gate_reset(ddsp_gate *gate)
{
    gate->open = gate->off;
    gate->below_s = 0.0;
    gate->openness = gate->off ? 1.0 : 0.0;
}

double ddsp_gate_step(ddsp_gate *gate, double loudness_db, double dt_s)
{
    if (gate->off || loudness_db >= gate->threshold) {
        gate->open = 1;
        gate->below_s = 0.0;
    } else if (loudness_db >= gate->lower) {
        gate->below_s = 0.0;
    } else if (gate->open) {
        gate->below_s += dt_s;
        gate->open = gate->below_s < HOLD_S;
    }
    gate->openness = gate->open ? fmin(1.0, gate->openness + dt_s / ATTACK_S)
                                : fmax(0.0, gate->openness - dt_s / RELEASE_S);
    return DDSP_SILENCE_DB * (1.0 - gate->openness);
}
