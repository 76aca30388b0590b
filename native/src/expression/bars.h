/* Beats and bar lines, and swells that meet them. */
#ifndef DDSP_BARS_H
#define DDSP_BARS_H

#include "ddsp_kernel.h"

/* What a message or a file says of them; values that are not finite or out of range: none. */
ddsp_bars ddsp_bars_sane(const ddsp_bars *bars);

/* Audio. Lengths of a swell and a fade that arrive and end on a beat or a bar line, of a note that
 * starts at time_s; unchanged where no line lies within the note. `bars` are sane. */
void ddsp_bars_meet(const ddsp_bars *bars, int swells, double time_s, double *swell_s,
                    double *fade_s);

#endif
